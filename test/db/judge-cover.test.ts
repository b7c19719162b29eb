import { afterAll, beforeAll, expect, test } from 'vitest';
import { beginRun } from '../../src/db/jobs/run/begin-run.ts';
import { finishRun } from '../../src/db/jobs/run/finish-run.ts';
import type { Outcome } from '../../src/domain/jobs/outcome.ts';
import { publicId } from '../../src/lib/ids.ts';
import { acceptJob } from '../harness/accept-job.ts';
import { type Bench, openBench } from '../harness/bench.ts';

let bench: Bench;
let host: string;
let plan: string;
beforeAll(async () => {
  bench = await openBench();
  host = await bench.addHost();
  plan = (await bench.addPlan(host)).id;
});
afterAll(() => bench?.close());

const saved = (code: string, filesProcessed: number): Outcome => ({
  code,
  counts: { filesProcessed },
  refs: { snapshotId: 'a'.repeat(64) },
});

/** Runs a backup of the plan to this end, and answers what the row says. */
async function backup(outcome: Outcome, planId = plan) {
  const jobId = await acceptJob(bench, 'backup', { planId: publicId('plan', planId) }, null);
  const input = { orgId: bench.org, jobId, runNo: 1 };
  await bench.worker.inOrganization(bench.org, (tx) => beginRun(tx, input, `run-${jobId}`));
  await bench.worker.inOrganization(bench.org, (tx) =>
    finishRun(tx, input, `run-${jobId}`, { how: 'answered', outcome }, 1),
  );
  const found = await bench.owner.query('select state, outcome_code, outcome_sentence, counts from job where id = $1', [
    jobId,
  ]);
  return found.rows[0];
}

test('BK-20: nothing where the last restore point held files is an end of its own, told by the rows', async () => {
  expect(await backup(saved('nothing-saved', 0))).toMatchObject({ state: 'partial', outcome_code: 'nothing-saved' });
  await backup(saved('succeeded', 0));
  expect(await backup(saved('nothing-saved', 0))).toMatchObject({ outcome_code: 'nothing-saved' });
  await backup(saved('partial', 500));
  for (const code of ['nothing-saved', 'sources-empty', 'nothing-saved']) {
    const row = await backup({ ...saved(code, 0), ...(code === 'sources-empty' && { refs: {} }) });
    expect(row).toMatchObject({ state: 'partial', outcome_code: 'everything-gone', counts: { filesBefore: 500 } });
    expect(row.outcome_sentence).toContain('holds 500 files');
  }
  await backup({ code: 'agent-fault', counts: {}, refs: {} });
  expect(await backup(saved('nothing-saved', 0))).toMatchObject({ outcome_code: 'everything-gone' });
});

test('what another plan of the host saved says nothing about this one', async () => {
  const other = (await bench.addPlan(host)).id;
  expect(await backup(saved('nothing-saved', 0), other)).toMatchObject({ outcome_code: 'nothing-saved' });
});
