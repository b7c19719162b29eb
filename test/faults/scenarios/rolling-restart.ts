import { setTimeout as sleep } from 'node:timers/promises';
import { untilTrue } from '../../harness/until-true.ts';
import { restartedJobs } from '../evidence.ts';
import { type Accepted, buildSite, type Site } from '../load.ts';
import type { Scenario } from '../scenario.ts';
import { type FaultStack, openFaultStack } from '../stack/fault-stack.ts';
import { tally } from '../tally.ts';

const JOBS = 50;

/** FT-4. Two of each; one after the other is stopped as an operator does it and started anew. Recovery: the longest such turn. */
export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  about: 'rolling restart of two APIs and two workers under 50 jobs',
  inShort: false,
  async run({ short, say }) {
    const stack = await openFaultStack({ replicas: true });
    try {
      const site = await buildSite(stack, 5);
      const options = { fault: 'rolling restart of API and worker', times: short ? 1 : 3, say };
      const again: string[] = [];
      const report = await tally(stack, site, options, async (accepted) => {
        const slowestMs = await restartUnderWork(stack, site, accepted);
        again.push(...(await restartedJobs(stack, accepted.jobs)));
        return slowestMs;
      });
      return [{ ...report, doubled: report.doubled + again.length, findings: [...report.findings, ...again] }];
    } finally {
      await stack.close();
    }
  },
};

async function restartUnderWork(stack: FaultStack, site: Site, accepted: Accepted): Promise<number> {
  const { api, worker, secondApi, secondWorker } = stack.parts;
  const work = giveWork(site, accepted);
  let slowestMs = 0;
  for (const part of [api, worker, secondApi, secondWorker]) {
    const beganAt = Date.now();
    await part.stop();
    await part.start();
    if (part === api || part === secondApi) await untilTrue(`${part.name} answers`, () => stack.client.allAnswer());
    slowestMs = Math.max(slowestMs, Date.now() - beganAt);
  }
  await work;
  await accepted.settle(120_000);
  return slowestMs;
}

/** Spread over the time that the restarts take. */
async function giveWork(site: Site, accepted: Accepted): Promise<void> {
  for (let no = 0; no < JOBS; no++) {
    const host = site.hosts[no % site.hosts.length]!;
    if (no % 5 === 0) await accepted.backup(host.planId);
    else await accepted.noop(no % 5 === 1 ? null : host, { logLines: 100 });
    await sleep(200);
  }
}
