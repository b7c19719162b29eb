import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SCHEDULE_TO_START_MS } from '../../src/db/jobs/run/begin-run.ts';
import { runWorkflowId } from '../../src/domain/jobs/workflow-id.ts';
import { KINDS } from '../../src/kinds/index.ts';
import { publicId } from '../../src/lib/ids.ts';
import { openStack, type Stack } from '../harness/stack.ts';
import { FIXTURES } from './fixtures.ts';

const CANARY = 'canary-Zq7Lw2Xv9';
const ACTIVITY_SCHEDULED = 10;
let stack: Stack;
const ran = new Set<string>();

beforeAll(async () => {
  stack = await openStack();
});
afterAll(() => stack?.close());

/** The whole history: the row ends in finish, the run itself a moment later. */
async function historyOf(jobId: string) {
  const handle = stack.client.workflow.getHandle(runWorkflowId(jobId, 1));
  await handle.result();
  return handle.fetchHistory();
}
const slotsOf = async (jobId: string) =>
  (await stack.owner.query('select 1 from lock_slot where job_id = $1', [jobId])).rowCount;

/** The arguments and environments of all processes there are, but for environments: restic gets its password there. */
function commandLines(): string {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return numbers.map((pid) => read(`/proc/${pid}/cmdline`)).join('\n');
}
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Everything the database holds, as text. */
async function dump(): Promise<string> {
  const tables = await stack.owner.query(
    `select table_name as t from information_schema.tables where table_schema = 'public'`,
  );
  const texts: string[] = [];
  for (const { t } of tables.rows) {
    const all = await stack.owner.query(`select coalesce(string_agg(r::text, E'\\n'), '') as text from "${t}" r`);
    texts.push(all.rows[0].text);
  }
  return texts.join('\n');
}

describe.each(KINDS.map((kind) => [kind.key, kind] as const))('HJ-20: %s', (key, kind) => {
  const fixture = FIXTURES[key]!;

  test('refuses params it does not know and a principal that may not, and writes nothing', async () => {
    const asked = await fixture.quick(stack, CANARY);
    const jobs = async () => (await stack.owner.query('select count(*)::int as n from job')).rows[0].n;
    const before = await jobs();
    const request = stack.request(key, asked.params, asked.hostId);
    const unknown = await stack.accept({ ...request, params: { ...asked.params, surprise: 1 } });
    expect(unknown).toMatchObject({
      verdict: 'refused',
      failure: { code: 'invalid-input', pointer: '/params/surprise' },
    });
    const denied = await stack.accept({ ...request, can: (permission) => permission !== kind.permission });
    expect(denied).toMatchObject({
      verdict: 'refused',
      failure: { code: 'forbidden', extra: { required: kind.permission } },
    });
    expect(await jobs()).toBe(before);
  });

  test('runs on a real host to a good end, logs, keeps its secret, and lets the next one in', async () => {
    const asked = await fixture.quick(stack, CANARY);
    const job = await stack.start(key, asked.params, asked.hostId);
    const row = await stack.untilState(job, 'succeeded', 'failed', 'partial', 'unknown');
    expect(row).toMatchObject({ state: 'succeeded', outcome_next: '' });
    expect(await slotsOf(job)).toBe(0);
    expect((await stack.log(job)).length).toBeGreaterThan(0);
    const history = proto.temporal.api.history.v1.History.encode(await historyOf(job)).finish();
    const texts = [Buffer.from(history).toString('latin1'), await dump(), (await stack.log(job)).join('\n')];
    for (const text of texts) expect(text).not.toContain(CANARY);
    ran.add(key);
  });

  test('tells Temporal its limits, never to retry, and where it runs', async () => {
    const asked = await fixture.quick(stack, CANARY);
    const job = await stack.start(key, asked.params, asked.hostId);
    await stack.untilState(job, 'succeeded');
    const scheduled = (await historyOf(job)).events!.filter((event) => Number(event.eventType) === ACTIVITY_SCHEDULED);
    expect(scheduled).toHaveLength(1);
    const attributes = scheduled[0]!.activityTaskScheduledEventAttributes!;
    const ms = (value?: { seconds?: unknown; nanos?: number | null } | null) =>
      Number(value?.seconds ?? 0) * 1000 + Number(value?.nanos ?? 0) / 1e6;
    expect(attributes.activityType?.name).toBe(kind.activity);
    expect(attributes.taskQueue?.name).toBe(`host/${publicId('host', stack.hostId)}`);
    expect(ms(attributes.heartbeatTimeout)).toBe(kind.limits.heartbeatTimeoutMs);
    expect(ms(attributes.startToCloseTimeout)).toBe(kind.limits.runTimeoutMs);
    expect(ms(attributes.scheduleToStartTimeout)).toBe(SCHEDULE_TO_START_MS);
    expect(attributes.retryPolicy?.maximumAttempts).toBe(1);
  });

  test('waits behind the job that holds its host, and a cancel ends it there', async () => {
    const asked = await fixture.quick(stack, CANARY);
    const holder = await stack.start('noop', { sleepMs: 60_000 }, stack.hostId);
    const job = await stack.start(key, asked.params, asked.hostId);
    expect(await stack.job(job)).toMatchObject({ state: 'waiting', reason: 'lock' });
    await stack.cancel(job);
    expect(await stack.job(job)).toMatchObject({ state: 'cancelled', outcome_code: 'cancelled-before-start' });
    await stack.cancel(holder);
    await stack.untilState(holder, 'cancelled');
  });

  if (fixture.slow) {
    const slow = fixture.slow;
    test('is cancelled while it runs: the program is gone, the keys are free, the password was in no command line', async () => {
      const asked = await slow(stack, CANARY);
      const job = await stack.start(key, asked.params, asked.hostId);
      const claimed = async () =>
        (await stack.owner.query('select 1 from attempt where job_id = $1 and claimed_at is not null', [job])).rowCount;
      await expect.poll(claimed, { timeout: 30_000 }).toBe(1);
      if (asked.program) await expect.poll(commandLines, { timeout: 10_000 }).toContain(asked.program);
      expect(commandLines()).not.toContain(CANARY);
      await stack.cancel(job);
      await stack.untilState(job, 'cancelled');
      expect(await slotsOf(job)).toBe(0);
      if (asked.program) expect(commandLines()).not.toContain(asked.program);
      const next = await stack.start('noop', {}, stack.hostId);
      await stack.untilState(next, 'succeeded');
    });
  }

  test('a run of it replays on the workflows of today', async () => {
    const asked = await fixture.quick(stack, CANARY);
    const job = await stack.start(key, asked.params, asked.hostId);
    await stack.untilState(job, 'succeeded');
    const { History } = proto.temporal.api.history.v1;
    const history = History.decode(History.encode(await historyOf(job)).finish());
    const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url));
    const { workflowId } = history.events![0]!.workflowExecutionStartedEventAttributes!;
    await Worker.runReplayHistory({ workflowsPath, dataConverter: stack.dataConverter }, history, workflowId!);
  });
});

test('every kind has a fixture and was run', () => {
  expect(Object.keys(FIXTURES).sort()).toEqual(KINDS.map((kind) => kind.key).sort());
  expect([...ran].sort()).toEqual(KINDS.map((kind) => kind.key).sort());
});
