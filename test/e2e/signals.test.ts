import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { ask, NPM_START, ownFolder, processesOf, removeFolder, Up } from './up-process.ts';

const folder = ownFolder();
const data = join(folder, 'data');
afterAll(() => removeFolder(folder));

async function start(command = NPM_START): Promise<Up> {
  const up = new Up({ HOLDFAST_DATA: data }, ['--no-first-job'], 'true', command);
  await up.until('Ctrl-C stops everything');
  return up;
}

const PARTS = ['api', 'agent', 'worker', 'gateway', 'temporal-ui', 'temporal', 'postgres'];

async function expectOrder(up: Up): Promise<void> {
  const { out } = await up.ended;
  expect([...out.matchAll(/\] (\S+): stopped/g)].map((found) => found[1])).toEqual(PARTS);
  expect(out).toContain('stopped, nothing is left running');
  expect(out).not.toMatch(/starting it again|ending everything/);
  expect(processesOf(folder)).toEqual([]);
}

const pidsOf = (words: RegExp) =>
  processesOf(folder).flatMap((line) => (words.test(line.replace(/^\d+ /, '')) ? [Number.parseInt(line, 10)] : []));

test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
  'RUN-21, RUN-3: %s to the process group of `npm start` stops everything in order',
  async (signal) => {
    const up = await start();
    up.signalGroup(signal);
    await expectOrder(up);
  },
);

test.each([
  ['SIGINT', 'the start script', /^\S*node \S*start\.mjs/],
  ['SIGKILL', 'the start script', /^\S*node \S*start\.mjs/],
  ['SIGHUP', 'npm', /^npm start/],
  ['SIGKILL', 'npm', /^npm start/],
] as const)('RUN-21: %s to %s alone stops everything in order', async (signal, _who, words) => {
  const up = await start();
  const found = pidsOf(words);
  expect(found).toHaveLength(1);
  process.kill(found[0]!, signal);
  await expectOrder(up);
});

test('RUN-21: started by nohup it outlives its terminal', async () => {
  const up = await start(['bash', '-c', 'nohup npm start -- "$0"']);
  up.signalGroup('SIGHUP');
  // npm itself ends of it, whatever we do; only then is it certain that the signal has arrived everywhere.
  await vi.waitUntil(() => pidsOf(/^npm start/).length === 0, { timeout: 10_000 });
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect((await ask(data, 'jobs')).status).toBe(200);
  expect(up.out).not.toContain('stopping');
  process.kill(pidsOf(/main\.mjs up/)[0]!, 'SIGTERM');
  await expectOrder(up);
});

interface JobAnswer {
  readonly id: string;
  readonly state: string;
}

/** One that ended of the signal to another is no error: a service manager's look at its group is as old as ours. */
function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}

test('RUN-21: SIGTERM to every process, as systemd sends it, loses no job', async () => {
  const first = await start();
  const hosts = (await (await ask(data, 'hosts?name=local')).json()) as { items: { id: string }[] };
  const wanted = { kind: 'noop', target: { hostId: hosts.items[0]!.id }, params: { sleepMs: 3_000 } };
  const job = (await (await ask(data, 'jobs', wanted)).json()) as JobAnswer;
  const state = async () => ((await (await ask(data, `jobs/${job.id}`)).json()) as JobAnswer).state;
  const attempts = join(data, 'agent/attempts');
  const taken = () => existsSync(attempts) && readdirSync(attempts).length > 0;
  await vi.waitUntil(async () => taken() && (await state()) === 'running', { timeout: 60_000, interval: 100 });
  for (const pid of pidsOf(/./)) terminate(pid);
  await expectOrder(first);

  const again = await start();
  await vi.waitUntil(async () => (await state()) === 'succeeded', { timeout: 120_000, interval: 250 });
  again.signalGroup('SIGTERM');
  await expectOrder(again);
});
