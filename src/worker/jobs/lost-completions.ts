import { type RunOnHost, runsOnHosts } from '../../db/jobs/run/runs-on-hosts.ts';
import { FIRST_RUN, type RunCursor } from '../../db/jobs/run/runs-under-way.ts';
import { isCompletionLost } from '../../domain/jobs/lost-completion.ts';
import { asError } from '../../lib/failure.ts';
import { publicId } from '../../lib/ids.ts';
import type { LoopParts } from '../core/loop-parts.ts';

type Parts = Omit<LoopParts<'failLostActivities'>, 'random'>;

const PAGE = 500;
/** How often a walk over all runs begins, at most. */
const WALK_MS = 5_000;
/** Ended in one round at most: after an outage there are many, and each is two calls to Temporal. */
const MOST_AT_ONCE = 50;
/** A task that was handed out later than this before the last beat may not have reached the list that the beat carried. */
const ON_ITS_WAY_MS = 15_000;

/**
 * Finds runs that wait for an answer which will not come: the agent is well, and its task or its answer met a gateway or a
 * Temporal that was away for longer than the SDK tries (about 10 s). Left alone they wait for a heartbeat time-out.
 */
export class LostCompletions {
  readonly #parts: Parts;
  #cursor: RunCursor = FIRST_RUN;
  #walkBeganMs = 0;
  /** Since when the beats of its host do not name a run; by job and run. Those of the walk before, and of this one. */
  #before = new Map<string, number>();
  #unnamed = new Map<string, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async round(): Promise<'again' | 'rest'> {
    const now = this.#parts.clock.now();
    if (this.#cursor === FIRST_RUN) {
      if (now.getTime() - this.#walkBeganMs < WALK_MS) return 'rest';
      this.#walkBeganMs = now.getTime();
      this.#before = this.#unnamed;
      this.#unnamed = new Map();
    }
    const page = await this.#parts.database.acrossOrganizations('sweep: runs on hosts that beat', (tx) =>
      runsOnHosts(tx, this.#cursor, now, PAGE),
    );
    this.#cursor = page.length === PAGE ? page.at(-1)! : FIRST_RUN;
    const lost = page.filter((run) => this.#isLost(run, now.getTime()));
    await Promise.all(lost.slice(0, MOST_AT_ONCE).map((run) => this.#end(run)));
    return 'rest';
  }

  #isLost(run: RunOnHost, nowMs: number): boolean {
    const named = run.hostRuns.includes(publicId('job', run.jobId));
    const key = `${run.jobId} ${run.runNo}`;
    if (!named) this.#unnamed.set(key, this.#before.get(key) ?? nowMs);
    return isCompletionLost({
      resultAtMs: run.resultAt?.getTime() ?? null,
      unnamedSinceMs: this.#unnamed.get(key) ?? null,
      nowMs,
    });
  }

  async #end(run: RunOnHost): Promise<void> {
    const { engine, log } = this.#parts;
    const jobId = publicId('job', run.jobId);
    const startedBefore = new Date(run.hostSeenAt.getTime() - ON_ITS_WAY_MS);
    try {
      const ended = await engine.failLostActivities(run, startedBefore);
      if (ended > 0) log.warn({ jobId, runNo: run.runNo }, 'lost completion found: attempt failed');
    } catch (thrown) {
      log.warn({ jobId, err: asError(thrown) }, 'failing a lost completion failed');
    }
  }
}
