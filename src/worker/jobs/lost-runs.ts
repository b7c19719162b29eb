import { status } from '@grpc/grpc-js';
import { replaceLostRun } from '../../db/jobs/run/replace-lost-run.ts';
import { FIRST_RUN, type RunCursor, type RunUnderWay, runsUnderWay } from '../../db/jobs/run/runs-under-way.ts';
import { isDataError } from '../../lib/data-error.ts';
import { asError } from '../../lib/failure.ts';
import { publicId } from '../../lib/ids.ts';
import type { LoopParts } from '../core/loop-parts.ts';

export interface LostRunTimes {
  /** A run of which nobody heard for so long is looked up. */
  readonly silentMs: number;
  /** How often a walk over all runs begins, at most. */
  readonly walkMs: number;
  /** How many are looked up in a second, at most. */
  readonly perSecond: number;
}

/** 50 a second is 1 % of what one Temporal server answers; 10,000 silent runs are looked at in 200 s. */
export const LOST_RUN_TIMES: LostRunTimes = { silentMs: 60_000, walkMs: 15_000, perSecond: 50 };

/** Rows read in a round; of 10,000 runs that are well each is seen within 10 s. */
const PAGE = 1_000;
/** How many calls to Temporal are under way at a time. */
const SIDE_BY_SIDE = 10;

/**
 * Walks over the rows that say that a run is under way, up to a page each second, and looks up in Temporal those of which nobody
 * heard for a while: a run that was terminated, deleted or reset by hand, or lost, gets another in its place.
 */
export class LostRunSweep {
  readonly #parts: LoopParts;
  readonly #times: LostRunTimes;
  #cursor: RunCursor = FIRST_RUN;
  #walkBeganMs = 0;

  constructor(parts: LoopParts, times: LostRunTimes) {
    this.#parts = parts;
    this.#times = times;
  }

  async round(): Promise<'again' | 'rest'> {
    const { database, clock } = this.#parts;
    const nowMs = clock.now().getTime();
    if (this.#cursor === FIRST_RUN) {
      if (nowMs - this.#walkBeganMs < this.#times.walkMs) return 'rest';
      this.#walkBeganMs = nowMs;
    }
    const page = await database.acrossOrganizations('sweep: runs under way', (tx) =>
      runsUnderWay(tx, this.#cursor, PAGE),
    );
    const silent = page.filter((run) => isSilent(run, nowMs - this.#times.silentMs));
    const looked = silent.slice(0, this.#times.perSecond);
    const next = page.length === PAGE ? page.at(-1)! : FIRST_RUN;
    // Before the look, so that a page that fails is not the only one that is ever tried.
    this.#cursor = looked.length < silent.length ? looked.at(-1)! : next;
    await replaceLost(this.#parts, looked);
    // One round a second, so the rate holds; the rest comes with the next.
    return 'rest';
  }
}

function isSilent(run: RunUnderWay, sinceMs: number): boolean {
  if (run.heardAt.getTime() > sinceMs) return false;
  const named = run.hostRuns.includes(publicId('job', run.jobId));
  return !(named && run.hostSeenAt !== null && run.hostSeenAt.getTime() > sinceMs);
}

/** Looks these runs up and gives the lost ones another run. Throws when Temporal, our namespace or PostgreSQL is away. */
export async function replaceLost(parts: LoopParts, runs: readonly RunUnderWay[]): Promise<number> {
  const left = [...runs];
  let replaced = 0;
  const one = async () => {
    for (let run = left.shift(); run; run = left.shift()) if (await unlessItsOwnFault(parts, run)) replaced++;
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, one));
  return replaced;
}

/** One row that Temporal or the database refuses must not keep the others from being looked at. */
async function unlessItsOwnFault(parts: LoopParts, run: RunUnderWay): Promise<boolean> {
  try {
    return await replaceIfLost(parts, run);
  } catch (thrown) {
    const isRefused =
      (thrown as { cause?: { code?: number } }).cause?.code === status.INVALID_ARGUMENT || isDataError(thrown);
    if (!isRefused) throw thrown;
    parts.log.error({ jobId: publicId('job', run.jobId), err: asError(thrown) }, 'run lookup failed');
    return false;
  }
}

async function replaceIfLost(parts: LoopParts, run: RunUnderWay): Promise<boolean> {
  const { database, engine, log } = parts;
  const inspection = await engine.inspect(run);
  if (inspection.kind === 'there') return false;
  // First, so that nothing of the old name goes on beside the new run, even when we die between the two.
  if (inspection.how === 'replaced') await engine.endRun(run);
  const { orgId, jobId, runNo, runId } = run;
  const lost = { orgId, jobId, runNo, runId, how: inspection.how, by: inspection.by };
  const starts = await database.inOrganization(orgId, (tx) => replaceLostRun(tx, lost));
  if (starts.length > 0)
    log.warn({ jobId: publicId('job', jobId), runNo, how: inspection.how }, 'run lost: starting another');
  await engine.startRuns(starts);
  return starts.length > 0;
}
