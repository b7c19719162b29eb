import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, mkdirSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { backupBody } from '../../src/activities/host/restic/backup/backup.ts';
import { initBody } from '../../src/activities/host/restic/init.ts';
import { findRestic } from '../harness/restic.ts';
import { processes, ResticBench } from '../harness/restic-bench.ts';

const restic = findRestic();

describe.skipIf(restic === null)(
  `the look before a backup, restic ${restic?.version.text}`,
  { timeout: 60_000 },
  () => {
    let bench: ResticBench;
    const work = (repositoryUrl: string) => ({
      repositoryUrl,
      hostName: 'db-1',
      paths: [bench.path('source')],
      excludes: [],
      tags: [],
    });
    beforeAll(async () => {
      bench = await ResticBench.make(restic!);
      await writeFile(bench.path('source/a'), 'content');
    });
    afterAll(() => bench.close());

    test('HJ-8: a storage that takes the call and says nothing is waited for so long and no longer', async () => {
      const silent = createServer((socket) => socket.on('error', () => {}));
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const url = `rest:http://127.0.0.1:${(silent.address() as AddressInfo).port}/r/`;
      try {
        const bounded = bench.attempt(backupBody(bench.deps, { lookLimitMs: 1_000 }), work(url));
        expect((await bounded.answer).code).toBe('repository-unreachable');
        const run = bench.attempt(backupBody(bench.deps), work(url));
        const ended = expect(run.answer).rejects.toThrow('CANCELLED');
        await vi.waitUntil(
          async () => (await processes()).some(({ args, env }) => /\0cat\0/.test(args) && env.includes(url)),
          {
            timeout: 30_000,
            interval: 50,
          },
        );
        run.stop.abort(new Error('CANCELLED'));
        await ended;
      } finally {
        silent.close();
      }
    });

    test('HJ-8: a cancel does not wait for a repository on a mount that does not answer', async () => {
      const repository = bench.path('dead');
      mkdirSync(repository);
      const config = join(repository, 'config');
      // Whoever reads it waits for a writer, as on a dead mount for its server.
      execFileSync('mkfifo', [config]);
      const run = bench.attempt(backupBody(bench.deps), work(repository));
      const ended = expect(run.answer).rejects.toThrow('CANCELLED');
      const writer = await vi.waitFor(() => openSync(config, constants.O_WRONLY | constants.O_NONBLOCK), {
        timeout: 30_000,
        interval: 20,
      });
      try {
        run.stop.abort(new Error('CANCELLED'));
        await ended;
      } finally {
        closeSync(writer);
      }
    });

    test('a cancel that comes when the repository is made does not hide that it was made', async () => {
      const repository = bench.path('made');
      await mkdir(repository);
      // As a storage that is silent from then on: the look at what was made does not end.
      const [script, looks] = [bench.path('silent-cat'), bench.path('looks')];
      const wait = `[ "$one" = cat ] && { touch ${looks}; exec sleep 600; }`;
      const body = `#!/bin/sh\nfor one; do ${wait}; done\nexec ${restic!.path} "$@"\n`;
      await writeFile(script, body, { mode: 0o755 });
      const run = bench.attempt(initBody({ ...bench.deps, resticPath: script }), { repositoryUrl: repository });
      await vi.waitUntil(() => existsSync(looks), { timeout: 30_000, interval: 20 });
      run.stop.abort(new Error('CANCELLED'));
      const { code, refs } = await run.answer;
      expect(code).toBe('initialised');
      // 0.14 prints no more than the start of it.
      if (restic!.version.minor >= 17) expect(refs.resticId).toMatch(/^[0-9a-f]{64}$/);
    });
  },
);
