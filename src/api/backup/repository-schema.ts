import Type from 'typebox';
import { REPOSITORIES } from '../../db/backup/repositories.ts';
import { MOST_REPOSITORY_JOBS, REPOSITORY_SLOTS } from '../../domain/jobs/lock.ts';
import { Cap, Closed, Id, Name, Nullable, Time, Version } from '../core/common-schema.ts';
import { byName, defineNoun } from '../core/noun.ts';

const MAX_JOBS = `How many jobs run against it at once. Null: no cap of its own, so ${REPOSITORY_SLOTS} as for every other.`;

const FIELDS = {
  id: Id('repository'),
  name: Type.String(),
  backend: Type.String(),
  url: Type.String(),
  hasPassword: Type.Boolean(),
  state: Type.String({
    description:
      'What was last learned of it: unknown, uninitialised, missing (it was ready before and is not found any more), ready, locked, wrong-password, unreachable, damaged.',
  }),
  stateAt: Nullable(Time),
  readyAt: Nullable({ ...Time, description: 'When a job last found it in order; null: never.' }),
  snapshotsKnown: Type.Integer({ description: 'How many snapshots jobs made in it.' }),
  resticId: Nullable(
    Type.String({ description: "restic's own id of it. A job that finds another one at the address writes nothing." }),
  ),
  maxJobs: Nullable(Type.Integer({ description: MAX_JOBS })),
  version: Version,
  createdAt: Time,
};

export const REPOSITORY = defineNoun({
  noun: 'repository',
  path: '/repositories',
  rows: REPOSITORIES,
  permission: 'repository:read',
  summaries: { list: 'Repositories, newest first', show: 'One repository' },
  filters: { name: byName },
  shape: Type.Object(FIELDS, { title: 'Repository' }),
  computed: {},
});

export const CreatedRepository = Type.Object(
  {
    ...FIELDS,
    password: Nullable(
      Type.String({
        description:
          'The password that was made for it, shown this once. Null when you gave one, or repeated a request.',
      }),
    ),
    passwordNote: Nullable(
      Type.String({
        description:
          'For a repeated request: that the password was shown by the first answer only, and what to do without it.',
      }),
    ),
  },
  { title: 'CreatedRepository' },
);

const MaxJobs = Cap(MOST_REPOSITORY_JOBS, MAX_JOBS);

const Password = Type.String({
  minLength: 1,
  maxLength: 4_096,
  description:
    'Used byte for byte, kept sealed and never shown again. Any length, because repositories that were made elsewhere have it; no line break and no NUL.',
});

const Address = Type.String({
  minLength: 1,
  maxLength: 2000,
  description: 'An absolute path, rest:https://..., sftp:user@host:/path or s3:https://host/bucket. Holds no password.',
});

export const NewRepository = Closed({
  name: Name,
  url: Address,
  password: Type.Optional(Password),
  maxJobs: Type.Optional(MaxJobs),
});

export const ChangedRepository = Closed({ maxJobs: MaxJobs });

export const NewCredentials = Closed({ password: Password });

export const NewAddress = Closed({ url: Address });
