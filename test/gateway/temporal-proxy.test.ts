import proto from '@temporalio/proto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { mainQueue } from '../../src/catalog/queues.ts';
import { publicId } from '../../src/lib/ids.ts';
import { AgentChild } from './agent-child.ts';
import { type Engine, startEngine } from './engine.ts';

let engine: Engine;
const agents: AgentChild[] = [];
beforeAll(async () => {
  engine = await startEngine();
}, 15 * 60_000);
afterAll(() => engine.stop(), 60_000);
afterEach(async () => {
  for (const { child, exit } of agents.splice(0)) {
    child.kill('SIGKILL');
    await exit;
  }
});

function startAgent(name: string, host = engine.store.enrol(name)) {
  const agent = new AgentChild(engine, host.credential, name);
  agents.push(agent);
  return { host, agent, queue: mainQueue(host.hostId) };
}

/** Everything that Temporal keeps of a run, as bytes one could search. */
async function historyText(workflowId: string): Promise<string> {
  const history = await engine.client.workflow.getHandle(workflowId).fetchHistory();
  return Buffer.from(proto.temporal.api.history.v1.History.encode(history).finish()).toString('latin1');
}

test('a job goes through: plain at the agent, unreadable in the history', { timeout: 60_000 }, async () => {
  const { host, agent, queue } = startAgent('one');
  await agent.tells('ready');
  const job = await engine.startJob('noop', queue);
  expect(await job.result()).toEqual({
    code: 'succeeded',
    counts: { files: 1 },
    refs: { text: 'the letters of /home/eva' },
  });
  const told = await agent.tells('noop');
  expect(told).toMatchObject({ input: { kind: 'backup', runNo: 1, attempt: 1 }, nextSeq: 1 });
  expect(told.claim).toMatchObject({ work: { paths: ['/etc'] }, secrets: { password: 'sesame' } });
  expect(engine.store.lines.at(-1)).toMatchObject([expect.any(Number), 'out', 'hello']);
  expect(engine.store.claims.at(-1)).toMatchObject({ runNo: 1, attempt: 1, activity: 'restic.backup.v1' });
  const text = await historyText(job.workflowId);
  expect(text).toContain('restic.backup.v1');
  expect(text).toContain(publicId('host', host.hostId));
  for (const hidden of ['letters', 'succeeded', '"kind"', 'sesame', 'holdfast-ticket'])
    expect(text).not.toContain(hidden);

  const failing = await engine.startJob('fail', queue);
  await expect(failing.result()).rejects.toMatchObject({ cause: { cause: { message: 'the letters of /home/eva' } } });
  expect(await historyText(failing.workflowId)).not.toContain('letters');
  await expect
    .poll(() => engine.store.beaten.some((beat) => beat.hostId === host.hostId), { timeout: 5_000 })
    .toBe(true);
  expect(engine.store.audit).toEqual([]);
});

test('an agent with all that hosts do holds at most 150 MiB from its second start on', {
  timeout: 60_000,
}, async () => {
  const { agent: first, host } = startAgent('memory');
  await first.tells('ready');
  const firstMib = await first.rssMib();
  first.child.kill('SIGTERM');
  await first.exit;
  const { agent, queue } = startAgent('memory', host);
  await agent.tells('ready');
  for (let count = 0; count < 20; count++) await (await engine.startJob('noop', queue)).result();
  const secondMib = await agent.rssMib();
  process.stdout.write(`agent: ${firstMib} MiB at its first start, ${secondMib} MiB at its second after 20 jobs\n`);
  expect(secondMib).toBeLessThanOrEqual(150);
});

test('a cancel is pushed, long before an answer to a heartbeat could bring it', {
  timeout: 60_000,
}, async () => {
  const { agent, queue } = startAgent('two');
  const job = await engine.startJob('wait', queue);
  await agent.tells('waiting');
  // Two heartbeats are over, so that no answer to one can carry the cancel for the next 10 s.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const beganMs = Date.now();
  await job.cancel();
  const { atMs, reason } = await agent.tells('cancelled');
  process.stdout.write(`cancel push: ${Number(atMs) - beganMs} ms\n`);
  expect(reason).toBe('CANCELLED');
  // On a quiet machine within a second.
  expect(Number(atMs) - beganMs).toBeLessThan(8_000);
  await expect(job.result()).rejects.toMatchObject({ name: 'WorkflowFailedError' });
});

test('SIGTERM ends an agent with work and without', { timeout: 60_000 }, async () => {
  const { agent, queue } = startAgent('three');
  await engine.startJob('wait', queue);
  await agent.tells('waiting');
  agent.child.kill('SIGTERM');
  // In order: 130 would say that its stop hung and was cut off.
  expect(await agent.exit).toBe(0);
});

test('SIGTERM ends an agent whose gateway is away, before it ever met it and after', { timeout: 60_000 }, async () => {
  const met = startAgent('four').agent;
  await met.tells('ready');
  await engine.restartGateway(0);
  const away = engine.restartGateway(6_000);
  const never = startAgent('five').agent;
  await never.tells('log');
  for (const { child } of [met, never]) child.kill('SIGTERM');
  const codes = Promise.all([met.exit, never.exit]);
  expect(await codes).toEqual([0, 0]);
  await away;
});

test('a gateway that comes back finds the agent working on', { timeout: 60_000 }, async () => {
  const { agent, queue } = startAgent('six');
  const waiting = await engine.startJob('wait', queue);
  await agent.tells('waiting');
  await engine.restartGateway(3_000);
  await waiting.cancel();
  expect(await agent.tells('cancelled')).toMatchObject({ reason: 'CANCELLED' });
  const job = await engine.startJob('noop', queue);
  expect(await job.result()).toMatchObject({ code: 'succeeded' });
});

test('a revoked agent stops its work, exits and says why', { timeout: 90_000 }, async () => {
  const { agent, host, queue } = startAgent('seven');
  await engine.startJob('wait', queue);
  await agent.tells('waiting');
  engine.store.revoke(host.credential);
  expect(await agent.exit).toBe(10);
  expect(agent.told.find((one) => one.event === 'cancelled')).toBeDefined();
  expect(agent.told.at(-1)).toMatchObject({ message: 'agent stopped', text: expect.stringContaining('revoked') });
  const again = new AgentChild(engine, host.credential, 'seven');
  agents.push(again);
  expect(await again.exit).toBe(10);
});

test('of two agents with one credential the older stops', { timeout: 90_000 }, async () => {
  const { agent: older, host } = startAgent('eight');
  await older.tells('ready');
  const { agent: younger, queue } = startAgent('clone', host);
  await younger.tells('ready');
  expect(await older.exit).toBe(11);
  const job = await engine.startJob('noop', queue);
  expect(await job.result()).toMatchObject({ code: 'succeeded' });
  expect(younger.child.exitCode).toBeNull();
});

test('what died with the agent is ended as soon as it is back', { timeout: 60_000 }, async () => {
  const { agent, host, queue } = startAgent('nine');
  const job = await engine.startJob('wait', queue);
  await agent.tells('waiting');
  agent.child.kill('SIGKILL');
  await agent.exit;
  const beganMs = Date.now();
  startAgent('nine', host);
  await expect(job.result()).rejects.toMatchObject({ cause: { cause: { type: 'AgentRestarted' } } });
  expect(Date.now() - beganMs).toBeLessThan(30_000);
});
