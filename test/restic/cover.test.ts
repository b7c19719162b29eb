import { execFileSync } from 'node:child_process';
import { lchownSync } from 'node:fs';
import { chmod, chown, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backupBody } from '../../src/activities/host/restic/backup/backup.ts';
import { initBody } from '../../src/activities/host/restic/init.ts';
import { BACKUP_OUTCOMES } from '../../src/kinds/backup/restic-outcomes.ts';
import { findRestic } from '../harness/restic.ts';
import { ResticBench } from '../harness/restic-bench.ts';

const restic = findRestic();

describe.skipIf(restic === null)(
  `what a backup covers, with restic ${restic?.version.text}`,
  { timeout: 60_000 },
  () => {
    let bench: ResticBench;
    let repository: string;

    beforeAll(async () => {
      bench = await ResticBench.make(restic!);
      repository = bench.path('repository');
      await bench.attempt(initBody(bench.deps), { repositoryUrl: repository }).answer;
      await writeFile(bench.path('source/a'), 'content');
    });
    afterAll(() => bench?.close());

    const run = async (
      paths: string[],
      more: { excludes?: string[]; repositoryUrl?: string; ownFolders?: string[] } = {},
    ) => {
      const { ownFolders = [], ...given } = more;
      const work = { repositoryUrl: repository, hostName: 'db-1', paths, excludes: [], tags: ['plan:p'], ...given };
      const attempt = bench.attempt(backupBody({ ...bench.deps, ownFolders }), work);
      const outcome = await attempt.answer;
      const { state, sentence, next } = (
        BACKUP_OUTCOMES as Record<string, { state: string; sentence: (o: unknown) => string; next: string }>
      )[outcome.code]!;
      return {
        ...outcome,
        state,
        sentence: sentence(outcome),
        next,
        failures: attempt.result()?.failures ?? [],
        text: attempt.text(),
      };
    };
    const filesOf = async (snapshotId: string) =>
      (await bench.restic(repository, 'ls', '--no-lock', '-q', snapshotId))
        .split('\n')
        .filter((line) => line.startsWith('/'));
    const snapshots = async () => JSON.parse(await bench.restic(repository, 'snapshots', '--json', '--no-lock')).length;

    test('BK-20 P2-01: what a link leads to is backed up beside the link, and said', async () => {
      await mkdir(bench.path('real/cache'), { recursive: true });
      await writeFile(bench.path('real/letter'), 'Dear reader');
      await writeFile(bench.path('real/cache/c'), 'left out');
      await symlink(bench.path('real'), bench.path('link'));
      const link = bench.path('link');
      const saved = await run([bench.path('source'), link], { excludes: [`${link}/cache`] });
      expect(saved).toMatchObject({
        code: 'succeeded',
        counts: { filesProcessed: 2 },
        refs: { followed: `${link} -> ${bench.path('real')}` },
      });
      expect(saved.text).toContain(`${link} -> ${bench.path('real')}`);
      expect(saved.sentence).toContain('Links were followed');
      const files = await filesOf(saved.refs.snapshotId!);
      expect(files).toContain(bench.path('real/letter'));
      expect(files).toContain(link);
      expect(files).not.toContain(bench.path('real/cache'));
    });

    test('BK-20: a link that leads nowhere, or was set by somebody else, is no success', async ({ skip }) => {
      await symlink(bench.path('nowhere'), bench.path('dangling'));
      const before = await snapshots();
      expect(await run([bench.path('dangling')])).toMatchObject({
        code: 'all-paths-missing',
        failures: [{ code: 'link-broken', message: expect.stringContaining(bench.path('nowhere')) }],
      });
      expect(await snapshots()).toBe(before);
      const some = await run([bench.path('source'), bench.path('dangling')]);
      expect(some).toMatchObject({ code: 'some-path-missing', counts: { pathsMissing: 1, failures: 1 } });
      if (process.getuid?.() !== 0) return skip('giving a link to somebody else needs root');
      await mkdir(bench.path('private'));
      await writeFile(bench.path('private/secret'), 'of root');
      await symlink(bench.path('private'), bench.path('trap'));
      lchownSync(bench.path('trap'), 65_534, 65_534);
      const trapped = await run([bench.path('source'), bench.path('trap')]);
      expect(trapped).toMatchObject({
        code: 'link-not-followed',
        state: 'partial',
        failures: [{ item: bench.path('trap') }],
      });
      expect(await filesOf(trapped.refs.snapshotId!)).not.toContain(bench.path('private/secret'));
    });

    test('BK-20 P2-02: an empty folder is no restore point, and makes no snapshot that would be the newest', async () => {
      await mkdir(bench.path('empty'));
      const before = await snapshots();
      const empty = await run([bench.path('empty')]);
      expect(empty).toMatchObject({
        code: 'sources-empty',
        state: 'partial',
        refs: {},
        failures: [{ code: 'path-empty' }],
      });
      expect(await snapshots()).toBe(before);
      const some = await run([bench.path('source'), bench.path('empty')]);
      expect(some).toMatchObject({
        code: 'some-path-empty',
        state: 'partial',
        refs: { snapshotId: expect.any(String) },
      });
      await mkdir(bench.path('hollow/inner'), { recursive: true });
      const hollow = await run([bench.path('hollow')]);
      expect(hollow).toMatchObject({ code: 'nothing-saved', state: 'partial', counts: { filesProcessed: 0 } });
      expect(hollow.next).toContain('plans edit');
    });

    test('BK-20 P2-02: a folder that cannot be read at all is a failure, and among others its own kind of partial', async ({
      skip,
    }) => {
      if (process.getuid?.() !== 0) return skip('starting restic as another user needs root');
      await mkdir(bench.path('shut'));
      await writeFile(bench.path('shut/f'), 'x');
      await chmod(bench.path('shut'), 0o000);
      const script = bench.path('as-nobody');
      await writeFile(
        script,
        `#!/bin/sh\nexec setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all -- ${bench.path('restic')} "$@"\n`,
        { mode: 0o755 },
      );
      execFileSync('cp', [restic!.path, bench.path('restic')]);
      const other = bench.path('of-nobody');
      execFileSync('cp', ['-r', repository, other]);
      for (const place of [other, bench.path('agent')]) execFileSync('chown', ['-R', '65534', place]);
      // restic's temporary files go there too.
      await chmod(bench.folder, 0o777);
      await chown(bench.path('shut'), 0, 0);
      const asNobody = async (paths: string[]) => {
        const work = { repositoryUrl: other, hostName: 'db-1', paths, excludes: [], tags: [] };
        const attempt = bench.attempt(backupBody({ ...bench.deps, resticPath: script }), work);
        return { ...(await attempt.answer), failures: attempt.result()?.failures };
      };
      expect(await asNobody([bench.path('shut')])).toMatchObject({
        code: 'nothing-readable',
        // Before 0.17 restic says that there was an error, and hardly which.
        failures: [
          { item: bench.path('shut'), code: restic!.version.minor < 17 ? expect.any(String) : 'permission-denied' },
        ],
      });
      expect(await asNobody([bench.path('source'), bench.path('shut')])).toMatchObject({
        code: 'some-path-unreadable',
        counts: { pathsUnreadable: 1 },
      });
    });

    test('BK-20 M0 P2-11: own data, keys and the repository itself are left out and named, also by another way to them', async () => {
      const project = bench.path('project');
      for (const folder of ['src', '.holdfast/secrets', '.holdfast/repositories'])
        await mkdir(`${project}/${folder}`, { recursive: true });
      await mkdir(bench.path('disk'));
      await writeFile(`${project}/src/code`, 'code');
      await writeFile(`${project}/.holdfast/keyring.json`, 'KEYS');
      await writeFile(bench.path('disk/base'), 'live');
      await symlink(bench.path('disk'), `${project}/.holdfast/postgres`);
      const inside = `${project}/vault [x]`;
      await bench.attempt(initBody(bench.deps), { repositoryUrl: inside }).answer;
      const ownFolders = [`${project}/.holdfast`, `${project}/.holdfast/postgres`];
      const plan = { ownFolders, repositoryUrl: inside };
      const first = await run([project], plan);
      expect(first).toMatchObject({ code: 'succeeded', counts: { filesProcessed: 1 } });
      expect(first.refs.leftOut).toContain(`${project}/.holdfast (Holdfast's own data and keys)`);
      expect(first.refs.leftOut).toContain(`${inside} (the repository`);
      expect(first.text).toContain('Left out:');
      await run([project], plan);
      expect((await run([project], plan)).counts.bytesAdded).toBeLessThan(1_000);
      await symlink(project, bench.path('way'));
      expect((await run([bench.path('way'), `${bench.path('way')}/.`], plan)).counts).toMatchObject({
        filesProcessed: 1,
      });
      const over = await run([bench.folder], { ...plan, repositoryUrl: repository, excludes: ['*.tmp', '!.holdfast'] });
      const files = await filesOf(over.refs.snapshotId!);
      expect(files).toContain(`${project}/src/code`);
      for (const hidden of [`${project}/.holdfast`, bench.path('disk'), bench.path('agent'), repository])
        expect(files).not.toContain(hidden);
      for (const path of [
        `${project}/.holdfast`,
        `${project}/.holdfast/secrets`,
        `${bench.path('way')}/.holdfast`,
        bench.path('disk'),
        inside,
      ]) {
        const refused = await run([bench.path('source'), path], plan);
        expect(refused).toMatchObject({ code: 'own-data', state: 'failed', failures: [{ item: path }] });
      }
    });

    test('BK-20: a plan that restic would misunderstand is refused by the agent too, at once and with what is wrong', async () => {
      for (const exclude of ['~/x', '[', 'x '])
        expect(await run([bench.path('source')], { excludes: [exclude] })).toMatchObject({
          code: 'plan-refused',
          failures: [{ item: exclude, message: expect.stringContaining('exclude') }],
        });
      expect(await run(['--password-command=id'])).toMatchObject({
        code: 'plan-refused',
        failures: [{ message: expect.stringContaining('not absolute') }],
      });
      await writeFile(bench.path('source/-x'), 'dash');
      const dash = await run([bench.path('source')], { excludes: ['-x'] });
      expect(dash.code).toBe('succeeded');
      expect(await filesOf(dash.refs.snapshotId!)).not.toContain(bench.path('source/-x'));
      await rm(bench.path('source/-x'));
    });

    test('a full disk under the cache does not hold a backup up: restic runs without it, and the outcome says so', async ({
      skip,
    }) => {
      const dataDir = bench.path('full-agent');
      await mkdir(dataDir);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dataDir], { stdio: 'pipe' });
      } catch {
        return skip('mounting a small tmpfs needs root');
      }
      try {
        await writeFile(`${dataDir}/filler`, Buffer.alloc(64 * 1024)).catch(() => undefined);
        const work = {
          repositoryUrl: repository,
          hostName: 'db-1',
          paths: [bench.path('source')],
          excludes: [],
          tags: [],
        };
        const attempt = bench.attempt(backupBody({ ...bench.deps, dataDir }), work);
        const outcome = await attempt.answer;
        expect(outcome).toMatchObject({ code: 'succeeded', counts: { withoutCache: 1 } });
        expect(BACKUP_OUTCOMES.succeeded.sentence(outcome)).toContain("without restic's cache");
        expect(attempt.text()).toContain('is full: restic runs without its cache');
      } finally {
        execFileSync('umount', [dataDir]);
      }
    });

    test('P2-03: a mount in the tree that gives an error is one failure that says which exclude to write, and that works', async ({
      skip,
    }) => {
      await mkdir(bench.path('tree'));
      await writeFile(bench.path('tree/f'), 'x');
      const point = bench.path('tree/mnt');
      await writeFile(point, '');
      try {
        // Reading it fails with EIO, also for root.
        execFileSync('mount', ['--bind', `/proc/${process.pid}/mem`, point], { stdio: 'pipe' });
      } catch {
        return skip('a bind mount needs root');
      }
      try {
        const failing = await run([bench.path('tree')]);
        expect(failing).toMatchObject({ code: 'partial', counts: { failures: 1 } });
        expect(failing.failures).toMatchObject([
          { code: 'mount-unreadable', item: point, message: expect.stringContaining(`exclude "${point}"`) },
        ]);
        expect((await run([bench.path('tree')], { excludes: [point] })).code).toBe('succeeded');
      } finally {
        execFileSync('umount', [point]);
      }
    });

    test('BK-5: a path that is longer than the system takes is named up to its end, with why and advice that fits', async () => {
      const deep = bench.path('deep');
      await mkdir(deep);
      const name = 'n'.repeat(250);
      execFileSync(
        'sh',
        [
          '-c',
          `for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do mkdir ${name} && cd ${name} || exit 1; done; mkdir ${name}`,
        ],
        { cwd: deep },
      );
      try {
        const long = await run([bench.path('source'), deep]);
        expect(long.code).toBe('partial');
        expect(long.failures[0]).toMatchObject({
          code: 'name-too-long',
          message: expect.stringMatching(/(file name too long|ENAMETOOLONG); its path is longer/),
        });
        expect(long.failures[0]!.item.endsWith(name)).toBe(true);
      } finally {
        // Node cannot remove it by its path either.
        execFileSync('rm', ['-rf', deep]);
      }
    });

    test('P2-13: a hundred paths that are all missing are one failure each', async () => {
      const paths = Array.from({ length: 100 }, (_, i) => `/nowhere/${i}`);
      expect(await run(paths)).toMatchObject({
        code: 'all-paths-missing',
        failures: { length: 100 },
        counts: { pathsMissing: 100 },
      });
    });
  },
);
