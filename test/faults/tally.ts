import { gatherEvidence } from './evidence.ts';
import { Accepted, type Site } from './load.ts';
import type { FaultStack } from './stack/fault-stack.ts';
import type { FaultReport } from './table.ts';
import { judge } from './verdict.ts';

/** What follows the fault may take so long: a heartbeat time-out of the longest kind is not waited for here. */
const SETTLE_MS = 90_000;

/** Accepts jobs, brings the fault about, and answers how long the recovery took (ms). */
export type Once = (accepted: Accepted) => Promise<number>;

export interface TallyOptions {
  readonly fault: string;
  readonly times: number;
  readonly settleMs?: number;
  readonly say: (line: string) => void;
}

/** Brings one fault about so many times, one after the other on the same stack, and judges after each. */
export async function tally(stack: FaultStack, site: Site, options: TallyOptions, once: Once): Promise<FaultReport> {
  const sum = { jobs: 0, lost: 0, doubled: 0, stuck: 0, slowestRecoveryMs: 0 };
  const findings: string[] = [];
  for (let no = 1; no <= options.times; no++) {
    const [{ now }] = (await stack.database.rows<{ now: Date }>('select clock_timestamp() as now')) as [{ now: Date }];
    const accepted = new Accepted(stack);
    const recoveryMs = await once(accepted);
    await accepted.settle(options.settleMs ?? SETTLE_MS);
    const verdict = judge(accepted.jobs, await gatherEvidence(stack, [site.repository], accepted.jobs, now));
    sum.jobs += accepted.jobs.length;
    sum.lost += verdict.lost;
    sum.doubled += verdict.doubled;
    sum.stuck += verdict.stuck;
    sum.slowestRecoveryMs = Math.max(sum.slowestRecoveryMs, recoveryMs);
    findings.push(...verdict.findings);
    options.say(
      `${options.fault} ${no}/${options.times}: ${accepted.jobs.length} jobs, recovered in ${(recoveryMs / 1000).toFixed(1)} s${verdict.findings.map((line) => `\n  ${line}`).join('')}`,
    );
  }
  return { fault: options.fault, times: options.times, ...sum, findings };
}
