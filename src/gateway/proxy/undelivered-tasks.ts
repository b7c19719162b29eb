import { Metadata } from '@grpc/grpc-js';
import proto from '@temporalio/proto'; // CommonJS: a named import fails under ESM
import type { GatewayStore, HostIdentity, HostRun } from '../../domain/hosts/gateway-store.ts';
import { runWorkflowId } from '../../domain/jobs/workflow-id.ts';
import type { Clock } from '../../lib/clock.ts';
import { asError } from '../../lib/failure.ts';
import { publicId } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import type { Upstream } from './upstream.ts';

const messages = proto.temporal.api.workflowservice.v1;
const STARTED = proto.temporal.api.enums.v1.PendingActivityState.PENDING_ACTIVITY_STATE_STARTED;
/** An agent that starts waits for this; what is missed is found by its time-out. */
const WITHIN_MS = 3_000;

interface UndeliveredTasksParts {
  readonly namespace: string;
  readonly store: Pick<GatewayStore, 'hostRuns'>;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Tasks that Temporal handed out to the agent of before and that never began: it died while they were on their way, so
 * that no token lies on its disk and no row knows them. Left alone each would wait for its heartbeat time-out, up to 15
 * minutes (2 of 30 random kills met one). An attempt that was claimed is never touched here: it is known by its token.
 */
export class UndeliveredTasks {
  readonly #parts: UndeliveredTasksParts;

  constructor(parts: UndeliveredTasksParts) {
    this.#parts = parts;
  }

  /** Ends them, before the agent that has just come polls: what is handed out by then was not handed out to it. */
  async endAll(host: HostIdentity): Promise<void> {
    const { store, log, clock } = this.#parts;
    const deadlineMs = clock.now().getTime() + WITHIN_MS;
    const left = (thrown: unknown) =>
      log.warn(
        { err: asError(thrown), hostId: host.hostId },
        'failing undelivered tasks failed: left to their time-out',
      );
    const runs = await store.hostRuns(host).catch((thrown) => {
      left(thrown);
      return [];
    });
    // One lane of one and one of four: more than five there are not.
    await Promise.all(runs.map((run) => this.#endOf(host, run, deadlineMs).catch(left)));
  }

  async #endOf(host: HostIdentity, run: HostRun, deadlineMs: number): Promise<void> {
    const { namespace, log } = this.#parts;
    const workflowId = runWorkflowId(run.jobId, run.runNo);
    const described = messages.DescribeWorkflowExecutionResponse.decode(
      await this.#call(
        'DescribeWorkflowExecution',
        messages.DescribeWorkflowExecutionRequest.encode({ namespace, execution: { workflowId } }).finish(),
        deadlineMs,
      ),
    );
    const runId = described.workflowExecutionInfo?.execution?.runId ?? '';
    for (const { activityId, state } of described.pendingActivities ?? []) {
      if (state !== STARTED || !activityId) continue;
      if (run.claimedAttempts.includes(Number(activityId))) continue;
      const failure = { message: 'The agent was restarted.', applicationFailureInfo: { type: 'AgentRestarted' } };
      const identity = publicId('host', host.hostId);
      const answer = { namespace, workflowId, runId, activityId, failure, identity };
      await this.#call(
        'RespondActivityTaskFailedById',
        messages.RespondActivityTaskFailedByIdRequest.encode(answer).finish(),
        deadlineMs,
      );
      log.info({ hostId: host.hostId, workflowId, activityId }, 'undelivered task failed after agent restart');
    }
  }

  #call(method: string, message: Uint8Array, deadlineMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#parts.upstream.call(method, Buffer.from(message), new Metadata(), deadlineMs, (error, answer) =>
        error || !answer ? reject(error ?? new Error('empty answer')) : resolve(answer),
      );
    });
  }
}
