import type { ClaimAnswer, LogLine, Progress, ReportAnswer } from '../../domain/jobs/agent-protocol.ts';
import type { AttemptResult } from '../../domain/jobs/outcome.ts';
import type { AttemptSpool } from '../log/attempt-spool.ts';

/** What an attempt can ask of the gateway. Implemented over gRPC by the agent's gateway client. */
export interface AttemptLink {
  /** From the moment this resolves the attempt may touch the world. Rejects when the job has ended or belongs to another run. */
  claim(): Promise<ClaimAnswer>;
  /** Where lines wait while the gateway is away; without it they wait in memory. */
  openSpool?(): AttemptSpool;
  /** Appends lines from `firstSeq` on; `last`: no line comes behind these. Rejects when the gateway is away (try again with the same arguments). */
  report(
    firstSeq: number,
    lines: readonly LogLine[],
    progress: Progress | null,
    result: AttemptResult | null,
    last: boolean,
  ): Promise<Pick<ReportAnswer, 'nextSeq' | 'closed'>>;
}
