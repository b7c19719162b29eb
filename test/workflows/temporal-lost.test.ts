import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type OwnTemporal, startOwnTemporal } from '../harness/own-temporal.ts';
import { openStack, type Stack } from '../harness/stack.ts';

let temporal: OwnTemporal;
let stack: Stack;
beforeAll(async () => {
  temporal = await startOwnTemporal();
  stack = await openStack({ temporal: temporal.target });
});
afterAll(async () => {
  await stack?.close();
  await temporal?.close();
});

const rows = async (sql: string, ...values: unknown[]) => (await stack.owner.query(sql, values)).rows;
const namespaceOf = async () => (await rows('select temporal_namespace_id as id from instance'))[0].id as string | null;
const until = (isSo: () => Promise<boolean>) => vi.waitUntil(isSo, { timeout: 40_000, interval: 50 });
const claimed = async (jobId: string) =>
  (await rows('select 1 from attempt where job_id = $1 and claimed_at is not null', jobId)).length > 0;

/** Started on a host of its own, and claimed. */
async function claimedJob(sleepMs: number) {
  const { hostId } = await stack.addAgent();
  const jobId = await stack.start('noop', { sleepMs }, hostId);
  await until(() => claimed(jobId));
  return { jobId, hostId };
}

test('RUN-20: Temporal is started empty: what ran ends or is done again, what waited goes on, nothing twice', {
  timeout: 120_000,
}, async ({ annotate }) => {
  await until(async () => (await namespaceOf()) !== null);
  const before = await namespaceOf();
  const cancelled = await claimedJob(60_000);
  const long = await claimedJob(60_000);
  // What its next attempt gets to do, so that nobody has to wait for it.
  await rows(`update job set params = '{"sleepMs": 500}' where id = $1`, long.jobId);
  // The last one, because it has to end while there is no Temporal, and not before.
  const short = await claimedJob(15_000);
  const waiting = [await stack.start('noop', {}, long.hostId), await stack.start('noop', {}, long.hostId)];
  const agents = (await rows('select id, epoch from host order by id')) as { id: string; epoch: number }[];

  await temporal.stop();
  await temporal.drop();
  const whileAway = await stack.start('noop', {}, null);
  await stack.cancel(cancelled.jobId);
  // Long enough that the short one ends while its namespace is missing: its answer meets nobody, its report does.
  await temporal.start('bare');
  await until(
    async () => (await rows('select 1 from attempt where job_id = $1 and result is not null', short.jobId)).length > 0,
  );
  const backAtMs = Date.now();
  await temporal.makeNamespace();

  await until(async () => (await namespaceOf()) !== before);
  // Done again, because it was stopped: nobody knows of its first attempt any more.
  expect(await stack.untilState(long.jobId, 'succeeded')).toMatchObject({ run_no: 2, attempts: 2 });
  expect(await stack.log(long.jobId)).toContain('The attempt was stopped.');
  // The kept result was used, and nothing was done twice.
  expect(await stack.untilState(short.jobId, 'succeeded')).toMatchObject({ run_no: 2, attempts: 1 });
  expect(await stack.untilState(cancelled.jobId, 'cancelled')).toMatchObject({ run_no: 2, cancel_actor: 'test' });
  for (const jobId of [...waiting, whileAway])
    expect(await stack.untilState(jobId, 'succeeded')).toMatchObject({ run_no: 1 });
  await annotate(`all ended ${((Date.now() - backAtMs) / 1000).toFixed(1)} s after the namespace was there`);

  for (const table of ['outbox', 'lock_slot', 'lock_request']) expect(await rows(`select 1 from ${table}`)).toEqual([]);
  const ends = await rows(`select count(*)::int as n from event where topic = 'job.ended' group by subject_id`);
  expect(ends.map(({ n }) => n)).toEqual([1, 1, 1, 1, 1, 1]);
  // The agents lived through it.
  expect(await rows('select id, epoch from host order by id')).toEqual(agents);
});
