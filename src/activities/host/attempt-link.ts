import type { ClaimAnswer, LogLine, Progress, ReportAnswer } from '../../domain/agent-protocol.ts';
import type { AttemptResult } from '../../domain/outcome.ts';

/** What an attempt can ask of the gateway. Implemented over gRPC by the agent's gateway client. */
export interface AttemptLink {
  /** From the moment this resolves the attempt may touch the world. Rejects when the job has ended or belongs to another run. */
  claim(): Promise<ClaimAnswer>;
  /** Appends lines from `firstSeq` on; rejects when the gateway is away (try again with the same arguments). */
  report(
    firstSeq: number,
    lines: readonly LogLine[],
    progress: Progress | null,
    result: AttemptResult | null,
  ): Promise<ReportAnswer>;
}
