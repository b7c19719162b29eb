import { writeFileSync } from 'node:fs';

/** Counts tests for `npm test`. A skip has to say why; one that does not counts as failed. */
export default class CountingReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const file = process.env.VITEST_RESULTS;
    if (!file) return;
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0, skips: [] };
    for (const module of modules) {
      if (module.state() === 'failed' && [...module.children.allTests('failed')].length === 0) counts.failed++;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed' || result.state === 'failed') counts[result.state]++;
        else if (result.state === 'skipped' && result.note) {
          counts.skipped++;
          counts.skips.push({ name: test.fullName, reason: result.note });
        } else {
          counts.failed++;
          console.error(`skipped without a reason: ${test.fullName}`);
        }
      }
    }
    writeFileSync(file, JSON.stringify(counts));
  }
}
