import { expect, test } from 'vitest';
import { Skipped } from '../faults/scenario.ts';
import { SCENARIOS } from '../faults/scenarios.ts';
import { faultTable } from '../faults/table.ts';

/** The shorter selection of `npm run test:faults`: the same faults, each brought about once. */
for (const scenario of SCENARIOS.filter(({ inShort }) => inShort))
  test(`nothing is lost, doubled or stuck: ${scenario.about}`, async ({ annotate, skip }) => {
    const reports = await scenario.run({ short: true, say: () => {} }).catch((thrown) => {
      if (thrown instanceof Skipped) return skip(thrown.message);
      throw thrown;
    });
    await annotate(`\n${faultTable(reports)}`);
    expect(reports.flatMap(({ fault, findings }) => findings.map((finding) => `${fault}: ${finding}`))).toEqual([]);
    expect(reports.length).toBeGreaterThan(0);
  });
