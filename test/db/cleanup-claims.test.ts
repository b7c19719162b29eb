import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { gatewayStore } from '../../src/db/hosts/gateway-store.ts';
import { acceptJobs } from '../../src/db/jobs/accept-jobs.ts';
import { beginRun } from '../../src/db/jobs/run/begin-run.ts';
import { finishRun } from '../../src/db/jobs/run/finish-run.ts';
import { giveUpAttempt, hostIsQuiet } from '../../src/db/jobs/run/give-up-attempt.ts';
import type { AttemptTicket } from '../../src/domain/hosts/gateway-store.ts';
import { QUIESCENCE_ACTIVITY } from '../../src/domain/jobs/agent-protocol.ts';
import { publicId } from '../../src/lib/ids.ts';
import { type Bench, openBench } from '../harness/bench.ts';

/** HJ-17: who cleans up after an attempt that was given up gets the repository's secret, and nobody else. */
let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const RUN = 'run';
const TOKEN = Buffer.from('token of the clean-up');

/** A backup whose first attempt was claimed, and the ticket of the clean-up that comes next. */
async function claimedBackup() {
  const { org } = bench;
  const hostId = await bench.addHost();
  const repositoryId = await bench.addRepository();
  const plan = await bench.addPlan(hostId, repositoryId);
  const request = bench.request('backup', { planId: publicId('plan', plan.id) }, null);
  const [answer] = await bench.api.inOrganization(org, (tx) => acceptJobs(tx, [request]));
  if (answer?.verdict !== 'queued') throw new Error('not queued');
  const input = { orgId: org, jobId: answer.jobId, runNo: 1 };
  await bench.worker.inOrganization(org, (tx) => beginRun(tx, input, RUN));
  const store = gatewayStore(bench.gateway);
  const host = { orgId: org, hostId, hostName: 'h' };
  const work: AttemptTicket = {
    jobId: answer.jobId,
    runNo: 1,
    runId: RUN,
    attempt: 1,
    activity: 'restic.backup.v1',
  };
  expect(await store.claim(host, work, Buffer.from('token of the work'))).toMatchObject({ verdict: 'claimed' });
  const lost = { runNo: 1, attempt: 1 };
  return {
    repositoryId,
    host,
    work,
    ticket: { ...work, attempt: 2, activity: QUIESCENCE_ACTIVITY },
    claim: (ticket: AttemptTicket, by = host, token = TOKEN) => store.claim(by, ticket, token),
    giveUp: () => bench.worker.inOrganization(org, (tx) => giveUpAttempt(tx, input, RUN, lost)),
    quiet: () => bench.worker.inOrganization(org, (tx) => hostIsQuiet(tx, input, RUN, lost)),
    finish: () => bench.worker.inOrganization(org, (tx) => finishRun(tx, input, RUN, { how: 'lost' }, 1)),
  };
}

type Backup = Awaited<ReturnType<typeof claimedBackup>>;
let backup: Backup;
beforeEach(async () => {
  backup = await claimedBackup();
});

/** Refused, and no attempt was written down as having got the secret. */
async function expectRefused(claimed: ReturnType<Backup['claim']>, reason: RegExp): Promise<void> {
  expect(await claimed).toEqual({ verdict: 'refused', reason: expect.stringMatching(reason) });
  const found = await bench.owner.query(`select 1 from attempt where job_id = $1 and class = 'cleanup'`, [
    backup.work.jobId,
  ]);
  expect(found.rowCount).toBe(0);
}

test('while the host is verified the clean-up gets the secret of its own job, also when it asks again', async () => {
  await backup.giveUp();
  for (let asked = 1; asked <= 2; asked++)
    expect(await backup.claim(backup.ticket)).toMatchObject({
      verdict: 'claimed',
      secrets: [{ name: 'password', table: 'repository', row: backup.repositoryId }],
    });
});

test('as long as the work was not given up there is nothing to clean up', async () => {
  await expectRefused(backup.claim(backup.ticket), /nothing of the job has to be cleaned up/);
});

test('another job: one that is not being verified gives nothing away, whatever is cleaned up beside it', async () => {
  await backup.giveUp();
  const other = await claimedBackup();
  await expectRefused(
    other.claim({ ...backup.ticket, jobId: other.work.jobId }),
    /nothing of the job has to be cleaned up/,
  );
  await expectRefused(backup.claim(backup.ticket, other.host), /this host has no such job/);
});

test('another host: only the one that the attempt ran on cleans up after it', async () => {
  await backup.giveUp();
  const stranger = { ...backup.host, hostId: await bench.addHost() };
  await expectRefused(backup.claim(backup.ticket, stranger), /this host has no such job/);
});

test('another run: what was started anew, or reset in Temporal, has its own clean-up', async () => {
  await backup.giveUp();
  await expectRefused(backup.claim({ ...backup.ticket, runNo: 2 }), /started anew/);
  await expectRefused(backup.claim({ ...backup.ticket, runId: 'reset' }), /started anew/);
});

test('another attempt: its number belongs to the work that was given up, which may not claim again either', async () => {
  await backup.giveUp();
  await expectRefused(backup.claim({ ...backup.ticket, attempt: 1 }), /another attempt has this number/);
  const again = backup.claim(backup.work, backup.host, Buffer.from('token of the work'));
  await expectRefused(again, /this one was given up/);
});

test('a second use: a number that was claimed is refused to any other token', async () => {
  await backup.giveUp();
  expect(await backup.claim(backup.ticket)).toMatchObject({ verdict: 'claimed' });
  expect(await backup.claim(backup.ticket, backup.host, Buffer.from('another token'))).toMatchObject({
    verdict: 'refused',
    reason: expect.stringMatching(/another attempt has this number/),
  });
});

test('after the verdict: the token that was good is worth nothing once the host is quiet, and when the job has ended', async () => {
  await backup.giveUp();
  expect(await backup.claim(backup.ticket)).toMatchObject({ verdict: 'claimed' });
  await backup.quiet();
  const again = () => backup.claim(backup.ticket);
  expect(await again()).toEqual({ verdict: 'refused', reason: 'nothing of the job has to be cleaned up' });
  await backup.finish();
  expect(await again()).toEqual({ verdict: 'refused', reason: 'the job has ended as failed' });
});
