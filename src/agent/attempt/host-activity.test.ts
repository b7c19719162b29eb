import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, asyncLocalStorage, CancelledFailure, type Context } from '@temporalio/activity';
import { expect, test } from 'vitest';
import { cleanUps, hostActivities } from '../../activities/host/index.ts';
import { KINDS } from '../../kinds/index.ts';
import { systemClock } from '../../lib/clock.ts';
import { findSetpriv } from '../programs/parent-death-signal.ts';
import { HOST_ACTIVITY_FAULT } from './host-activity.ts';

const INPUT = { kind: 'noop', jobId: 'job_1', runNo: 1, attempt: 1 };
const DEPS = {
  clock: systemClock,
  setpriv: null,
  resticPath: '/nowhere/restic',
  resticVersion: null,
  dataDir: '/nowhere',
  ownFolders: [],
  agentMark: `test-${process.pid}`,
  baseEnv: {},
  hostName: 'db-1',
};
const activities = hostActivities(DEPS);

/** The two things of Temporal's context that an attempt uses. */
function inContext(name: string, work: unknown, signal = new AbortController().signal) {
  const context = { cancellationSignal: signal, heartbeat: () => undefined } as unknown as Context;
  const link = {
    claim: () => Promise.resolve({ work, secrets: {} }),
    report: (firstSeq: number, lines: readonly unknown[]) =>
      Promise.resolve({ nextSeq: firstSeq + lines.length, closed: false }),
  };
  return asyncLocalStorage.run(context, () => activities[name]!(INPUT, link, new AbortController().signal));
}

test('an agent can do every kind and every clean-up that a kind names', () => {
  expect(Object.keys(activities)).toEqual(expect.arrayContaining(KINDS.map((kind) => kind.activity)));
  expect(Object.keys(cleanUps(DEPS))).toEqual(expect.arrayContaining(KINDS.flatMap((kind) => kind.stop.cleanUp ?? [])));
});

test('Temporal sees the outcome, the reason of the stop, or a type with a code: never words, stack or cause', async () => {
  const work = { message: 'hi', sleepMs: 0, logLines: 0 };
  expect(await inContext('noop.v1', work)).toMatchObject({ code: 'succeeded' });
  const stop = new AbortController();
  const sleeping = inContext('noop.v1', { ...work, sleepMs: 60_000 }, stop.signal);
  setTimeout(() => stop.abort(new CancelledFailure('CANCELLED')), 10);
  await expect(sleeping).rejects.toBeInstanceOf(CancelledFailure);
  const fault = await inContext('noop.v1', { secret: 'canary' }).catch((thrown: unknown) => thrown);
  expect(fault).toBeInstanceOf(ApplicationFailure);
  expect(fault).toMatchObject({ type: HOST_ACTIVITY_FAULT, message: 'invalid-work', nonRetryable: true });
  expect((fault as Error).cause).toBeUndefined();
});

test('a program dies with an agent that is killed', async ({ skip }) => {
  const setpriv = await findSetpriv();
  if (setpriv === null) return skip('no setpriv on this machine');
  const folder = await mkdtemp(join(tmpdir(), 'agent-killed-'));
  const script = join(folder, 'agent.ts');
  await writeFile(
    script,
    `import { writeFileSync } from 'node:fs';
     import { runProgram } from ${JSON.stringify(join(import.meta.dirname, '../programs/run-program.ts'))};
     runProgram({ file: '/bin/sh', args: ['-c', 'echo $$; exec sleep 30'], env: {} }, {
       signal: new AbortController().signal, stop: { signal: 'SIGTERM', graceMs: 1 }, maxLineBytes: 100,
       setpriv: ${JSON.stringify(setpriv)}, onLine: (_stream, line) => writeFileSync(${JSON.stringify(join(folder, 'pid'))}, line) });`,
  );
  const agent = spawn(process.execPath, [script], { stdio: 'inherit' });
  const pidOf = () => readFile(join(folder, 'pid'), 'utf8').catch(() => '');
  while ((await pidOf()) === '') await sleep(20);
  agent.kill('SIGKILL');
  const isGone = () =>
    readFile(`/proc/${pid}/cmdline`, 'utf8').then(
      (args) => args === '',
      () => true,
    );
  const pid = Number(await pidOf());
  await expect.poll(isGone, { timeout: 10_000 }).toBe(true);
  await rm(folder, { recursive: true });
});
