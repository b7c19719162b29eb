import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSite, startMixedWork } from '../load.ts';
import { untilWorkFlows } from '../recovery.ts';
import type { Scenario } from '../scenario.ts';
import { openFaultStack } from '../stack/fault-stack.ts';
import type { Link } from '../stack/ours.ts';
import { ownFolder } from '../stack/own-folder.ts';
import { openFaultyNetwork, type Toxic } from '../stack/toxiproxy.ts';
import type { FaultReport } from '../table.ts';
import { tally } from '../tally.ts';

const LINKS: readonly Link[] = [
  'agent-gateway',
  'gateway-temporal',
  'gateway-postgres',
  'worker-postgres',
  'api-postgres',
];

const TOXICS: readonly { readonly name: string; readonly toxic: Toxic; readonly forMs: number }[] = [
  {
    name: 'latency of 300 to 700 ms',
    toxic: { type: 'latency', attributes: { latency: 500, jitter: 200 } },
    forMs: 10_000,
  },
  { name: 'resets', toxic: { type: 'reset_peer', attributes: { timeout: 200 } }, forMs: 8_000 },
  { name: 'cut off after 4 KiB', toxic: { type: 'limit_data', attributes: { bytes: 4_096 } }, forMs: 8_000 },
  { name: 'port closed', toxic: { type: 'away' }, forMs: 10_000 },
  // Nothing comes and nothing is refused: only a time limit of our own notices.
  { name: 'black hole', toxic: { type: 'timeout', attributes: { timeout: 0 } }, forMs: 20_000 },
];

/** What networks do, between all parts that speak over one in production. */
export const network: Scenario = {
  name: 'network',
  about: 'latency, resets, cut-offs and black holes between the parts, by toxiproxy',
  inShort: false,
  async run({ say }) {
    const folder = ownFolder();
    const faulty = await openFaultyNetwork(folder);
    const stack = await openFaultStack({ via: faulty.via });
    try {
      const site = await buildSite(stack, 2);
      const reports: FaultReport[] = [];
      for (const link of LINKS)
        for (const { name, toxic, forMs } of TOXICS)
          reports.push(
            await tally(stack, site, { fault: `${link}: ${name}`, times: 1, say }, async (accepted) => {
              await startMixedWork(accepted, site);
              await sleep(1_000);
              const heal = await faulty.hurt(link, toxic);
              await sleep(forMs / 2);
              // Whoever asks in the middle of it gets an answer too, at the latest when it is over.
              const meanwhile = startMixedWork(accepted, site);
              await sleep(forMs / 2);
              await heal();
              const healedAt = Date.now();
              await meanwhile;
              return await untilWorkFlows(stack, accepted, site, healedAt);
            }),
          );
      return reports;
    } finally {
      await stack.close();
      await faulty.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
