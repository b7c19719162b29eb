import type { BeatAnswer } from '../../domain/jobs/agent-protocol.ts';

/** For how long nobody has taken a beat of this agent that could also have passed a heartbeat on to the engine. */
export class Silence {
  readonly #monotonicMs: () => number;
  #brokenAtMs: number;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.#brokenAtMs = monotonicMs();
  }

  ms(): number {
    return this.#monotonicMs() - this.#brokenAtMs;
  }

  /** Counts from when the beat was sent: from when its answer came, a slow network would make the silence too short. */
  async brokenBy(beat: () => Promise<BeatAnswer>): Promise<BeatAnswer> {
    const sentAtMs = this.#monotonicMs();
    const answer = await beat();
    // A gateway of the release before does not say it.
    if (answer.verdict === 'ok' && answer.engineAway !== true) this.#brokenAtMs = sentAtMs;
    return answer;
  }
}
