import { setTimeout as sleep } from 'node:timers/promises';
import { type Accepted, buildSite, type Site, startMixedWork } from '../load.ts';
import { slowestEnd, untilWorkFlows } from '../recovery.ts';
import type { Scenario } from '../scenario.ts';
import { type FaultStack, openFaultStack } from '../stack/fault-stack.ts';
import type { FaultReport } from '../table.ts';
import { tally } from '../tally.ts';

const SERVERS = ['api', 'worker', 'gateway', 'temporal', 'postgres'] as const;
/** A backup takes about three seconds: the kill falls before, within and after its claim, its snapshot and its answer. */
const LATEST_KILL_MS = 4_000;

/** Each server alone, then an agent, by kill -9 at a random moment of real backups; what died is started again after 1 s. */
export const killEach: Scenario = {
  name: 'kill',
  about: 'kill -9 of each process alone in the middle of real backups',
  inShort: true,
  async run({ short, say }) {
    const stack = await openFaultStack();
    try {
      const site = await buildSite(stack, 3);
      const times = short ? 1 : 5;
      const reports: FaultReport[] = [];
      for (const victim of SERVERS)
        reports.push(
          await tally(stack, site, { fault: `kill -9 ${victim}`, times, say }, (accepted) =>
            killServer(stack, site, accepted, victim),
          ),
        );
      reports.push(
        await tally(stack, site, { fault: 'kill -9 agent', times, say }, (accepted) =>
          killAgent(stack, site, accepted),
        ),
      );
      return reports;
    } finally {
      await stack.close();
    }
  },
};

async function killServer(
  stack: FaultStack,
  site: Site,
  accepted: Accepted,
  victim: (typeof SERVERS)[number],
): Promise<number> {
  await startMixedWork(accepted, site);
  await sleep(Math.random() * LATEST_KILL_MS);
  const faultAt = Date.now();
  await stack.parts[victim].kill();
  const flowsMs = await untilWorkFlows(stack, accepted, site, faultAt);
  await accepted.settle(90_000);
  return Math.max(flowsMs, await slowestEnd(stack, faultAt));
}

/** Recovery: from the kill until the job that ran on the host has its next attempt, or its end. */
async function killAgent(stack: FaultStack, site: Site, accepted: Accepted): Promise<number> {
  await startMixedWork(accepted, site);
  const host = site.hosts[Math.floor(Math.random() * site.hosts.length)]!;
  await sleep(Math.random() * LATEST_KILL_MS);
  const faultAt = Date.now();
  await host.agent.kill();
  await accepted.settle(90_000);
  const [next] = await stack.database.rows<{ ms: string | null }>(
    `select extract(epoch from min(at) - $2::timestamptz) * 1000 as ms from (
       select min(a.first_seen_at) as at from attempt a where a.host_id = $1 and a.first_seen_at > $2 and a.class = 'work'
       union all select min(finished_at) from job where host_id = $1 and finished_at > $2) t`,
    [host.uuid, new Date(faultAt)],
  );
  return Number(next!.ms ?? 0);
}
