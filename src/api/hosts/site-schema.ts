import Type from 'typebox';
import { SITES } from '../../db/hosts/sites.ts';
import { MOST_SITE_JOBS } from '../../domain/jobs/lock.ts';
import { Cap, Closed, Id, Name, Nullable, Time, Version } from '../core/common-schema.ts';
import { byName, defineNoun } from '../core/noun.ts';

const MAX_JOBS = 'How many jobs of its hosts run at once. Null: no cap.';

export const SITE = defineNoun({
  noun: 'site',
  path: '/sites',
  rows: SITES,
  permission: 'site:read',
  summaries: { list: 'Sites, newest first', show: 'One site' },
  filters: { name: byName },
  shape: Type.Object(
    {
      id: Id('site'),
      name: Type.String(),
      maxJobs: Nullable(Type.Integer({ description: MAX_JOBS })),
      version: Version,
      createdAt: Time,
    },
    { title: 'Site' },
  ),
  computed: {},
});

const MaxJobs = Type.Optional(Cap(MOST_SITE_JOBS, MAX_JOBS));

export const NewSite = Closed({ name: Name, maxJobs: MaxJobs });
export const ChangedSite = Closed({ name: Type.Optional(Name), maxJobs: MaxJobs }, { minProperties: 1 });
