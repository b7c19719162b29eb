import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { findRestic } from '../harness/restic.ts';
import { ask, ownFolder, processesOf, removeFolder, Up } from './up-process.ts';

const folder = ownFolder();
const data = join(folder, 'data');
const start = () => new Up({ HOLDFAST_DATA: data });
afterAll(() => removeFolder(folder));

interface JobAnswer {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
}
const jobs = async () => ((await (await ask(data, 'jobs')).json()) as { items: JobAnswer[] }).items;
const pidOf = (name: string) => JSON.parse(readFileSync(join(data, 'run', `${name}.pid`), 'utf8')).pid as number;
const ended = (kind: string) => ({ kind, state: 'succeeded' });
const seconds = (up: Up) => `${((Date.now() - up.startedAt) / 1000).toFixed(1)} s`;

test('RUN-3: the first start makes one real backup that restic itself can read, and Ctrl-C leaves nothing', async () => {
  const up = start();
  await up.until('Ctrl-C stops everything');
  const snapshot = /Snapshot {2}(\w+)/.exec(up.out)?.[1];
  const password = /shown this once: (\S+)/.exec(up.out)?.[1];
  expect(up.out).toMatch(/\/setup#token=hfs_[\w-]{43}\n/);
  const listed = spawnSync(findRestic()!.path, ['snapshots', '--json', '--no-lock'], {
    env: { RESTIC_REPOSITORY: join(data, 'repositories/first'), RESTIC_PASSWORD: password ?? '', HOME: folder },
    encoding: 'utf8',
  });
  const snapshots = JSON.parse(listed.stdout) as { id: string; paths: string[] }[];
  expect(snapshots).toHaveLength(1);
  expect(snapshots[0]!.id.startsWith(snapshot ?? 'none')).toBe(true);
  expect(statSync(join(data, 'cli.json')).mode & 0o777).toBe(0o600);
  expect(statSync(join(data, 'keyring.json')).mode & 0o777).toBe(0o600);
  expect(await jobs()).toMatchObject([ended('backup'), ended('init')]);

  up.signal('SIGINT');
  const end = await up.ended;
  expect(end).toMatchObject({ code: 0, err: '' });
  const stopped = [...end.out.matchAll(/\] (\S+): stopped/g)].map((found) => found[1]);
  expect(stopped).toEqual(['api', 'agent', 'worker', 'gateway', 'temporal-ui', 'temporal', 'postgres']);
  expect(processesOf(folder)).toEqual([]);
});

test('RUN-2, RUN-3: the second start keeps the data and makes no second backup; a second Ctrl-C ends all at once', async ({
  annotate,
}) => {
  const up = start();
  await up.until('Ctrl-C stops everything');
  await annotate(`second start: ${seconds(up)}`);
  expect(up.out).not.toContain('first backup');
  // Those of the first start.
  expect(await jobs()).toHaveLength(2);

  // One that hangs, so that there is something to be impatient about.
  process.kill(pidOf('temporal-server'), 'SIGSTOP');
  up.signal('SIGINT');
  await up.until('temporal-ui: stopped');
  // As a person does it; what comes within a second of the first counts as its copy.
  const presses = setInterval(() => up.signal('SIGINT'), 200);
  const end = await up.ended;
  clearInterval(presses);
  expect(end.code).toBe(130);
  expect(end.out).toContain('ending everything at once');
  expect(end.out).not.toContain('starting it again');
  expect(processesOf(folder)).toEqual([]);
});

test('RUN-2: after kill -9 the next start ends what was left, and the job that ran is done again', async () => {
  const killed = start();
  await killed.until('Ctrl-C stops everything');
  const hosts = (await (await ask(data, 'hosts?name=local')).json()) as { items: { id: string }[] };
  const wanted = { kind: 'noop', target: { hostId: hosts.items[0]!.id }, params: { sleepMs: 8_000 } };
  const job = (await (await ask(data, 'jobs', wanted)).json()) as JobAnswer;
  const state = async () => ((await (await ask(data, `jobs/${job.id}`)).json()) as JobAnswer).state;
  // Until the agent has it: what was handed out but not taken is found by its time-out only.
  const taken = () => readdirSync(join(data, 'agent/attempts')).length > 0;
  await vi.waitUntil(async () => taken() && (await state()) === 'running', { timeout: 20_000, interval: 100 });
  killed.signal('SIGKILL');
  await killed.ended;

  const up = start();
  await up.until('Ctrl-C stops everything');
  expect(up.out).toContain('ended what a killed run had left');
  const run = join(data, 'run');
  for (const file of readdirSync(run))
    expect(JSON.parse(readFileSync(join(run, file), 'utf8'))).toMatchObject({ parentPid: up.child.pid });
  await vi.waitUntil(async () => (await state()) === 'succeeded', { timeout: 90_000, interval: 250 });
  up.signal('SIGINT');
  expect((await up.ended).code).toBe(0);
  expect(processesOf(folder)).toEqual([]);
});

test('one of ours that dies is started again, and so are Temporal and PostgreSQL', async () => {
  const up = start();
  await up.until('Ctrl-C stops everything');
  for (const [name, file] of [
    ['worker', 'worker'],
    ['temporal', 'temporal-server'],
    ['postgres', 'postgres'],
  ] as const) {
    process.kill(pidOf(file), 'SIGKILL');
    await up.until(`${name}: was killed by SIGKILL; starting it again`);
    await up.until(`${name}: started again`);
  }
  const hosts = (await (await ask(data, 'hosts?name=local')).json()) as { items: { id: string }[] };
  const wanted = { kind: 'noop', target: { hostId: hosts.items[0]!.id }, params: { sleepMs: 500 } };
  const job = (await (await ask(data, 'jobs', wanted)).json()) as JobAnswer;
  const state = async () => ((await (await ask(data, `jobs/${job.id}`)).json()) as JobAnswer).state;
  await vi.waitUntil(async () => (await state()) === 'succeeded', { timeout: 60_000, interval: 250 });
  up.signal('SIGINT');
  expect((await up.ended).code).toBe(0);
  expect(processesOf(folder)).toEqual([]);
});

test.each(['programs:', 'postgres: ready', 'namespace', 'gateway: open'])(
  'Ctrl-C while it starts, after "%s", leaves nothing',
  async (step) => {
    const up = start();
    await up.until(step);
    up.signal('SIGINT');
    expect(await up.ended).toMatchObject({ code: 0, err: '' });
    expect(processesOf(folder)).toEqual([]);
  },
);
