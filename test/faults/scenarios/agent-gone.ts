import { setTimeout as sleep } from 'node:timers/promises';
import { noop } from '../../../src/kinds/noop.ts';
import { parsePublicId } from '../../../src/lib/ids.ts';
import { buildSite } from '../load.ts';
import type { Scenario } from '../scenario.ts';
import { type FaultStack, openFaultStack } from '../stack/fault-stack.ts';
import type { FaultReport } from '../table.ts';
import { tally } from '../tally.ts';

const { heartbeatTimeoutMs } = noop.limits;
const WITHIN_MS = 240_000;

/** Recovery of both: from the moment that the agent was hurt until the row no longer says that its attempt runs. */
export const agentGone: Scenario = {
  name: 'agent-gone',
  about: 'an agent that stays dead, and one that is stopped for longer than the heartbeat time-out and continued',
  inShort: false,
  async run({ say }) {
    const stack = await openFaultStack();
    try {
      const site = await buildSite(stack, 2);
      const reports: FaultReport[] = [];
      const [dead, stopped] = site.hosts;
      const settleMs = WITHIN_MS;
      reports.push(
        await tally(
          stack,
          site,
          { fault: 'agent killed, back after its verdict', times: 1, settleMs, say },
          async (accepted) => {
            const job = await accepted.noop(dead!, { sleepMs: 30_000 });
            await sleep(3_000);
            const faultAt = Date.now();
            await dead!.agent.kill({ stayDown: true });
            const verdictMs = await untilNotRunning(stack, job, faultAt);
            await dead!.agent.start();
            return verdictMs;
          },
        ),
        await tally(
          stack,
          site,
          { fault: 'agent stopped and continued', times: 1, settleMs, say },
          async (accepted) => {
            const job = await accepted.noop(stopped!, { sleepMs: 30_000, logLines: 100 });
            await sleep(3_000);
            const faultAt = Date.now();
            stopped!.agent.signal('SIGSTOP');
            await sleep(heartbeatTimeoutMs + 15_000);
            stopped!.agent.signal('SIGCONT');
            return await untilNotRunning(stack, job, faultAt);
          },
        ),
      );
      return reports;
    } finally {
      await stack.close();
    }
  },
};

/** The job waits again, has begun another attempt, or has ended. */
async function untilNotRunning(stack: FaultStack, job: string, faultAt: number): Promise<number> {
  const end = Date.now() + WITHIN_MS;
  for (;;) {
    const [row] = await stack.database.rows<{ state: string; attempts: string }>(
      `select j.state, (select count(*) from attempt a where a.job_id = j.id) as attempts from job j where j.id = $1`,
      [parsePublicId('job', job)],
    );
    if (row!.state !== 'running' || Number(row!.attempts) > 1 || Date.now() > end) return Date.now() - faultAt;
    await sleep(100);
  }
}
