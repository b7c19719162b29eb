import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { initBody } from '../../src/activities/host/restic/init.ts';
import { refuseExclude } from '../../src/domain/backup/plan-paths.ts';
import { findRestic } from '../harness/restic.ts';
import { PASSWORD, ResticBench } from '../harness/restic-bench.ts';

const restic = findRestic();

test.skipIf(restic === null)(
  'BK-20: a pattern that restic cannot read is refused, and hardly any other',
  { timeout: 60_000 },
  async () => {
    const bench = await ResticBench.make(restic!);
    try {
      const repository = bench.path('repository');
      await bench.attempt(initBody(bench.deps), { repositoryUrl: repository }).answer;
      await mkdir(bench.path('empty'));
      // The end keeps rules out that are about meaning, not about form.
      const letters = fc.array(fc.constantFrom('[', ']', '^', '-', '\\', '*', '?', 'a', 'z', '!', 'é', '/'), {
        minLength: 1,
        maxLength: 8,
      });
      const patterns = [
        ...new Set(fc.sample(letters, { numRuns: 1_500, seed: 7 }).map((list) => `q${list.join('')}q`)),
      ];
      const env = {
        ...bench.deps.baseEnv,
        RESTIC_PASSWORD: PASSWORD,
        RESTIC_REPOSITORY: repository,
        RESTIC_CACHE_DIR: bench.path('cache'),
      };
      const args = ['backup', ...patterns.map((pattern) => `--exclude=${pattern}`), '--', bench.path('empty')];
      const said = await promisify(execFile)(restic!.path, args, { env }).then(
        () => '',
        ({ stderr }: { stderr: string }) => stderr,
      );
      expect(said).toContain('invalid pattern');
      const refusedByRestic = new Set(said.split('\n').slice(1));
      const ours = patterns.filter((pattern) => refuseExclude(pattern, [])?.startsWith('cannot be read'));
      expect(ours.length).toBeGreaterThan(100);
      expect(patterns.length - ours.length).toBeGreaterThan(100);
      expect(patterns.filter((pattern) => refusedByRestic.has(pattern) && !ours.includes(pattern))).toEqual([]);
      // restic looks at a pattern by matching it with itself, and misses what stands behind an escaped letter and a star.
      const missed = ours.filter((pattern) => !refusedByRestic.has(pattern));
      expect(missed.filter((pattern) => !/\\.*\*/.test(pattern))).toEqual([]);
    } finally {
      await bench.close();
    }
  },
);
