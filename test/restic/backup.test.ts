import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { backupBody } from '../../src/activities/host/restic/backup/backup.ts';
import { initBody } from '../../src/activities/host/restic/init.ts';
import { unlockStaleOf } from '../../src/activities/host/restic/locks/unlock.ts';
import { findRestic } from '../harness/restic.ts';
import { PASSWORD, processes, ResticBench } from '../harness/restic-bench.ts';

const restic = findRestic();

describe.skipIf(restic === null)(`restic ${restic?.version.text}`, { timeout: 30_000 }, () => {
  let bench: ResticBench;
  let repository: string;
  const work = (more: object = {}) => ({
    repositoryUrl: repository,
    hostName: 'db-1',
    paths: [bench.path('source')],
    excludes: ['*.tmp'],
    tags: ['plan:plan_1', 'job:job_1'],
    ...more,
  });
  /** About 10 s of upload at the limit that the stop tests set. */
  const slow = () => backupBody(bench.deps, { limitUploadKiB: 200 });
  /** The restic that was started is at work. */
  const untilLocked = () => vi.waitUntil(() => bench.locks(repository).length === 1, { timeout: 30_000, interval: 50 });

  beforeAll(async () => {
    bench = await ResticBench.make(restic!);
    repository = bench.path('repository');
    await writeFile(bench.path('source/a'), 'content');
    await writeFile(bench.path('source/b.tmp'), 'left out');
    await mkdir(bench.path('big'));
    for (let i = 0; i < 8; i++) await writeFile(bench.path(`big/${i}`), randomBytes(256 * 1024));
    expect(await bench.attempt(initBody(bench.deps), { repositoryUrl: repository }).answer).toMatchObject({
      code: 'initialised',
      refs: {
        resticId: expect.stringMatching(/^[0-9a-f]{64}$/),
        configDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
  }, 60_000);
  afterAll(() => bench.close());

  test('a repository that is there is left alone, and one with another password is told apart', async () => {
    const again = bench.attempt(initBody(bench.deps), { repositoryUrl: repository });
    expect(await again.answer).toMatchObject({ code: 'already-initialised', refs: { resticId: expect.any(String) } });
    const other = bench.attempt(initBody(bench.deps), { repositoryUrl: repository }, { password: 'other' });
    expect((await other.answer).code).toBe('repository-wrong-password');
    expect(await readdir(`${repository}/keys`)).toHaveLength(1);
  });

  test('a backup makes a snapshot with host and tags, and tells figures without any secret', async () => {
    const run = bench.attempt(backupBody(bench.deps), work());
    const outcome = await run.answer;
    expect(outcome).toMatchObject({ code: 'succeeded', counts: { filesNew: 1, bytesProcessed: 7, failures: 0 } });
    expect(run.result()?.outcome).toEqual(outcome);
    const [snapshot] = JSON.parse(
      await bench.restic(repository, 'snapshots', '--json', '--no-lock', outcome.refs.snapshotId!),
    );
    expect(snapshot).toMatchObject({ hostname: 'db-1', tags: ['plan:plan_1', 'job:job_1'], paths: work().paths });
    expect(run.text()).toContain('saved');
    expect(`${run.text()}${JSON.stringify(run.result())}`).not.toContain(PASSWORD);
    expect(bench.locks(repository)).toEqual([]);
  });

  test('BK-5: a file that cannot be read makes the backup partial and is named', async () => {
    // Fails with EIO even for root.
    const run = bench.attempt(backupBody(bench.deps), work({ paths: [bench.path('source'), '/proc/self/mem'] }));
    expect(await run.answer).toMatchObject({ code: 'some-path-unreadable', refs: { snapshotId: expect.any(String) } });
    expect(run.result()).toMatchObject({ failureCount: 1, failures: [{ item: '/proc/self/mem', code: 'read-error' }] });
  });

  test('a path that is missing is not passed over in silence, whatever the exit code', async () => {
    const some = bench.attempt(backupBody(bench.deps), work({ paths: [bench.path('source'), '/nowhere/at all'] }));
    expect(await some.answer).toMatchObject({ code: 'some-path-missing', counts: { pathsMissing: 1 } });
    expect(some.result()?.failures).toMatchObject([{ item: '/nowhere/at all', code: 'path-missing' }]);
    const all = bench.attempt(backupBody(bench.deps), work({ paths: ['/nowhere'] }));
    expect((await all.answer).code).toBe('all-paths-missing');
  });

  test('wrong password, no repository, no program and a path that looks like an option', async () => {
    const wrong = bench.attempt(backupBody(bench.deps), work(), { password: 'other' });
    expect((await wrong.answer).code).toBe('repository-wrong-password');
    const none = bench.attempt(backupBody(bench.deps), work({ repositoryUrl: bench.path('none') }));
    expect((await none.answer).code).toBe('repository-uninitialised');
    const gone = bench.attempt(backupBody({ ...bench.deps, resticPath: bench.path('no-restic') }), work());
    expect((await gone.answer).code).toBe('program-missing');
    const option = bench.attempt(backupBody(bench.deps), work({ paths: ['--password-command=id'] }));
    expect((await option.answer).code).toBe('plan-refused');
  });

  test('a full storage is told apart', async ({ skip }) => {
    const full = bench.path('full');
    await mkdir(full);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', full], { stdio: 'pipe' });
    } catch {
      return skip('mounting a small tmpfs needs root');
    }
    try {
      const small = `${full}/r`;
      await bench.attempt(initBody(bench.deps), { repositoryUrl: small }).answer;
      const stop = AbortSignal.timeout(25_000);
      const run = bench.attempt(backupBody(bench.deps), work({ repositoryUrl: small, paths: [bench.path('big')] }));
      stop.addEventListener('abort', () => run.stop.abort(new Error('too slow')));
      expect((await run.answer).code).toBe('no-space');
    } finally {
      execFileSync('umount', [full]);
    }
  }, 60_000);

  test('a cancelled backup leaves no process and no lock; its password was in no argument', async () => {
    const run = bench.attempt(slow(), work({ paths: [bench.path('big')] }));
    const refused = expect(run.answer).rejects.toThrow('CANCELLED');
    await untilLocked();
    const mine = (await processes()).filter(({ env }) => env.includes(`HOLDFAST_JOB_ID=${run.jobId}`));
    expect(mine).toHaveLength(1);
    expect(mine[0]!.env).toContain(PASSWORD);
    expect((await processes()).filter(({ args }) => args.includes(PASSWORD))).toEqual([]);
    expect(bench.locks(repository)).toHaveLength(1);
    run.stop.abort(new Error('CANCELLED'));
    await refused;
    expect((await processes()).filter(({ env }) => env.includes(`HOLDFAST_JOB_ID=${run.jobId}`))).toEqual([]);
    expect(bench.locks(repository)).toEqual([]);
    expect(run.result()).toBeNull();
  }, 90_000);

  test('a restic that had to be killed, by the stop or by others, has its lock removed', async () => {
    const options = { stop: { graceMs: 0 } };
    const run = bench.attempt(slow(), work({ paths: [bench.path('big')] }), options);
    const refused = expect(run.answer).rejects.toThrow('CANCELLED');
    await untilLocked();
    run.stop.abort(new Error('CANCELLED'));
    await refused;
    expect(run.text()).toContain('removed stale locks');
    expect(bench.locks(repository)).toEqual([]);

    const crash = bench.attempt(slow(), work({ paths: [bench.path('big')] }));
    await untilLocked();
    const [victim] = (await processes()).filter(({ env }) => env.includes(`HOLDFAST_JOB_ID=${crash.jobId}`));
    process.kill(victim!.pid, 'SIGKILL');
    expect((await crash.answer).code).toBe('restic-crashed');
    expect(bench.locks(repository)).toEqual([]);
  }, 90_000);

  test('the clean-up leaves the lock of a living restic alone', async () => {
    const living = bench.attempt(slow(), work({ paths: [bench.path('big')] }));
    const refused = expect(living.answer).rejects.toThrow('CANCELLED');
    await untilLocked();
    const unlock = bench.attempt(async (context) => {
      await unlockStaleOf(bench.deps)(context);
      return { outcome: { code: 'done', counts: {}, refs: {} }, failures: [], failureCount: 0 };
    }, work());
    await unlock.answer;
    expect(unlock.text()).toContain('removed stale locks');
    expect(bench.locks(repository)).toHaveLength(1);
    living.stop.abort(new Error('CANCELLED'));
    await refused;
  }, 90_000);
});
