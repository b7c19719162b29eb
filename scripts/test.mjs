// npm test: everything the suite needs is installed or built here, then the checks run, then the tests.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install, projectDir, run, runtime } from './install.mjs';

await install();
const bin = (name) => join(projectDir, 'node_modules', '.bin', name);
const env = { ...process.env, PATH: `${join(projectDir, 'node_modules', '.bin')}:${process.env.PATH}` };
const filters = process.argv.slice(2);
const results = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
const totals = { passed: 0, failed: 0, skipped: 0 };
const skips = [];
let tests = 0;

async function check(name, command, args) {
  const started = Date.now();
  const code = await run(command, args, { env });
  console.log(`${name}: ${code === 0 ? 'ok' : 'FAILED'} (${Math.round((Date.now() - started) / 1000)} s)`);
  totals[code === 0 ? 'passed' : 'failed']++;
}

async function vitest(projects) {
  const file = join(results, `${projects.join('-')}.json`);
  const args = projects.flatMap((p) => ['--project', p]);
  const code = await run(
    bin('vitest'),
    ['run', ...args, ...filters, ...(filters.length ? ['--passWithNoTests'] : [])],
    {
      env: { ...env, VITEST_RESULTS: file },
    },
  );
  if (!existsSync(file)) {
    if (code !== 0) totals.failed++;
    return;
  }
  const found = JSON.parse(readFileSync(file, 'utf8'));
  for (const key of Object.keys(totals)) totals[key] += found[key];
  skips.push(...found.skips);
  tests += found.passed + found.failed;
  if (code !== 0 && found.failed === 0) totals.failed++;
}

// Programs are found or built (minutes on a bare machine) while the quick checks run.
const programs = run(runtime, [join(projectDir, 'scripts', 'main.mjs'), 'programs'], { env });
if (filters.length === 0) {
  await check('lint', bin('biome'), ['ci', '.']);
  await check('types', bin('tsc'), ['--noEmit']);
}
await vitest(['unit', 'tidy']);
if ((await programs) !== 0) {
  console.error('The programs that the tests need could not be had; see above.');
  totals.failed++;
} else {
  await vitest(['integration']);
  await vitest(['e2e']);
}
rmSync(results, { recursive: true, force: true });
for (const skip of skips) console.log(`skipped: ${skip.name}: ${skip.reason}`);
// Lint and types passing is not a test run.
if (tests === 0) totals.failed++;
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exitCode = totals.failed === 0 ? 0 : 1;
