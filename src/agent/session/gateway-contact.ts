import type { BeatAnswer } from '../../domain/jobs/agent-protocol.ts';

/** For how long nobody has taken a beat of this agent that could also have passed a heartbeat on to the engine. */
export class GatewayContact {
  readonly #monotonicMs: () => number;
  #lastAtMs: number;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.#lastAtMs = monotonicMs();
  }

  lostForMs(): number {
    return this.#monotonicMs() - this.#lastAtMs;
  }

  /** Counts from when the beat was sent: from when its answer came, a slow network would make the gap too short. */
  async madeBy(beat: () => Promise<BeatAnswer>): Promise<BeatAnswer> {
    const sentAtMs = this.#monotonicMs();
    const answer = await beat();
    // A gateway of the release before does not say it.
    if (answer.verdict === 'ok' && answer.engineAway !== true) this.#lastAtMs = sentAtMs;
    return answer;
  }
}
