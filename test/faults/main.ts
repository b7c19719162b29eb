// npm run test:faults [-- --json FILE] [--only NAME] [--short]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Skipped } from './scenario.ts';
import { SCENARIOS } from './scenarios.ts';
import { type FaultReport, faultTable, isClean, rowOf } from './table.ts';

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string', multiple: true },
    short: { type: 'boolean', default: false },
  },
});
const say = (line: string) => void process.stdout.write(`${line}\n`);
const unknown = (values.only ?? []).filter((name) => !SCENARIOS.some((one) => one.name === name));
if (unknown.length > 0) {
  say(`There is no scenario ${unknown.join(', ')}. There are: ${SCENARIOS.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}

// Stacks take their processes along when we exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const reports: FaultReport[] = [];
const skips: string[] = [];
let broken = 0;
for (const scenario of SCENARIOS) {
  if (values.only && !values.only.includes(scenario.name)) continue;
  if (values.short && !values.only && !scenario.inShort) continue;
  say(`\n${scenario.name}: ${scenario.about}`);
  try {
    reports.push(...(await scenario.run({ short: values.short, say })));
  } catch (thrown) {
    if (thrown instanceof Skipped) skips.push(`${scenario.name}: ${thrown.message}`);
    else {
      broken++;
      say(`${scenario.name} could not be carried out: ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
    }
  }
}

say(`\n${faultTable(reports)}\n`);
for (const { fault, findings } of reports) for (const finding of findings) say(`${fault}: ${finding}`);
for (const skip of skips) say(`skipped: ${skip}`);
if (values.json) writeFileSync(values.json, `${JSON.stringify(reports.map(rowOf), null, 2)}\n`);
process.exit(broken === 0 && reports.length > 0 && reports.every(isClean) ? 0 : 1);
