import { afterAll, beforeAll, expect, test } from 'vitest';
import { AGENT_SERVICE, TICKET_HEADER } from '../../src/domain/jobs/agent-protocol.ts';
import { Attacker } from './attacker.ts';
import { type Engine, startEngine } from './engine.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await startEngine();
}, 15 * 60_000);
afterAll(() => engine.stop(), 60_000);

const HELLO = {
  ...{ protocol: 1, agentVersion: '0.1.0', hostname: 'test', os: 'linux', arch: 'x64' },
  ...{ programs: [], powers: [], activities: [] },
};
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

/** An agent that takes a task and is never heard of again, and the one that is started in its place. */
async function twoAgents(beforeDeath: (agent: Attacker, task: Awaited<ReturnType<Attacker['poll']>>) => Promise<void>) {
  const agent = await Attacker.on(engine, engine.store.enrol('dies'));
  const job = await engine.startJob('noop', agent.queue);
  const task = await agent.poll();
  expect(task.activityId).toBe('1');
  await beforeDeath(agent, task);
  await agent.send(`/${AGENT_SERVICE}/Hello`, json(HELLO));
  return { agent, job };
}

test('a task that was handed out and never began is ended when the next agent comes', async () => {
  const { agent, job } = await twoAgents(async () => {});
  // Without it the run hears of it after a heartbeat time-out, which is 60 s here.
  await expect(job.result()).rejects.toMatchObject({ cause: { cause: { type: 'AgentRestarted' } } });
  await agent.close();
});

test('a task that was claimed is left to its token: its program may still run', async () => {
  const { agent, job } = await twoAgents(async (dying, task) => {
    const token = Buffer.from(task.taskToken).toString('base64');
    const ticket = Buffer.from(task.header!.fields![TICKET_HEADER]!.data!).toString('base64');
    await dying.send(`/${AGENT_SERVICE}/Claim`, json({ token, ticket }));
  });
  const { raw } = await job.describe();
  expect(raw.pendingActivities).toMatchObject([{ activityId: '1', attempt: 1 }]);
  await job.terminate();
  await agent.close();
});
