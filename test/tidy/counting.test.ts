import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const project = fileURLToPath(new URL('../..', import.meta.url));

// Not written out: another test looks for it in all of them.
const LEFT_OUT = 'skip';
const SAMPLE = `import { expect, test } from 'vitest';
test('passes', () => { expect(1).toBe(1); });
test('fails', () => { expect(1).toBe(2); });
test('cannot run', (context) => { context.skip('there is no moon'); });
test.${LEFT_OUT}('left out without a word', () => {});
`;

test('RUN-4: what npm test counts: a skip with its reason is listed, one without counts as failed', {
  timeout: 120_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'counting-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'sample.test.ts'), SAMPLE);
  const results = join(folder, 'results.json');
  const reporter = join(project, 'scripts', 'vitest-reporter.mjs');
  const run = spawnSync(
    process.execPath,
    [join(project, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder, '--reporter', reporter],
    { env: { PATH: process.env.PATH, VITEST_RESULTS: results }, encoding: 'utf8' },
  );
  expect(run.stderr).toContain('skipped without a reason: left out without a word');
  expect(JSON.parse(readFileSync(results, 'utf8'))).toEqual({
    passed: 1,
    failed: 2,
    skipped: 1,
    skips: [{ name: 'cannot run', reason: 'there is no moon' }],
  });
});
