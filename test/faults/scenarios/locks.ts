import { rmSync } from 'node:fs';
import pg from 'pg';
import { loginUrl } from '../../../src/db/core/logins.ts';
import { migrate } from '../../../src/db/core/migrate.ts';
import type { Group } from '../../../src/db/core/policies.ts';
import { ensureDatabase } from '../../../src/embedded/postgres/postgres.ts';
import { storm } from '../../db/storm/storm.ts';
import { benchOn } from '../../harness/bench-on.ts';
import type { Scenario } from '../scenario.ts';
import { postgresPart } from '../stack/engine.ts';
import { STACK_ENV } from '../stack/fault-stack.ts';
import { ownFolder } from '../stack/own-folder.ts';
import type { FaultReport } from '../table.ts';

/** FT-6 says how soon a key that was given back has to be held again, 95 times of 100. */
const REFILL_P95_MS = 2_000;
/** At least one of seven operations starts a job: it may be the turn of another, or three hundred wait. */
const OPERATIONS_OF_A_JOB = 7;
const CALLERS = { processes: 2, actors: 8 };

/** FT-6: jobs on limits 1, 2 and 5 while connections and a process of those who hold them are killed. */
export const locks: Scenario = {
  name: 'locks',
  about: 'accepts, ends, cancels and presence changes on limits 1, 2 and 5, their connections and processes killed',
  inShort: false,
  async run({ short }) {
    const folder = ownFolder();
    const postgres = postgresPart(folder, STACK_ENV);
    await postgres.part.start();
    try {
      const bench = await benchOn(await madeDatabase(postgres.url()));
      const jobs = short ? 500 : 10_000;
      const operations = Math.ceil((jobs * OPERATIONS_OF_A_JOB) / (CALLERS.processes * CALLERS.actors));
      const seed = Date.now() % 1_000_000;
      const report = await storm(bench, { seed, ...CALLERS, operations, hosts: 12, limits: [1, 2, 5], kills: true });
      await bench.close();
      return [rowOfStorm(report)];
    } finally {
      await postgres.part.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function madeDatabase(clusterUrl: string) {
  const ownerUrl = await ensureDatabase(clusterUrl, 'storm');
  const url = (group: Group) => loginUrl(ownerUrl, `storm_${group}`, `password-${group}`);
  const urls = { api: url('api'), auth: url('auth'), worker: url('worker'), gateway: url('gateway') };
  await migrate({ ownerUrl, rolePrefix: 'storm', urls });
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  return { name: 'storm', ownerUrl, urls, owner, drop: () => owner.end() };
}

function rowOfStorm(report: Awaited<ReturnType<typeof storm>>): FaultReport {
  const { left, refillMs } = report;
  const sorted = [...refillMs].sort((a, b) => a - b);
  const p95 = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  const wrong = [...report.violations, ...report.overtaken, ...report.outOfOrder, ...report.errors];
  const late = p95 > REFILL_P95_MS ? [`keys were held again after ${Math.round(p95)} ms at the 95th percentile`] : [];
  const leaked = Object.entries(left).flatMap(([what, count]) => (count > 0 ? [`${count} left: ${what}`] : []));
  return {
    fault: 'holders of keys killed, limits 1, 2 and 5',
    times: report.kills,
    jobs: report.jobs,
    lost: report.errors.length,
    doubled: report.grantedTwice + report.violations.length + report.overtaken.length + report.outOfOrder.length,
    stuck: leaked.length + late.length,
    slowestRecoveryMs: sorted.at(-1) ?? 0,
    findings: [...wrong, ...leaked, ...late],
  };
}
