// npm run bench [-- --json FILE] [--only NAME]: figures beside a floor of the same run, and whether they hold their bars.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Figure, printFigures } from './figures.ts';
import { liveLog } from './live-log.ts';
import { noopJob } from './noop-job.ts';

const BENCHES = [noopJob, liveLog];

const { values } = parseArgs({ options: { json: { type: 'string' }, only: { type: 'string', multiple: true } } });
const say = (line: string) => void process.stdout.write(`${line}\n`);
const unknown = (values.only ?? []).filter((name) => !BENCHES.some((bench) => bench.name === name));
if (unknown.length > 0) {
  say(`There is no bench ${unknown.join(', ')}. There are: ${BENCHES.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
const figures: Figure[] = [];
for (const bench of BENCHES) {
  if (values.only && !values.only.includes(bench.name)) continue;
  say(`\n${bench.name}: ${bench.about}`);
  figures.push(...(await bench.run()));
}
say('');
printFigures(figures);
if (values.json) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
process.exit(figures.every(({ holds }) => holds) ? 0 : 1);
