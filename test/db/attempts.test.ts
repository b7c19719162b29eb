import { afterAll, beforeAll, expect, test } from 'vitest';
import { gatewayStore } from '../../src/db/hosts/gateway-store.ts';
import { acceptJobs } from '../../src/db/jobs/accept-jobs.ts';
import { beginRun } from '../../src/db/jobs/run/begin-run.ts';
import { finishRun } from '../../src/db/jobs/run/finish-run.ts';
import { giveUpAttempt } from '../../src/db/jobs/run/give-up-attempt.ts';
import { requeueRun } from '../../src/db/jobs/run/requeue-run.ts';
import type { LogLine } from '../../src/domain/jobs/agent-protocol.ts';
import type { AttemptResult } from '../../src/domain/jobs/outcome.ts';
import { type Bench, openBench } from '../harness/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const TOKEN = Buffer.from('token');
const PROGRESS = {
  bytesDone: 0,
  bytesTotal: 0,
  filesDone: 0,
  filesTotal: 0,
  current: null,
  ratePerSecond: null,
  etaSeconds: null,
};
const line = (text: string): LogLine => [1, 'out', text];
const said = (firstSeq: number, lines: readonly LogLine[], result: AttemptResult | null = null, last = false) => ({
  firstSeq,
  lines,
  progress: null,
  result,
  last,
});

async function runningJob() {
  const { org } = bench;
  const hostId = await bench.addHost();
  const [answer] = await bench.api.inOrganization(org, (tx) => acceptJobs(tx, [bench.request('noop', {}, hostId)]));
  if (answer?.verdict !== 'queued') throw new Error('not queued');
  const input = { orgId: org, jobId: answer.jobId, runNo: 1 };
  await bench.worker.inOrganization(org, (tx) => beginRun(tx, input, 'run'));
  const store = gatewayStore(bench.gateway);
  const host = { orgId: org, hostId, hostName: 'h' };
  const ticket = { jobId: answer.jobId, runNo: 1, runId: 'run', attempt: 1, activity: 'noop.v1' };
  const end = () => bench.worker.inOrganization(org, (tx) => finishRun(tx, input, 'run', { how: 'cancelled' }, 1));
  return { store, host, ticket, input, end };
}

test('a claim can be asked again by the same attempt, and by no other', async () => {
  const { store, host, ticket, end } = await runningJob();
  expect(await store.claim(host, ticket, TOKEN)).toMatchObject({ verdict: 'claimed' });
  expect(await store.claim(host, ticket, TOKEN)).toMatchObject({ verdict: 'claimed' });
  expect(await store.claim(host, ticket, Buffer.from('other'))).toMatchObject({ verdict: 'refused' });
  const stranger = { ...host, hostId: await bench.addHost() };
  expect(await store.claim(stranger, ticket, TOKEN)).toMatchObject({ verdict: 'refused' });
  await end();
  expect(await store.claim(host, ticket, TOKEN)).toMatchObject({
    verdict: 'refused',
    reason: expect.stringMatching('ended'),
  });
});

test('HJ-15: lines are taken in order and once; a repeat and a gap are answered with what comes next', async () => {
  const { store, host, ticket } = await runningJob();
  const report = (firstSeq: number, ...texts: string[]) =>
    store.report(host, ticket, TOKEN, said(firstSeq, texts.map(line)));
  expect(await report(0, 'a', 'b')).toEqual({ nextSeq: 2, closed: false, full: false });
  expect(await report(0, 'a', 'b')).toEqual({ nextSeq: 2, closed: false, full: false });
  expect(await report(5, 'f')).toEqual({ nextSeq: 2, closed: false, full: false });
  expect(await report(2, 'c')).toEqual({ nextSeq: 3, closed: false, full: false });
  const racing = await Promise.all(Array.from({ length: 8 }, () => report(3, 'd')));
  expect(racing.every(({ nextSeq }) => nextSeq === 3 || nextSeq === 4)).toBe(true);
  const chunks = await bench.owner.query('select body from log_chunk where job_id = $1 order by first_seq', [
    ticket.jobId,
  ]);
  expect(chunks.rows.flatMap(({ body }) => JSON.parse(body).map((l: LogLine) => l[2]))).toEqual(['a', 'b', 'c', 'd']);
});

