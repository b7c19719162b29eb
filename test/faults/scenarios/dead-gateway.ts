import { setTimeout as sleep } from 'node:timers/promises';
import { restartedJobs } from '../evidence.ts';
import { buildSite } from '../load.ts';
import type { Scenario } from '../scenario.ts';
import { openFaultStack } from '../stack/fault-stack.ts';
import { tally } from '../tally.ts';

/** Longer than the heartbeat time-out of the job (60 s): Temporal has given the attempt up when its answer comes. */
const AWAY_MS = 75_000;

/** The completion is lost for good; what the last report kept is used, and nothing runs twice. Recovery: from the gateway's return. */
export const deadGateway: Scenario = {
  name: 'dead-gateway',
  about: 'a completion that meets a dead gateway',
  inShort: false,
  async run({ say }) {
    const stack = await openFaultStack();
    try {
      const site = await buildSite(stack, 3);
      const again: string[] = [];
      const options = { fault: 'completion meets a dead gateway', times: 1, say, settleMs: 180_000 };
      const report = await tally(stack, site, options, async (accepted) => {
        for (const host of site.hosts) await accepted.noop(host, { sleepMs: 4_000, logLines: 500 });
        await sleep(2_500);
        await stack.parts.gateway.kill({ stayDown: true });
        await sleep(AWAY_MS);
        await stack.parts.gateway.start();
        const backAt = Date.now();
        await accepted.settle(180_000);
        again.push(...(await restartedJobs(stack, accepted.jobs)));
        return Date.now() - backAt;
      });
      return [{ ...report, doubled: report.doubled + again.length, findings: [...report.findings, ...again] }];
    } finally {
      await stack.close();
    }
  },
};
