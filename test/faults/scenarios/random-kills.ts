import { setTimeout as sleep } from 'node:timers/promises';
import { type Accepted, buildSite, type Site } from '../load.ts';
import { untilWorkFlows } from '../recovery.ts';
import type { Scenario } from '../scenario.ts';
import { type FaultStack, openFaultStack } from '../stack/fault-stack.ts';
import type { Part } from '../stack/part.ts';
import { tally } from '../tally.ts';

const JOBS = 100;
/** Of one host: a repeatable job is done again twice at most, so a third kill could rightly end it. */
const MOST_KILLS_OF_AN_AGENT = 2;

/** FT-3. Recovery: from the last kill until fresh work flows. */
export const randomKills: Scenario = {
  name: 'random-kills',
  about: "kill -9 of everything at random moments under 100 jobs, with Temporal's databases deleted once",
  inShort: false,
  async run({ short, say }) {
    const stack = await openFaultStack();
    try {
      const site = await buildSite(stack, 5);
      const kills = short ? 8 : 25;
      const options = { fault: `${kills} random kills`, times: short ? 1 : 2, settleMs: 240_000, say };
      return [await tally(stack, site, options, (accepted) => storm(stack, site, accepted, kills, say))];
    } finally {
      await stack.close();
    }
  },
};

async function storm(
  stack: FaultStack,
  site: Site,
  accepted: Accepted,
  kills: number,
  say: (line: string) => void,
): Promise<number> {
  const work = giveWork(site, accepted);
  const { api, worker, gateway, temporal, postgres } = stack.parts;
  const killed = new Map<Part, number>();
  let faultAt = Date.now();
  for (let no = 1; no <= kills; no++) {
    await sleep(1_000 + Math.random() * 4_000);
    const agents = site.hosts
      .map(({ agent }) => agent)
      .filter((one) => (killed.get(one) ?? 0) < MOST_KILLS_OF_AN_AGENT);
    const victims = [api, worker, gateway, temporal, postgres, ...agents].filter((one) => one.runs);
    const victim = victims[Math.floor(Math.random() * victims.length)]!;
    const everything = no === Math.ceil(kills / 2);
    say(`  kill ${no}: ${everything ? 'temporal, with its databases' : victim.name}`);
    faultAt = Date.now();
    if (everything) await loseEngine(stack);
    else {
      killed.set(victim, (killed.get(victim) ?? 0) + 1);
      await victim.kill();
    }
  }
  await work;
  return await untilWorkFlows(stack, accepted, site, faultAt);
}

async function loseEngine({ parts: { temporal, postgres }, loseEngineData }: FaultStack): Promise<void> {
  await temporal.untilRuns();
  await temporal.kill({ stayDown: true });
  await postgres.untilRuns();
  await loseEngineData();
  await temporal.start();
}

/** As fast as they are taken: the queue of each host holds more than it can do for a while. */
async function giveWork(site: Site, accepted: Accepted): Promise<void> {
  const each = async (no: number) => {
    const host = site.hosts[no % site.hosts.length]!;
    if (no % 3 === 0) return await accepted.backup(host.planId);
    return await accepted.noop(no % 3 === 1 ? host : null, { logLines: 200, sleepMs: 300 });
  };
  for (let no = 0; no < JOBS; no++) await each(no);
}