test('what an attempt brings after its job has ended is still taken, with its result', async () => {
  const { store, host, ticket, end } = await runningJob();
  await store.claim(host, ticket, TOKEN);
  await end();
  const result = { outcome: { code: 'succeeded', counts: {}, refs: {} }, failures: [], failureCount: 0 };
  expect(await store.report(host, ticket, TOKEN, said(0, [line('late')], result))).toEqual({
    nextSeq: 1,
    closed: false,
    full: false,
  });
  const attempt = await bench.owner.query('select result from attempt where job_id = $1', [ticket.jobId]);
  expect(attempt.rows[0].result.outcome.code).toBe('succeeded');
});

test('what an attempt says after it was given up is kept beside the job and changes nothing of it', async () => {
  const { store, host, ticket, input } = await runningJob();
  await store.claim(host, ticket, TOKEN);
  const row = async () =>
    (await bench.owner.query('select progress, state, reason, version from job where id = $1', [ticket.jobId])).rows[0];
  const report = (firstSeq: number, fraction: number, result: AttemptResult | null) =>
    store.report(host, ticket, TOKEN, {
      ...said(firstSeq, [line('late')], result),
      progress: { ...PROGRESS, fraction },
    });
  await report(0, 0.1, null);
  const { org } = bench;
  await bench.worker.inOrganization(org, (tx) => giveUpAttempt(tx, input, 'run', { runNo: 1, attempt: 1 }));
  const before = await row();
  expect(before).toMatchObject({ progress: { fraction: 0.1 }, reason: 'verifying_host' });
  const result = { outcome: { code: 'succeeded', counts: {}, refs: {} }, failures: [], failureCount: 0 };
  expect(await report(1, 0.9, result)).toMatchObject({ nextSeq: 2, closed: false });
  expect(await row()).toEqual(before);
  const attempt = await bench.owner.query('select result from attempt where job_id = $1', [ticket.jobId]);
  expect(attempt.rows[0].result.outcome.code).toBe('succeeded');
});

test('a run that was started anew takes nothing from the one before: the fence', async () => {
  const { store, host, ticket, input } = await runningJob();
  await bench.worker.inOrganization(bench.org, (tx) => requeueRun(tx, input, 'run'));
  expect(await store.claim(host, ticket, TOKEN)).toMatchObject({
    verdict: 'refused',
    reason: expect.stringMatching('anew'),
  });
  expect(await store.report(host, ticket, TOKEN, said(0, [line('old')]))).toMatchObject({ closed: true });
  const row = (await bench.owner.query('select state, reason, run_no from job where id = $1', [ticket.jobId])).rows[0];
  expect(row).toEqual({ state: 'waiting', reason: 'host_offline', run_no: 2 });
});

test('HJ-31: beats of an older epoch renew nothing, and a command queue belongs to one host', async () => {
  const { store, host } = await runningJob();
  const about = {
    agentVersion: '1',
    hostname: 'h',
    os: 'linux',
    arch: 'x64',
    programs: [],
    powers: [],
    activities: [],
  };
  const first = await store.hello(host, about, '127.0.0.1');
  const second = await store.hello(host, about, '127.0.0.1');
  expect(second.epoch).toBe(first.epoch + 1);
  const leaseOf = async () =>
    (
      await bench.owner.query('select lease_until from host where id = $1', [host.hostId])
    ).rows[0].lease_until.getTime();
  const before = await leaseOf();
  await store.beats([{ ...host, epoch: first.epoch, runningJobs: [], arrivedAt: new Date() }]);
  expect(await leaseOf()).toBe(before);
  const queue = `temporal-sys/worker-commands/test/${host.hostId}`;
  expect(await store.bindCommandQueue(host, second.epoch, queue)).toBe(true);
  const stranger = { ...host, hostId: await bench.addHost() };
  expect(await store.bindCommandQueue(stranger, 1, queue)).toBe(false);
});
