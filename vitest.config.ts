import { defineConfig } from 'vitest/config';

// Not the second that is usual: what is waited for comes, also beside busy neighbours.
const expect = { poll: { timeout: 15_000 } };
const project = (name: string, include: string[], extra: object = {}) => ({
  test: { name, include, pool: 'forks' as const, environment: 'node', expect, ...extra },
});

// Real programs on two shared cores: generous limits, so that a busy machine is no failure. Nothing asserts wall time.
const real = { testTimeout: 60_000, hookTimeout: 180_000, globalSetup: ['./test/harness/global-setup.ts'] };

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ['default', './scripts/vitest-reporter.mjs'],
    projects: [
      project('unit', ['src/**/*.test.ts'], { testTimeout: 20_000 }),
      project('tidy', ['test/tidy.test.ts', 'test/tidy/**/*.test.ts'], { testTimeout: 30_000 }),
      project(
        'integration',
        ['test/{api,contract,db,faults,gateway,replay,restic,stop,up,workflows}/**/*.test.ts'],
        real,
      ),
      // Whole stacks, one after the other: two at once would only measure each other.
      project('e2e', ['test/e2e/**/*.test.ts'], { testTimeout: 300_000, hookTimeout: 300_000, fileParallelism: false }),
    ],
  },
});
