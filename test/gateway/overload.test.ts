import { Metadata, status } from '@grpc/grpc-js';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { wrapToken } from '../../src/gateway/proxy/tokens.ts';
import { temporalPath } from '../../src/gateway/proxy/upstream.ts';
import { lengthField } from '../../src/gateway/proxy/wire.ts';
import { systemRandom } from '../../src/lib/ids.ts';
import { Attacker, codeOf, wholeJob } from './attacker.ts';
import { type Engine, NAMESPACE, startEngine } from './engine.ts';

const { INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNAUTHENTICATED, UNAVAILABLE } = status;

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

const audited = (what: string) =>
  engine.store.audit.some((row) => row.hostId === mine.host.hostId && row.what === what);

test('oversize, garbage, floods and slow calls hurt only who sends them', { timeout: 60_000 }, async () => {
  const beat = temporalPath('RecordActivityTaskHeartbeat');
  expect(await codeOf(mine.send(beat, Buffer.alloc(1_500_000)))).toBe(RESOURCE_EXHAUSTED);
  await expect.poll(() => audited('RecordActivityTaskHeartbeat')).toBe(true);
  expect(await codeOf(mine.send(beat, Buffer.alloc(5_000_000)))).toBe(RESOURCE_EXHAUSTED);
  expect(await codeOf(mine.send(temporalPath('DescribeNamespace'), systemRandom(500)))).toBe(INVALID_ARGUMENT);
  const letGo = mine.hang(60);
  expect(await codeOf(wholeJob(engine, yours))).toBe(0);
  letGo();

  const beganMs = Date.now();
  const flood = Array.from({ length: 1_200 }, () => codeOf(mine.send(temporalPath('GetSystemInfo'), Buffer.alloc(0))));
  const codes = await Promise.all(flood);
  const seconds = (Date.now() - beganMs) / 1_000;
  expect(codes.filter((code) => code === 0).length).toBeLessThanOrEqual(600 + 200 * (seconds + 1));
  // On a machine that takes longer it is no flood: a host may make 200 calls a second.
  if (seconds < 2) await expect.poll(() => audited('GetSystemInfo'), { timeout: 10_000 }).toBe(true);
  expect(await codeOf(wholeJob(engine, yours))).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const { PollActivityTaskQueueRequest } = proto.temporal.api.workflowservice.v1;
  const request = { namespace: NAMESPACE, identity: mine.identity, taskQueue: { name: mine.queue } };
  const poll = PollActivityTaskQueueRequest.encode(request).finish();
  const early: (number | string)[] = [];
  for (let count = 0; count < 20; count++)
    void codeOf(mine.send(temporalPath('PollActivityTaskQueue'), poll)).then((code) => early.push(code));
  await expect.poll(() => early, { timeout: 30_000 }).toEqual(Array(8).fill(RESOURCE_EXHAUSTED));
});

test('without a good credential there is nothing; with the database away, later', { timeout: 60_000 }, async () => {
  const as = (authorization: string) => {
    const metadata = new Metadata();
    metadata.set('authorization', authorization);
    return metadata;
  };
  const { credential } = engine.store.enrol('gone');
  engine.store.revoke(credential);
  const call = (method: string, who: Metadata) => codeOf(mine.send(temporalPath(method), Buffer.alloc(0), who));
  for (const who of [new Metadata(), as(credential), as(`Bearer ${credential}`), as('Bearer x')]) {
    expect(await call('GetSystemInfo', who)).toBe(UNAUTHENTICATED);
    expect(await call('StartWorkflowExecution', who)).toBe(UNAUTHENTICATED);
    expect(await call('PollActivityTaskQueue', who)).toBe(PERMISSION_DENIED);
    expect(await call('RecordActivityTaskHeartbeat', who)).toBe(NOT_FOUND);
  }
  engine.store.away = true;
  expect(await call('RecordActivityTaskHeartbeat', as(`Bearer ${engine.store.enrol('new').credential}`))).toBe(
    UNAVAILABLE,
  );
  engine.store.away = false;
});

test('a namespace that is not there yet means later, not "stop what you do"', { timeout: 60_000 }, async () => {
  const namespace = 'made-anew-soon';
  const gateway = await engine.openGateway(namespace);
  const at = { ...engine, gatewayAddress: `127.0.0.1:${gateway.port}` };
  const host = await Attacker.on(at, engine.store.enrol('early'));
  expect(await codeOf(host.send(temporalPath('DescribeNamespace'), lengthField(1, Buffer.from(namespace))))).toBe(
    UNAVAILABLE,
  );
  const taskToken = wrapToken(engine.keyring, 'activity', host.host.hostId, Buffer.from('\x0a\x01a'));
  const { RecordActivityTaskHeartbeatRequest } = proto.temporal.api.workflowservice.v1;
  const beat = RecordActivityTaskHeartbeatRequest.encode({ namespace, identity: host.identity, taskToken }).finish();
  expect(await codeOf(host.send(temporalPath('RecordActivityTaskHeartbeat'), beat))).toBe(UNAVAILABLE);
  await host.close();
  await gateway.stop();
});
