import type { HostDeps } from '../../src/activities/host/index.ts';
import { backupBody } from '../../src/activities/host/restic/backup/backup.ts';
import type { AttemptBody } from '../../src/agent/attempt/attempt-context.ts';
import { type HostActivity, hostActivity } from '../../src/agent/attempt/host-activity.ts';
import { backup } from '../../src/kinds/backup/backup.ts';
import { gate, tell } from './gates.ts';

/** How the test kinds are stopped: a short grace, so that what ignores the signal is killed soon. */
export const TEST_STOP = { signal: 'SIGTERM', graceMs: 1_000, cleanUp: null } as const;

/** What well-behaved kinds never do. Only test agents know these activities; a test puts them under a kind (test-kinds.ts). */
export const TEST_ACTIVITIES = {
  /** Ignores every signal that can be ignored. */
  stubborn: 'test.stubborn.v1',
  /** Has children, one of which left its process group. */
  forking: 'test.forking.v1',
  /** Does not listen to a stop: answers when it is done, two seconds after it began. */
  deaf: 'test.deaf.v1',
  /** Waits at each step until the test lets it through, also when it is told to stop (gates.ts). */
  gated: 'test.gated.v1',
  /** A backup that takes long, because its upload is slow. */
  slowBackup: 'test.slow-backup.v1',
} as const;

const SCRIPTS = {
  stubborn: `trap '' TERM INT HUP; echo stubborn; while :; do sleep 1; done`,
  forking: `echo forking; sleep 301 & (sleep 302 & sleep 303) & setsid sleep 304 & sleep 305; wait`,
};

const script =
  (name: keyof typeof SCRIPTS): AttemptBody =>
  async (context) => {
    await context.claim();
    const program = { file: '/bin/sh', args: ['-c', SCRIPTS[name]], env: { PATH: '/usr/bin:/bin' } };
    const end = await context.run(program, (stream, line) => context.log(line, stream));
    if (end.stopped) throw context.signal.reason;
    return { outcome: { code: 'succeeded', counts: {}, refs: {} }, failures: [], failureCount: 0 };
  };

const deaf: AttemptBody = async (context) => {
  await context.claim();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  return { outcome: { code: 'succeeded', counts: {}, refs: {} }, failures: [], failureCount: 0 };
};

const gated: AttemptBody = async (context) => {
  context.signal.addEventListener('abort', () => tell('stop heard'));
  await gate('claim');
  await context.claim();
  await gate('spawn');
  const program = { file: '/bin/sh', args: ['-c', 'echo the program ran'], env: { PATH: '/usr/bin:/bin' } };
  const end = await context.run(program, (stream, line) => context.log(line, stream));
  if (end.stopped) throw context.signal.reason;
  await gate('answer');
  return { outcome: { code: 'succeeded', counts: {}, refs: {} }, failures: [], failureCount: 0 };
};

export function testActivities(deps: HostDeps): Readonly<Record<string, HostActivity>> {
  return {
    [TEST_ACTIVITIES.stubborn]: hostActivity(TEST_STOP, script('stubborn'), deps),
    [TEST_ACTIVITIES.forking]: hostActivity(TEST_STOP, script('forking'), deps),
    [TEST_ACTIVITIES.deaf]: hostActivity(TEST_STOP, deaf, deps),
    [TEST_ACTIVITIES.gated]: hostActivity(TEST_STOP, gated, deps),
    [TEST_ACTIVITIES.slowBackup]: hostActivity(backup.stop, backupBody(deps, { limitUploadKiB: 200 }), deps),
  };
}
