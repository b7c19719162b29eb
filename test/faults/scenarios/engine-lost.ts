import { setTimeout as sleep } from 'node:timers/promises';
import { buildSite, startMixedWork } from '../load.ts';
import type { Scenario } from '../scenario.ts';
import { openFaultStack } from '../stack/fault-stack.ts';
import { tally } from '../tally.ts';

/** Promise 7. Recovery: from the moment that an empty Temporal is there until every job has ended. */
export const engineLost: Scenario = {
  name: 'engine-lost',
  about: "Temporal's databases are deleted in the middle of real backups",
  inShort: true,
  async run({ short, say }) {
    const stack = await openFaultStack();
    try {
      const site = await buildSite(stack, 3);
      const options = { fault: "Temporal's databases deleted", times: short ? 1 : 3, say };
      return [
        await tally(stack, site, options, async (accepted) => {
          await startMixedWork(accepted, site);
          await sleep(1_000 + Math.random() * 2_000);
          await stack.parts.temporal.kill({ stayDown: true });
          await stack.loseEngineData();
          await stack.parts.temporal.start();
          const backAt = Date.now();
          await accepted.settle(180_000);
          return Date.now() - backAt;
        }),
      ];
    } finally {
      await stack.close();
    }
  },
};
