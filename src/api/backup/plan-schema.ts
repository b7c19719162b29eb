import Type from 'typebox';
import { PLANS } from '../../db/backup/plans.ts';
import { planAllowed, planNextAction } from '../../domain/jobs/allowed.ts';
import { Allowed, Closed, Id, Name, Time, Version } from '../core/common-schema.ts';
import { byName, defineNoun } from '../core/noun.ts';

export const PLAN = defineNoun({
  noun: 'plan',
  path: '/plans',
  rows: PLANS,
  permission: 'plan:read',
  summaries: { list: 'Plans, newest first', show: 'One plan' },
  filters: {
    hostId: { schema: Type.Optional(Id('host')), equals: 'host.id' },
    repositoryId: { schema: Type.Optional(Id('repository')), equals: 'repository.id' },
    name: byName,
  },
  shape: Type.Object(
    {
      id: Id('plan'),
      name: Type.String(),
      host: Type.Object({ id: Id('host'), name: Type.String() }),
      repository: Type.Object({ id: Id('repository'), name: Type.String() }),
      paths: Type.Array(Type.String()),
      excludes: Type.Array(Type.String()),
      allowed: Allowed,
      nextAction: Type.Enum(['initialise', 'mend-repository', 'backup']),
      version: Version,
      createdAt: Time,
    },
    { title: 'Plan' },
  ),
  computed: {
    allowed: ({ host }, can) => planAllowed(host.site.id, can),
    nextAction: ({ repository: { state, readyAt } }) => planNextAction({ state, wasReady: readyAt != null }),
  },
});

const Paths = Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
  minItems: 1,
  maxItems: 100,
  description:
    'Absolute paths on the host, without line breaks and "..", each at most 4095 bytes; 512 KiB together with the excludes.',
});
const Excludes = Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
  maxItems: 200,
  description:
    'Patterns as restic takes them; the last that fits counts, "!" in front takes back. What restic would never match ("~/x", "$HOME/x", "./x", a blank at an end) or cannot read ("[") is refused.',
});

export const NewPlan = Closed({
  name: Name,
  hostId: Id('host'),
  repositoryId: Id('repository'),
  paths: Paths,
  excludes: Type.Optional(Excludes),
});

export const ChangedPlan = Closed(
  { name: Type.Optional(Name), paths: Type.Optional(Paths), excludes: Type.Optional(Excludes) },
  { minProperties: 1, description: 'What is left out stays as it is; a list replaces the one before.' },
);
