import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { LogLine } from '../../src/domain/jobs/agent-protocol.ts';
import { openStack, type Stack } from '../harness/stack.ts';
import { storedLines } from './replicas.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await openStack();
});
afterAll(() => stack?.close());

/** The files of the agent's spool by their paths, with what they hold. */
function spooled(): Map<string, string> {
  const names = readdirSync(stack.folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.includes('/spool/') && /\.jsonl?$/.test(name));
  return new Map(
    files.map((name) => {
      try {
        return [name, readFileSync(join(stack.folder, name), 'utf8')];
      } catch {
        return [name, ''];
      }
    }),
  );
}
const holds = (text: string) => [...spooled().values()].some((held) => held.includes(text));
const patient = { timeout: 40_000, interval: 50 };
const CLAIMED = 'select 1 from attempt where job_id = $1 and claimed_at is not null';
const untilClaimed = (job: string) =>
  vi.waitUntil(async () => (await stack.owner.query(CLAIMED, [job])).rowCount === 1, patient);
const texts = (count: number) => Array.from({ length: count }, (_, i) => `line ${i + 1} of ${count}`);

test('HJ-15: an attempt that ends while the gateway is away, whose agent is then killed: lines and outcome arrive, nothing runs twice', async () => {
  const job = await stack.start('noop', { logLines: 20_000, sleepMs: 4_000 }, stack.hostId);
  await untilClaimed(job);
  await stack.gatewayServer.stop();
  await vi.waitUntil(() => holds('"outcome"') && holds('The attempt ended: succeeded'), patient);
  await stack.agent.kill('SIGKILL');
  await stack.gatewayServer.start();
  await stack.agent.start();
  expect(await stack.untilState(job, 'succeeded', 'failed', 'unknown')).toMatchObject({
    state: 'succeeded',
    attempts: 1,
  });
  const wanted = [...texts(20_000), 'test-host answers', 'The attempt ended: succeeded'];
  await vi.waitUntil(async () => (await storedLines(stack, job)).length >= wanted.length, patient);
  expect(await storedLines(stack, job)).toEqual(wanted);
  await vi.waitUntil(() => spooled().size === 0, patient);
});

test('HJ-15: an agent that is killed in the middle while the gateway is away: what it had on disk arrives, the job is done again', async () => {
  const job = await stack.start('noop', { logLines: 20_000, sleepMs: 60_000 }, stack.hostId);
  await untilClaimed(job);
  await stack.gatewayServer.stop();
  await vi.waitUntil(() => holds('line 20000 of 20000'), patient);
  await stack.agent.kill('SIGKILL');
  await stack.gatewayServer.start();
  await stack.agent.start();
  // Between the two the host is asked whether it is quiet, which is an attempt with a number, too.
  const WORK = `select attempt_no from attempt where job_id = $1 and activity = 'noop.v1' order by attempt_no offset $2 limit 1`;
  const linesOf = async (before: number) => {
    const found = await stack.owner.query(
      `select body from log_chunk where job_id = $1 and attempt = (${WORK}) order by first_seq`,
      [job, before],
    );
    return found.rows.flatMap(({ body }) => (JSON.parse(body) as LogLine[]).map((line) => line[2]));
  };
  for (const attempt of [0, 1]) {
    await vi.waitUntil(async () => (await linesOf(attempt)).length >= 20_000, patient);
    expect(await linesOf(attempt)).toEqual(texts(20_000));
  }
  await stack.cancel(job);
  expect(await stack.untilState(job, 'cancelled')).toMatchObject({ state: 'cancelled' });
  expect(spooled().size).toBe(0);
});
