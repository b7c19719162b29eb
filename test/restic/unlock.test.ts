import { randomBytes } from 'node:crypto';
import { utimesSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { backupBody } from '../../src/activities/host/restic/backup/backup.ts';
import { initBody } from '../../src/activities/host/restic/init.ts';
import { unlockStaleOf } from '../../src/activities/host/restic/locks/unlock.ts';
import { unlockBody } from '../../src/activities/host/restic/locks/unlock-job.ts';
import { BACKUP_OUTCOMES } from '../../src/kinds/backup/restic-outcomes.ts';
import { type ForgedLock, forgeLock } from '../harness/forge-lock.ts';
import { findRestic } from '../harness/restic.ts';
import { processes, ResticBench } from '../harness/restic-bench.ts';

const restic = findRestic();
const MINUTE = 60_000;

describe.skipIf(restic === null)(`restic ${restic?.version.text}`, { timeout: 240_000 }, () => {
  let bench: ResticBench;
  let repository: string;
  let masterKey: string;
  const known = { resticId: null, configDigest: null, wasReady: true };
  const work = (paths = [bench.path('source')]) => ({
    repositoryUrl: repository,
    hostName: 'db-1',
    paths,
    excludes: [],
    tags: ['plan:plan_1'],
  });
  const backup = () => bench.attempt(backupBody(bench.deps, { lockRetryMs: 0 }), work()).answer;
  const unlock = () => bench.attempt(unlockBody(bench.deps), { repositoryUrl: repository, known });
  const lockOf = (lock: Partial<ForgedLock>) =>
    forgeLock(repository, masterKey, {
      hostname: 'nas',
      username: 'anna',
      pid: 4711,
      exclusive: true,
      time: new Date(),
      ...lock,
    });
  function damagedLock(ageMs: number): string {
    const name = randomBytes(32).toString('hex');
    const file = join(repository, 'locks', name);
    writeFileSync(file, randomBytes(100));
    utimesSync(file, new Date(), new Date(Date.now() - ageMs));
    return name;
  }

  beforeAll(async () => {
    bench = await ResticBench.make(restic!);
    repository = bench.path('repository');
    await writeFile(bench.path('source/a'), 'content');
    await mkdir(bench.path('big'));
    for (let i = 0; i < 8; i++) await writeFile(bench.path(`big/${i}`), randomBytes(256 * 1024));
    expect((await bench.attempt(initBody(bench.deps), { repositoryUrl: repository }).answer).code).toBe('initialised');
    masterKey = await bench.restic(repository, 'cat', 'masterkey', '--no-lock');
  });
  afterAll(() => bench.close());
  afterEach(async () => void (await bench.restic(repository, 'unlock', '--remove-all')));

  test('BK-7: a foreign lock is named with its holder and age, and stays while it may live', async () => {
    const name = lockOf({ time: new Date(Date.now() - 5 * MINUTE) });
    const outcome = await backup();
    expect(outcome).toMatchObject({ code: 'repository-locked', refs: { lockHolder: 'anna@nas (PID 4711)' } });
    expect(BACKUP_OUTCOMES['repository-locked'].sentence(outcome)).toBe(
      'anna@nas (PID 4711) holds an exclusive lock on the repository, for 5 min.',
    );
    const run = unlock();
    expect(await run.answer).toMatchObject({ code: 'locks-remain', counts: { locksRemoved: 0, locksLeft: 1 } });
    expect(run.result()?.failures).toMatchObject([{ code: 'lock-held', item: `locks/${name.slice(0, 10)}` }]);
    expect(bench.locks(repository)).toEqual([name]);
  });

  test('BK-7: a lock that nobody refreshed for half an hour goes, and the log says whose it was', async () => {
    const name = lockOf({ time: new Date(Date.now() - 45 * MINUTE) });
    utimesSync(join(repository, 'locks', name), new Date(), new Date(Date.now() - 45 * MINUTE));
    const run = unlock();
    expect(await run.answer).toMatchObject({ code: 'unlocked', counts: { locksRemoved: 1 } });
    expect(run.text()).toContain(
      'removed the lock of anna@nas (PID 4711), exclusive, made 45 min ago by the clock of nas',
    );
    expect((await backup()).code).toBe('succeeded');
    expect((await unlock().answer).code).toBe('nothing-locked');
  });

  test('P2-27: a living lock of a host whose clock is slow is left alone; our own dead one goes', async () => {
    const living = lockOf({ time: new Date(Date.now() - 45 * MINUTE) });
    lockOf({ hostname: hostname(), pid: 2 ** 22 + 1, exclusive: false });
    const cleanUp = bench.attempt(async (context) => {
      await unlockStaleOf(bench.deps)(context);
      return { outcome: { code: 'done', counts: {}, refs: {} }, failures: [], failureCount: 0 };
    }, work());
    await cleanUp.answer;
    expect(cleanUp.text()).toContain(`left alone, its host's clock is wrong: anna@nas (PID 4711)`);
    expect(bench.locks(repository)).toEqual([living]);
    expect((await unlock().answer).code).toBe('locks-remain');
    expect(bench.locks(repository)).toEqual([living]);
  });

  test('P2-05: a lock file that was cut off is named with its age, and unlock takes it and no other', async () => {
    const damaged = damagedLock(3 * MINUTE);
    const outcome = await backup();
    // 0.14 passes over what it cannot read.
    if (outcome.code !== 'succeeded') {
      expect(outcome).toMatchObject({
        code: 'repository-lock-damaged',
        refs: { lockFile: `locks/${damaged.slice(0, 10)}` },
      });
      expect(BACKUP_OUTCOMES['repository-lock-damaged'].sentence(outcome)).toContain(', for 3 min)');
    }
    const living = lockOf({ exclusive: false });
    const run = unlock();
    expect(await run.answer).toMatchObject({ code: 'locks-remain', counts: { locksRemoved: 1, locksLeft: 1 } });
    expect(run.text()).toContain(`removed the damaged file locks/${damaged.slice(0, 10)}`);
    expect(bench.locks(repository)).toEqual([living]);
    expect((await backup()).code).toBe('succeeded');
  });

  test('BK-14: a lock of a restic that was killed is removed by unlock; the one of a living restic is not', async () => {
    const slow = () => bench.attempt(backupBody(bench.deps, { limitUploadKiB: 20 }), work([bench.path('big')]));
    const run = slow();
    await vi.waitUntil(() => bench.locks(repository).length === 1, { timeout: 30_000, interval: 50 });
    expect((await unlock().answer).code).toBe('locks-remain');
    const [victim] = (await processes()).filter(({ env, args }) => env.includes(repository) && args.includes('backup'));
    run.stop.abort(new Error('CANCELLED'));
    await expect(run.answer).rejects.toThrow('CANCELLED');
    expect(victim).toBeDefined();
    lockOf({ hostname: hostname(), pid: victim!.pid, exclusive: true });
    expect((await unlock().answer).code).toBe('unlocked');
  });
});
