import { status } from '@grpc/grpc-js';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { AGENT_SERVICE, TICKET_HEADER } from '../../src/domain/jobs/agent-protocol.ts';
import { unwrapToken } from '../../src/gateway/proxy/tokens.ts';
import { temporalMethods, temporalPath } from '../../src/gateway/proxy/upstream.ts';
import { lengthField } from '../../src/gateway/proxy/wire.ts';
import { systemRandom } from '../../src/lib/ids.ts';
import { Attacker, codeOf, wholeJob } from './attacker.ts';
import { type Engine, NAMESPACE, startEngine } from './engine.ts';

const { INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, UNIMPLEMENTED } = status;
const ALLOWED = [
  ...['GetSystemInfo', 'DescribeNamespace', 'PollActivityTaskQueue', 'RecordActivityTaskHeartbeat'],
  ...['RespondActivityTaskCompleted', 'RespondActivityTaskFailed', 'RespondActivityTaskCanceled'],
  ...['RecordWorkerHeartbeat', 'ShutdownWorker', 'PollNexusTaskQueue'],
  ...['RespondNexusTaskCompleted', 'RespondNexusTaskFailed'],
];

let engine: Engine;
let mine: Attacker;
let yours: Attacker;
beforeAll(async () => {
  engine = await startEngine();
}, 15 * 60_000);
afterAll(() => engine.stop(), 60_000);
// Hosts of their own for each test: limits and audit go by host.
beforeEach(async () => {
  mine = await Attacker.on(engine, engine.store.enrol('mine'));
  yours = await Attacker.on(engine, engine.store.enrol('yours'));
  return async () => {
    // Whatever was tried: the other host has its job as if nothing had been.
    expect(await codeOf(wholeJob(engine, yours))).toBe(0);
    await mine.close();
    await yours.close();
  };
});

async function task(of: Attacker) {
  await engine.startJob('noop', of.queue);
  return of.poll();
}

const audited = (what: string) =>
  engine.store.audit.some((row) => row.hostId === mine.host.hostId && row.what === what);

test('every call that is not an agent’s own is refused and audited', { timeout: 60_000 }, async () => {
  const others = temporalMethods().filter((method) => !ALLOWED.includes(method));
  expect(others.length).toBeGreaterThan(100);
  for (const method of others) {
    expect([method, await codeOf(mine.send(temporalPath(method), Buffer.alloc(0)))]).toEqual([
      method,
      PERMISSION_DENIED,
    ]);
    expect([method, audited(method)]).toEqual([method, true]);
  }
  const operator = '/temporal.api.operatorservice.v1.OperatorService/DeleteNamespace';
  expect(await codeOf(mine.send(operator, Buffer.alloc(0)))).toBe(UNIMPLEMENTED);
});

test('other queues, namespaces, kinds, names and command queues are refused', { timeout: 60_000 }, async () => {
  const polls = [
    { taskQueue: { name: yours.queue } },
    { taskQueue: { name: 'control' } },
    { taskQueue: { name: mine.queue, kind: 2, normalName: yours.queue } },
    { namespace: 'default' },
    { identity: yours.identity },
    { workerControlTaskQueue: `temporal-sys/worker-commands/other/12345678` },
    {},
  ];
  for (const change of polls.slice(0, -1))
    expect([change, await codeOf(mine.poll(change))]).toEqual([change, PERMISSION_DENIED]);
  expect(audited('PollActivityTaskQueue')).toBe(true);

  const theirs = `temporal-sys/worker-commands/${NAMESPACE}/11111111-2222`;
  const commands = (of: Attacker, name: string, kind: number) =>
    of.connection.withDeadline(Date.now() + 1_500, () =>
      of.service.pollNexusTaskQueue({ namespace: NAMESPACE, taskQueue: { name, kind } }),
    );
  expect(await codeOf(commands(yours, theirs, 3))).not.toBe(PERMISSION_DENIED);
  for (const [name, kind] of [
    [theirs, 3],
    ['some-endpoint', 1],
    [mine.queue, 3],
    [theirs, 1],
  ] as const)
    expect([name, kind, await codeOf(commands(mine, name, kind))]).toEqual([name, kind, PERMISSION_DENIED]);

  const worker = (change: object) => [{ workerIdentity: mine.identity, taskQueue: mine.queue, ...change }];
  for (const change of [{ taskQueue: yours.queue }, { workerIdentity: yours.identity }]) {
    const beat = { namespace: NAMESPACE, identity: mine.identity, workerHeartbeat: worker(change) };
    expect(await codeOf(mine.service.recordWorkerHeartbeat(beat))).toBe(PERMISSION_DENIED);
  }
  const shutdown = { namespace: NAMESPACE, identity: mine.identity, taskQueue: yours.queue };
  expect(await codeOf(mine.service.shutdownWorker(shutdown))).toBe(PERMISSION_DENIED);
  expect(await codeOf(mine.service.describeNamespace({ namespace: 'default' }))).toBe(PERMISSION_DENIED);
});

