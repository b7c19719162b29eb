import { defaultPayloadConverter } from '@temporalio/common';
import Value from 'typebox/value';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Job, presentJob } from '../../src/api/jobs/job-schema.ts';
import { listJobs } from '../../src/db/jobs/jobs.ts';
import { runWorkflowId } from '../../src/domain/jobs/workflow-id.ts';
import { openStack, type Stack } from '../harness/stack.ts';
import { capabilityOf } from './attacker.ts';
import { hostileHost } from './hostile-host.ts';

let stack: Stack;
let host: Awaited<ReturnType<typeof hostileHost>>;
beforeAll(async () => {
  stack = await openStack();
  host = await hostileHost(stack);
});
afterAll(async () => {
  await host?.close();
  await stack?.close();
});

const good = { code: 'succeeded', counts: {}, refs: {} };
const json = (value: unknown) => ({ payloads: [defaultPayloadConverter.toPayload(value)!] });
const raw = (encoding: string, text: string) => ({
  metadata: { encoding: Buffer.from(encoding) },
  data: Buffer.from(text),
});

/** A job whose attempt this host has claimed. */
async function claimed() {
  const job = await stack.start('noop', {}, host.host.hostId);
  const task = await host.poll();
  await host.ask('Claim', capabilityOf(task));
  return { job, task };
}

/** The page that people look at can be made of the rows, whatever stands in them. */
async function expectListed(): Promise<void> {
  const all = { reach: { everywhere: true, except: [] }, kind: null, states: [], hostId: null, planId: null } as const;
  const page = await stack.api.inOrganization(stack.org, (tx) =>
    listJobs(tx, all, { limit: 100, after: null, oldestFirst: false }),
  );
  expect(page.items.length).toBeGreaterThan(0);
  for (const row of page.items)
    expect([
      ...Value.Errors(
        Job,
        presentJob(row, () => true),
      ),
    ]).toEqual([]);
}

test('HJ-33: whatever a host answers, its job ends, and lists can be read', { timeout: 120_000 }, async () => {
  const answers: Record<string, Parameters<typeof host.complete>[1]> = {
    nothing: undefined,
    null: json(null),
    'no counts': json({ code: 'succeeded' }),
    'an inherited code': json({ ...good, code: 'toString' }),
    'a count that is text': json({ ...good, counts: { a: 'x' } }),
    'a count beyond all': { payloads: [raw('json/plain', '{"code":"succeeded","counts":{"a":1e999},"refs":{}}')] },
    'a NUL': json({ ...good, refs: { a: '\0' } }),
    'half a letter': json({ ...good, refs: { a: '\ud800' } }),
    'a prototype': { payloads: [raw('json/plain', '{"code":"__proto__","counts":{"__proto__":1},"refs":{}}')] },
    'much text': json({ ...good, refs: { a: 'x'.repeat(100_000) } }),
    'no JSON': { payloads: [raw('json/plain', '{')] },
    'another encoding': { payloads: [raw('json/protobuf', 'x')] },
    'a ciphertext': { payloads: [raw('binary/encrypted', 'x')] },
    'two payloads': { payloads: [...json(good).payloads, ...json(good).payloads] },
  };
  for (const [name, answer] of Object.entries(answers)) {
    const { job, task } = await claimed();
    await host.complete(task.taskToken, answer);
    const row = await stack.untilState(job, 'succeeded', 'failed', 'unknown');
    expect([name, row.state, row.outcome_code, row.counts]).toEqual([name, 'failed', 'agent-fault', {}]);
  }
  await expectListed();
});

test('HJ-33: whatever a host reports before it answers, its job ends as it answered', { timeout: 60_000 }, async () => {
  const { job, task } = await claimed();
  const report = (change: object) => ({ ...capabilityOf(task), firstSeq: 0, lines: [], progress: null, ...change });
  for (const result of [{ outcome: good, failures: [], failureCount: 1e15 }, { outcome: null }, 'x', 7])
    await host.ask('Report', report({ result }));
  await host.complete(task.taskToken, json(good));
  expect(await stack.untilState(job, 'succeeded', 'failed')).toMatchObject({ state: 'succeeded', failure_count: 0 });
  await expectListed();
});

