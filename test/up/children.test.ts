import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { choosePorts } from '../../src/embedded/ports.ts';
import { spawnChild } from '../../src/embedded/supervisor/children.ts';
import { endLeftovers } from '../../src/embedded/supervisor/leftovers.ts';
import { isAlive, isGroupAlive, waitUntil } from '../../src/embedded/supervisor/process-identity.ts';
import { env, formerRun, livingProcess, ownFolder } from './place.ts';
import { spawnStubborn } from './talking-child.ts';

/** For what happens at once on a quiet machine: how long it took is not what these tests are about. */
const PATIENCE_MS = 20_000;

test('RUN-3: stopping a child ends its whole group, even one that does not hear the signal, and removes its pid file', async () => {
  const runDir = join(ownFolder(), 'run');
  const child = await spawnStubborn({ name: 'stubborn', runDir });
  expect(readdirSync(runDir)).toEqual(['stubborn.pid']);
  expect((await child.stop({ graceMs: 200 })).signal).toBe('SIGKILL');
  expect(await waitUntil(() => !isGroupAlive(child.pid), PATIENCE_MS)).toBe(true);
  expect(readdirSync(runDir)).toEqual([]);
});

test('a program that is not there gives one message', async () => {
  const wanted = spawnChild({
    name: 'none',
    command: '/nowhere/none',
    args: [],
    env,
    runDir: join(ownFolder(), 'run'),
  });
  await expect(wanted).rejects.toThrow(/none could not be started.*\/nowhere\/none.*Check that/);
});

test('after kill -9 of a run, the next start ends its children and their groups', async () => {
  const folder = ownFolder();
  const run = await formerRun<{ one: number; two: number }>('sleepers', folder);
  const one = livingProcess(run.said.one);
  await run.kill();
  expect(isAlive(one)).toBe(true);
  expect((await endLeftovers(join(folder, 'run'))).sort()).toEqual(['one', 'two']);
  expect(isAlive(one)).toBe(false);
  expect(isGroupAlive(run.said.two)).toBe(false);
  expect(readdirSync(join(folder, 'run'))).toEqual([]);
});

test('the children of a run that still lives are not ended: the start is refused', async () => {
  const folder = ownFolder();
  const run = await formerRun<{ one: number; two: number }>('sleepers', folder);
  await expect(endLeftovers(join(folder, 'run'))).rejects.toThrow(
    `running already with this data folder, as process ${run.pid}`,
  );
  expect(isAlive(livingProcess(run.said.one))).toBe(true);
  await run.kill();
  await endLeftovers(join(folder, 'run'));
});

test('a number that was given to another process is never signalled', async () => {
  const folder = ownFolder();
  const runDir = join(folder, 'run');
  const other = await spawnChild({
    name: 'other',
    command: 'sleep',
    args: ['600'],
    env,
    runDir: join(folder, 'elsewhere'),
  });
  mkdirSync(runDir);
  const record = {
    name: 'old',
    pid: other.pid,
    startTime: '1',
    parentPid: 1,
    parentStartTime: '1',
    stopSignal: 'SIGKILL',
    stopGraceMs: 0,
  };
  writeFileSync(join(runDir, 'old.pid'), JSON.stringify(record));
  writeFileSync(join(runDir, 'half.pid'), '{"name":"ha');
  expect(await endLeftovers(runDir)).toEqual([]);
  expect(other.running()).toBe(true);
  expect(readdirSync(runDir)).toEqual([]);
  await other.stop();
});

test('a node child ends by itself at once when its parent is killed, though a sibling lives on', async () => {
  const folder = ownFolder();
  const run = await formerRun<{ child: number; sibling: number }>('watching', folder);
  const child = livingProcess(run.said.child);
  await run.kill();
  expect(await waitUntil(() => !isAlive(child), PATIENCE_MS)).toBe(true);
  expect(await endLeftovers(join(folder, 'run'))).toEqual(['sibling']);
});

test('ports are remembered, chosen anew when taken, and fit into an int2', async () => {
  const file = join(ownFolder(), 'ports.json');
  const first = await choosePorts(file, ['a', 'b']);
  expect(await choosePorts(file, ['a', 'b'])).toEqual(first);
  const thief = createServer();
  await new Promise<void>((resolve) => thief.listen(first.a, '127.0.0.1', resolve));
  const second = await choosePorts(file, ['a', 'b']);
  thief.close();
  expect(second.a).not.toBe(first.a);
  expect(second.b).toBe(first.b);
  expect(Math.max(...Object.values({ ...first, ...second }))).toBeLessThan(32_768);
});

test('a log is held to its size while its child writes, and a line that is written later is there', async () => {
  const folder = ownFolder();
  const logFile = join(folder, 'logs', 'talker.log');
  const bounds = { bytes: 100_000, lookEveryMs: 20 };
  // Waits for each megabyte to be made small before it writes the next one.
  const script = `for i in 1 2 3; do head -c 1000000 /dev/zero | tr '\\0' x; while [ "$(stat -c %s "$1")" -gt 100000 ]; do sleep 0.02; done; done; echo the last line`;
  const order = {
    name: 'talker',
    command: 'sh',
    args: ['-c', script, 'sh', logFile],
    env,
    runDir: join(folder, 'run'),
  };
  const child = await spawnChild({ ...order, logFile, logBounds: bounds });
  expect((await child.exited).code).toBe(0);
  expect(readFileSync(logFile, 'utf8').endsWith('the last line\n')).toBe(true);
  expect(statSync(logFile).size).toBeLessThan(100_100);
  expect(statSync(`${logFile}.1`).size).toBeGreaterThan(100_000);
  expect(statSync(logFile).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(folder, 'logs')).sort()).toEqual(['talker.log', 'talker.log.1']);
});
