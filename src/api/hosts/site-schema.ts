import Type from 'typebox';
import type { SiteView } from '../../db/hosts/sites.ts';
import { MOST_SITE_JOBS } from '../../domain/jobs/lock.ts';
import { publicId } from '../../lib/ids.ts';
import { Cap, Closed, Id, Nullable, PAGE_QUERY, Time, Version } from '../core/common-schema.ts';

const MAX_JOBS = 'How many jobs of its hosts run at once. Null: no cap.';

export const Site = Type.Object(
  {
    id: Id('site'),
    name: Type.String(),
    maxJobs: Nullable(Type.Integer({ description: MAX_JOBS })),
    version: Version,
    createdAt: Time,
  },
  { title: 'Site' },
);

export const ChangedSite = Closed({ maxJobs: Cap(MOST_SITE_JOBS, MAX_JOBS) });

export const SiteQuery = Closed({
  ...PAGE_QUERY,
  name: Type.Optional(Type.String({ maxLength: 255, description: 'Exactly this name.' })),
});

export function presentSite(site: SiteView): Type.Static<typeof Site> {
  return { ...site, id: publicId('site', site.id) };
}