test('tokens that are forged, raw, foreign, changed, empty or doubled answer nothing; a used one answers once', {
  timeout: 60_000,
}, async () => {
  const own = Buffer.from((await task(mine)).taskToken);
  const foreign = Buffer.from((await task(yours)).taskToken);
  const raw = unwrapToken(engine.keyring, 'activity', mine.host.hostId, own);
  const flipped = Buffer.from(own);
  flipped[flipped.length - 1]! ^= 1;
  const common = { namespace: NAMESPACE, identity: mine.identity };
  for (const taskToken of [foreign, raw, flipped, Buffer.alloc(0), Buffer.from(systemRandom(own.length))]) {
    const answers = [
      mine.complete(taskToken),
      mine.service.recordActivityTaskHeartbeat({ ...common, taskToken }),
      mine.service.respondActivityTaskFailed({ ...common, taskToken }),
      mine.service.respondActivityTaskCanceled({ ...common, taskToken }),
      mine.service.respondNexusTaskCompleted({ ...common, taskToken }),
    ];
    expect(await Promise.all(answers.map(codeOf))).toEqual(answers.map(() => PERMISSION_DENIED));
  }
  expect(await codeOf(mine.service.respondNexusTaskCompleted({ ...common, taskToken: own }))).toBe(PERMISSION_DENIED);
  const api = proto.temporal.api.workflowservice.v1;
  const once = api.RespondActivityTaskCompletedRequest.encode({ ...common, taskToken: own }).finish();
  const doubled = Buffer.concat([once, lengthField(1, foreign)]);
  expect(await codeOf(mine.send(temporalPath('RespondActivityTaskCompleted'), doubled))).toBe(INVALID_ARGUMENT);
  for (const what of ['RespondActivityTaskCompleted', 'RecordActivityTaskHeartbeat', 'RespondNexusTaskCompleted'])
    expect(audited(what)).toBe(true);

  expect(await codeOf(mine.complete(own))).toBe(0);
  expect(await codeOf(mine.complete(own))).toBe(NOT_FOUND);
  expect(await codeOf(yours.complete(foreign))).toBe(0);
});

test('secrets and logs go by the token and the ticket of one’s own attempt', { timeout: 60_000 }, async () => {
  const [own, second, foreign] = [await task(mine), await task(mine), await task(yours)];
  const message = (token: typeof own, ticket: typeof own) => ({
    token: Buffer.from(token.taskToken).toString('base64'),
    ticket: Buffer.from(ticket.header!.fields![TICKET_HEADER]!.data!).toString('base64'),
  });
  const ask = (method: string, body: object) =>
    codeOf(mine.send(`/${AGENT_SERVICE}/${method}`, Buffer.from(JSON.stringify(body))));
  const log = { firstSeq: 0, lines: [[1, 'out', 'x']], progress: null, result: null };
  const claims = engine.store.claims.length;
  for (const bad of [
    message(foreign, foreign),
    message(own, foreign),
    message(own, second),
    { token: '', ticket: '' },
  ]) {
    expect(await ask('Claim', bad)).toBe(PERMISSION_DENIED);
    expect(await ask('Report', { ...bad, ...log })).toBe(PERMISSION_DENIED);
  }
  expect(engine.store.claims).toHaveLength(claims);
  expect([audited('Claim'), audited('Report')]).toEqual([true, true]);
  const good = message(own, own);
  for (const bad of [
    {},
    { ...good, ...log, lines: [[1, 'out', 'a\0b']] },
    { ...good, ...log, lines: [[1, 'x', '']] },
    { ...good, ...log, firstSeq: -1 },
  ])
    expect(await ask('Report', bad)).toBe(INVALID_ARGUMENT);
  expect(await ask('Report', { ...good, ...log, lines: [[1, 'out', 'a'.repeat(20_000)]] })).toBe(INVALID_ARGUMENT);
  expect(await ask('Report', { ...good, ...log, lines: [[1, 'out', 'literally \\u0000']] })).toBe(0);
  expect(await ask('Claim', good)).toBe(0);
  await Promise.all([mine.complete(own.taskToken), mine.complete(second.taskToken), yours.complete(foreign.taskToken)]);
});

test('HJ-33: ids that are none and texts that nothing can store are refused and audited, and the audit takes whatever they hold', {
  timeout: 60_000,
}, async () => {
  const ask = (method: string, body: object) =>
    codeOf(mine.send(`/${AGENT_SERVICE}/${method}`, Buffer.from(JSON.stringify(body))));
  for (const jobId of ['\u0000', '\ud800', 'job_x'])
    expect([jobId, await ask('Beat', { epoch: 0, running: [{ jobId, attempt: 1 }] })]).toEqual([
      jobId,
      INVALID_ARGUMENT,
    ]);
  expect(await ask('Beat', { epoch: 0, running: [], '\u0000\ud800': 1 })).toBe(INVALID_ARGUMENT);
  expect(audited('Beat')).toBe(true);
  const { DescribeNamespaceRequest } = proto.temporal.api.workflowservice.v1;
  const strange = DescribeNamespaceRequest.encode({ namespace: 'a\u0000\u001b[31m' }).finish();
  expect(await codeOf(mine.send(temporalPath('DescribeNamespace'), strange))).toBe(PERMISSION_DENIED);
  await expect
    .poll(() => engine.store.auditRows(mine.host.hostId))
    .toMatchObject([
      { call: 'Beat', times: 1 },
      { call: 'DescribeNamespace', detail: 'namespace "a␀"', times: 1 },
    ]);
});
