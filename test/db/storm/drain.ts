import { lockOrganization } from '../../../src/db/core/lock-organization.ts';
import { changePresence } from '../../../src/db/jobs/grant.ts';
import { beginRun } from '../../../src/db/jobs/run/begin-run.ts';
import { finishRun } from '../../../src/db/jobs/run/finish-run.ts';
import type { Bench } from '../../harness/bench.ts';
import { violations } from './witness.ts';

const ENDING = { how: 'answered', outcome: { code: 'succeeded', counts: {}, refs: {} } } as const;

/** Brings every host back and ends every job, as their runs would; answers what was wrong on the way. */
export async function drain({ org, owner, worker }: Pick<Bench, 'org' | 'owner' | 'worker'>): Promise<string[]> {
  for (const { id } of (await owner.query('select id from host where org_id = $1', [org])).rows)
    await worker.inOrganization(org, async (tx) => {
      await lockOrganization(tx);
      await changePresence(tx, id, true);
    });
  const found: string[] = [];
  for (;;) {
    const open = await owner.query(
      `select id, run_no from job where org_id = $1 and state in ('queued', 'running', 'cancelling') limit 50`,
      [org],
    );
    if (open.rows.length === 0) return found;
    for (const { id, run_no } of open.rows) {
      const input = { orgId: org, jobId: id, runNo: run_no };
      const run = `run-${id}-${run_no}`;
      await worker.inOrganization(org, (tx) => beginRun(tx, input, run));
      await worker.inOrganization(org, (tx) => finishRun(tx, input, run, ENDING, 1));
    }
    found.push(...(await violations(owner, org)).map(({ what, detail }) => `draining, ${what}: ${detail}`));
  }
}
