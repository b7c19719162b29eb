import { setTimeout as sleep } from 'node:timers/promises';
import { noop } from '../../../src/kinds/core/noop.ts';
import { parsePublicId } from '../../../src/lib/ids.ts';
import { buildSite } from '../load.ts';
import type { Scenario } from '../scenario.ts';
import { type FaultStack, openFaultStack } from '../stack/fault-stack.ts';
import type { FaultReport } from '../table.ts';
import { tally } from '../tally.ts';

const { heartbeatTimeoutMs } = noop.limits;
const WITHIN_MS = 240_000;

/** PF-12: an agent that is not restarted is judged within this time after its heartbeat time-out. */
const VERDICT_MS = heartbeatTimeoutMs + 5_000;

/**
 * Recovery of both: from the moment that the agent was hurt until the verdict, which is that its attempt was given up and
 * the row says so. When its keys came back is told beside it: that waits until the host is quiet.
 */
export const agentGone: Scenario = {
  name: 'agent-gone',
  about: 'an agent that stays dead, and one that is stopped for longer than the heartbeat time-out and continued',
  inShort: false,
  async run({ short, say }) {
    const stack = await openFaultStack();
    try {
      const site = await buildSite(stack, 2);
      const [dead, stopped] = site.hosts;
      const settleMs = WITHIN_MS;
      const judged = async (job: string, faultAt: number, late: string[]): Promise<number> => {
        const verdictMs = (await untilRow(stack, job, ({ givenUpAt }) => givenUpAt)).getTime() - faultAt;
        const bar = verdictMs <= VERDICT_MS ? 'within' : 'OVER';
        say(`  verdict ${verdictMs} ms after the fault, ${bar} ${VERDICT_MS} ms`);
        if (verdictMs > VERDICT_MS) late.push(`${job}: its verdict came ${verdictMs} ms after the fault`);
        return verdictMs;
      };
      const released = async (job: string, faultAt: number): Promise<void> => {
        await untilRow(stack, job, ({ keys }) => keys === 0 || null);
        say(`  keys given back ${Date.now() - faultAt} ms after the fault`);
      };
      const late: Record<'left' | 'woken', string[]> = { left: [], woken: [] };
      const left = await tally(
        stack,
        site,
        { fault: 'agent killed, back after its verdict', times: 1, settleMs, say },
        async (accepted) => {
          const job = await accepted.noop(dead!, { sleepMs: 30_000 });
          await sleep(3_000);
          const faultAt = Date.now();
          await dead!.agent.kill({ stayDown: true });
          const verdictMs = await judged(job, faultAt, late.left);
          await released(job, faultAt);
          await dead!.agent.start();
          return verdictMs;
        },
      );
      const woken = await tally(
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
          return await judged(job, faultAt, late.woken);
        },
      );
      // The shorter selection runs beside other tests: it looks at what happens, not at how long it takes.
      return short ? [left, woken] : [stuckBy(left, late.left), stuckBy(woken, late.woken)];
    } finally {
      await stack.close();
    }
  },
};

const stuckBy = (report: FaultReport, late: readonly string[]): FaultReport => ({
  ...report,
  stuck: report.stuck + late.length,
  findings: [...report.findings, ...late],
});

interface Look {
  /** When the first attempt was given up. */
  readonly givenUpAt: Date | null;
  /** How many the job holds. */
  readonly keys: number;
}

/** Until the job's row says something; fails when it never does. */
async function untilRow<Value>(stack: FaultStack, job: string, find: (look: Look) => Value | null): Promise<Value> {
  const end = Date.now() + WITHIN_MS;
  for (;;) {
    const [look] = await stack.database.rows<Look>(
      `select (select min(given_up_at) from attempt where job_id = $1) as "givenUpAt",
              (select count(*) from lock_slot where job_id = $1)::int as keys`,
      [parsePublicId('job', job)],
    );
    const found = find(look!);
    if (found !== null) return found;
    if (Date.now() > end) throw new Error(`${job} was waited for in vain`);
    await sleep(100);
  }
}
