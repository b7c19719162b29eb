import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilTrue } from '../../harness/until-true.ts';
import { restartedJobs } from '../evidence.ts';
import { type Accepted, buildSite, type Site } from '../load.ts';
import type { Scenario } from '../scenario.ts';
import { type FaultStack, openFaultStack } from '../stack/fault-stack.ts';
import { begunOf } from '../stack/witness.ts';
import { tally } from '../tally.ts';

/** Longer than the SDK tries to bring an answer (about 10 s), and far from the heartbeat time-out of a backup (10 min). */
const AWAY_MS = 25_000;
/** Two beats without the job, the look into it, and the jobs that were accepted behind it. */
const WITHIN_MS = 60_000;

/** The completion is lost for good; what the last report brought is used, and nothing runs twice. Recovery: from the gateway's return until all is over. */
export const deadGateway: Scenario = {
  name: 'dead-gateway',
  about: 'completions of real backups that meet a dead gateway',
  inShort: true,
  async run({ short, say }) {
    const stack = await openFaultStack();
    try {
      const site = await buildSite(stack, 2);
      const again: string[] = [];
      const options = { fault: 'completions meet a dead gateway', times: short ? 1 : 3, say, settleMs: WITHIN_MS };
      const report = await tally(stack, site, options, (accepted) => endWithoutGateway(stack, site, accepted, again));
      return [{ ...report, doubled: report.doubled + again.length, findings: [...report.findings, ...again] }];
    } finally {
      await stack.close();
    }
  },
};

async function endWithoutGateway(stack: FaultStack, site: Site, accepted: Accepted, again: string[]): Promise<number> {
  const { gateway } = stack.parts;
  const jobs = await Promise.all(site.hosts.map((host) => accepted.backup(host.planId)));
  const begun = () => begunOf(join(stack.folder, 'witness'));
  await untilTrue('both programs run', () => jobs.every((job) => begun().includes(job)));
  await gateway.kill({ stayDown: true });
  await sleep(AWAY_MS);
  await gateway.start();
  const backAt = Date.now();
  await accepted.settle(WITHIN_MS);
  again.push(...(await restartedJobs(stack, accepted.jobs)));
  return Date.now() - backAt;
}
