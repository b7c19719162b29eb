import { sql } from 'kysely';
import type { HostFact } from '../../domain/jobs/facts.ts';
import { HOST } from '../../kinds/hosts/host.ts';
import { tableOf } from '../core/subject-table.ts';

interface Row {
  id: string;
  site_id: string;
  site_max_jobs: number | null;
  name: string;
  present: boolean;
  activities: string[];
  epoch: number;
}

export const hostSubject = tableOf<Row, HostFact>(HOST, {
  table: 'host',
  more: (orgId) =>
    sql`jsonb_build_object('site_max_jobs', (select max_jobs from site where org_id = ${orgId} and id = host.site_id))`,
  factOf: (row) => ({
    id: row.id,
    siteId: row.site_id,
    siteMaxJobs: row.site_max_jobs,
    name: row.name,
    online: row.present,
    activities: row.activities,
    epoch: row.epoch,
  }),
});