const bad = raw('json/plain', '{');

/** Answers each attempt of a job with this failure, and each question whether it is quiet, until the job has ended. */
async function failAll(job: string, failure: Parameters<typeof host.fail>[1]): Promise<string> {
  const over = new AbortController();
  const { namespace, identity } = host;
  const each = async (queue: string, answer: (taskToken: Uint8Array) => Promise<unknown>) => {
    while (!over.signal.aborted) {
      const task = await host.connection
        .withAbortSignal(over.signal, () => host.poll({}, queue))
        .catch(() => ({ taskToken: null }));
      if (task.taskToken?.length) await answer(task.taskToken);
    }
  };
  const answering = Promise.all([
    each(host.quick, (taskToken) => host.complete(taskToken, json({ ...good, code: 'quiet' }))),
    each(host.queue, async (taskToken) => {
      await host.service.recordActivityTaskHeartbeat({ namespace, identity, taskToken, details: { payloads: [bad] } });
      await host.fail(taskToken, failure);
    }),
  ]);
  try {
    return String((await stack.untilState(job, 'failed', 'unknown', 'timed_out')).state);
  } finally {
    over.abort();
    await answering;
  }
}

test('HJ-33: whatever a host fails or beats with, its job ends', { timeout: 120_000 }, async () => {
  const failures: Record<string, Parameters<typeof host.fail>[1]> = {
    nothing: undefined,
    'details that cannot be read': {
      applicationFailureInfo: { type: 'x', details: { payloads: [bad] }, category: 77 as never },
    },
    'a time-out of no kind': {
      timeoutFailureInfo: { timeoutType: 77 as never, lastHeartbeatDetails: { payloads: [bad] } },
    },
    'a fault with any code': { message: 'toString\0', applicationFailureInfo: { type: 'HostActivityFault' } },
    'attributes that cannot be read': { encodedAttributes: bad },
  };
  for (const [name, failure] of Object.entries(failures)) {
    const job = await stack.start('noop', {}, host.host.hostId);
    expect([name, await failAll(job, failure)]).toEqual([name, 'failed']);
  }
});

/** The database refuses what would give the attempt of this job up. */
async function refuseGivingUp(job: string, sqlState: string): Promise<() => Promise<unknown>> {
  await stack.owner.query(`create or replace function poison() returns trigger language plpgsql as
    $$ begin raise exception 'poisoned' using errcode = '${sqlState}'; end $$`);
  await stack.owner.query(
    `create trigger poison before insert on attempt for each row when (new.job_id = '${job}' and new.token_hash is null) execute function poison()`,
  );
  return () => stack.owner.query('drop trigger poison on attempt');
}

test('a database that fails for longer than local tries last holds a run up, and does not end it', {
  timeout: 120_000,
}, async () => {
  const job = await stack.start('noop', {}, host.host.hostId);
  const mend = await refuseGivingUp(job, 'P0001');
  const ended = failAll(job, { applicationFailureInfo: { type: 'x' } });
  const run = stack.client.workflow.getHandle(runWorkflowId(job, 1));
  const tries = async () => (await run.describe()).raw.pendingActivities?.[0]?.attempt ?? 0;
  // On the regular path, where it is tried without end.
  await expect.poll(tries, { timeout: 40_000 }).toBeGreaterThan(1);
  await mend();
  expect(await ended).toBe('failed');
  expect(await stack.job(job)).toMatchObject({ run_no: 1 });
});

test('HJ-33: what the database refuses is not tried for ever: the run goes on to the end of its job', {
  timeout: 120_000,
}, async () => {
  const job = await stack.start('noop', {}, host.host.hostId);
  // Giving the attempt up fails, and so does the end of the job as long as it holds anything that its host said.
  await refuseGivingUp(job, '22P05');
  await stack.owner.query(
    `create trigger poison before update on job for each row when (new.id = '${job}' and new.outcome_code not in ('agent-fault')) execute function poison()`,
  );
  expect(await failAll(job, { applicationFailureInfo: { type: 'x' } })).toBe('failed');
  expect(await stack.job(job)).toMatchObject({ outcome_code: 'agent-fault' });
});
