// node bench/idle-agents.ts [HOSTS ...]: what idle agents cost the gateway, by the slope between fleets of these sizes (PF-5).
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFaultStack } from '../test/faults/stack/fault-stack.ts';
import { untilTrue } from '../test/harness/until-true.ts';
import { row } from './figures.ts';
import { enrolHost } from './fleet/enrol.ts';
import { Fleet } from './fleet/fleet.ts';

const BARS = { memoryKiB: 90, corePercent: 0.01 };
/** Longer than the beats and polls of all agents take to come round, so that what is measured is rest. */
const SETTLE_MS = 30_000;
const MEASURE_MS = 60_000;
const TICKS_PER_SECOND = 100;

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [250, 500, 1_000, 2_000];
const stack = await openFaultStack();
const { orgId, siteId, gateway, database, parts } = stack;

/** Resident memory without what is shared, and the time it has had of a core. */
function spent(pid: number): { kiB: number; seconds: number } {
  const kiB = Number(/^Pss: +(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))![1]);
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { kiB, seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND };
}

const points: { hosts: number; kiB: number; corePercent: number }[] = [];
const fleets: Fleet[] = [];
let there = 0;
for (const size of sizes) {
  const hosts: { name: string; credential: string }[] = [];
  for (; there < size; there++) {
    const name = `idle-${there}`;
    const { credential } = await enrolHost(database, { orgId, siteId, name });
    hosts.push({ name, credential });
  }
  fleets.push(new Fleet({ gateway, hosts }));
  const online = () => fleets.reduce((sum, fleet) => sum + fleet.totals.online, 0);
  await untilTrue(`${size} hosts are online`, () => online() === size, 300_000);
  await sleep(SETTLE_MS);
  const before = spent(parts.gateway.pid);
  await sleep(MEASURE_MS);
  const after = spent(parts.gateway.pid);
  const corePercent = ((after.seconds - before.seconds) / (MEASURE_MS / 1_000)) * 100;
  points.push({ hosts: size, kiB: after.kiB, corePercent });
  row(
    `gateway with ${size} idle agents`,
    `${(after.kiB / 1024).toFixed(0)} MiB`,
    `${corePercent.toFixed(1)} % of a core`,
  );
}
const [first, last] = [points[0]!, points.at(-1)!];
const slope = (of: 'kiB' | 'corePercent') => (last[of] - first[of]) / (last.hosts - first.hosts);
row('an idle agent, memory by slope', `${slope('kiB').toFixed(0)} KiB`, `bar: ${BARS.memoryKiB} KiB`);
row('an idle agent, time by slope', `${slope('corePercent').toFixed(4)} % of a core`, `bar: ${BARS.corePercent} %`);
for (const fleet of fleets) await fleet.stop();
await stack.close();
