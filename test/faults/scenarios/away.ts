import { setTimeout as sleep } from 'node:timers/promises';
import { type Accepted, buildSite, type Site, startMixedWork } from '../load.ts';
import type { Scenario } from '../scenario.ts';
import { type FaultStack, openFaultStack } from '../stack/fault-stack.ts';
import type { FaultReport } from '../table.ts';
import { tally } from '../tally.ts';

const AWAY_MS = 60_000;
/** Backups that were cut off begin again when all is back; they take about three seconds each. */
const CONVERGED_MS = 30_000;

/** FT-7. Recovery: from the moment that all is back until every job has ended. */
export const away: Scenario = {
  name: 'away',
  about: 'PostgreSQL, Temporal and both away for 60 s in the middle of real backups',
  inShort: false,
  async run({ say }) {
    const stack = await openFaultStack();
    try {
      const site = await buildSite(stack, 3);
      const reports: FaultReport[] = [];
      for (const victims of [['postgres'], ['temporal'], ['postgres', 'temporal']] as const) {
        const fault = `${victims.join(' and ')} away for 60 s`;
        const saidWrong: string[] = [];
        const report = await tally(stack, site, { fault, times: 1, say }, (accepted) =>
          takeAway(stack, site, accepted, victims, saidWrong),
        );
        const late =
          report.slowestRecoveryMs > CONVERGED_MS ? [`not over ${CONVERGED_MS / 1000} s after all was back`] : [];
        const findings = [...report.findings, ...saidWrong, ...late];
        reports.push({ ...report, stuck: report.stuck + late.length, lost: report.lost + saidWrong.length, findings });
      }
      return reports;
    } finally {
      await stack.close();
    }
  },
};

async function takeAway(
  stack: FaultStack,
  site: Site,
  accepted: Accepted,
  victims: readonly ('postgres' | 'temporal')[],
  saidWrong: string[],
): Promise<number> {
  await startMixedWork(accepted, site);
  await sleep(1_500);
  // Temporal first, as it would start again by itself on a database that is still there.
  for (const victim of victims.toReversed()) await stack.parts[victim].kill({ stayDown: true });
  await sleep(AWAY_MS / 2);
  if (victims.includes('postgres')) saidWrong.push(...(await wrongAnswers(stack)));
  // Accepted while Temporal is away, or as soon as the database can take it.
  const meanwhile = startMixedWork(accepted, site);
  await sleep(AWAY_MS / 2);
  for (const victim of victims) await stack.parts[victim].start();
  const backAt = Date.now();
  await meanwhile;
  await accepted.settle(120_000);
  return Date.now() - backAt;
}

/** Without its database the API says so, and when to come again. */
async function wrongAnswers({ client }: FaultStack): Promise<string[]> {
  const { status, retryAfter } = await client.status('jobs');
  return status === 503 && retryAfter !== null ? [] : [`the API answered ${status} (Retry-After: ${retryAfter})`];
}
