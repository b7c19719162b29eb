import { ApplicationFailure } from '@temporalio/common';
import type { HostActivityInput } from '../../domain/jobs/agent-protocol.ts';

export type AgentLane = 'main' | 'quick';

interface Task {
  readonly input: HostActivityInput;
  readonly lane: AgentLane;
  /** How long the engine waits for a heartbeat. */
  readonly heartbeatTimeoutMs: number;
}

interface Running extends Task {
  readonly cutOff: AbortController;
  readonly ended: Promise<unknown>;
}

/** What the process has under way: presence tells the gateway about it, and it can be ended from here. */
export class RunningAttempts {
  readonly #running = new Set<Running>();

  async during<Result>(task: Task, run: (cutOff: AbortSignal) => Promise<Result>): Promise<Result> {
    const cutOff = new AbortController();
    const ended = Promise.withResolvers<void>();
    const one = { ...task, cutOff, ended: ended.promise };
    this.#running.add(one);
    try {
      return await run(cutOff.signal);
    } finally {
      this.#running.delete(one);
      ended.resolve();
    }
  }

  list(): { jobId: string; attempt: number }[] {
    return [...this.#running].map(({ input: { jobId, attempt } }) => ({ jobId, attempt }));
  }

  /** Ends what runs on the main lane of a job that was given up, and resolves when it has ended. */
  async end(jobId: string): Promise<void> {
    const its = [...this.#running].filter(({ input, lane }) => lane === 'main' && input.jobId === jobId);
    for (const { cutOff } of its) cutOff.abort(cutOffBy('The engine gave this attempt up.'));
    await Promise.all(its.map(({ ended }) => ended));
  }

  /** Ends the attempts for which no beat has come through for as long as the engine waits for one. */
  endSilent(silentMs: number): void {
    for (const { cutOff, heartbeatTimeoutMs } of this.#running)
      if (silentMs >= heartbeatTimeoutMs) cutOff.abort(cutOffBy('The gateway was out of reach for too long.'));
  }
}

/** Most often nobody reads it any more: by then the engine has given the attempt up. */
const cutOffBy = (message: string) => ApplicationFailure.create({ type: 'CutOff', message, nonRetryable: true });
