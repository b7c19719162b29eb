import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Tx } from '../../../db/core/transaction.ts';
import { readPulses } from '../../../db/jobs/job-watch.ts';
import { getJobs } from '../../../db/jobs/jobs.ts';
import { readStretches, STRETCH } from '../../../db/logs/log-pieces.ts';
import type { JobFeed } from './job-feed.ts';

/** All lines that one look takes, so that it stays short: who has little to say waits no longer than it lasts. */
const LOOK_BYTES = 2 * 1024 * 1024;
/** The rows of so few are asked for before it is known which of them changed: one round trip less until an end is told. */
const FEW = 4;

/** `more`: not all lines were read. */
export type Found = 'nothing' | 'lines' | 'more';

/**
 * Reads what is new of these jobs of one organisation and hands it to their feeds: a statement for how they are, one for
 * the rows that changed, one for the lines.
 */
export async function lookAt(tx: Tx, feeds: ReadonlyMap<string, JobFeed>, thorough: boolean): Promise<Found> {
  const changed: string[] = [];
  const seen: JobFeed[] = [];
  const ids = [...feeds.keys()];
  const [pulses, early] = await Promise.all([readPulses(tx, ids), ids.length > FEW ? null : getJobs(tx, ids)]);
  for (const pulse of pulses) {
    const feed = feeds.get(pulse.id)!;
    seen.push(feed);
    if (feed.see(pulse) || (thorough && feed.isUnderWay)) changed.push(pulse.id);
  }
  const rows = early?.filter(({ id }) => changed.includes(id)) ?? (await getJobs(tx, changed));
  for (const job of rows) feeds.get(job.id)!.learn(job);
  const spoke = seen.some((feed) => feed.isBehind);
  await handOutLines(tx, seen);
  for (const feed of seen) feed.settle();
  if (seen.some((feed) => feed.isBehind)) return 'more';
  return spoke ? 'lines' : 'nothing';
}

async function handOutLines(tx: Tx, feeds: readonly JobFeed[]): Promise<void> {
  const behind = feeds.filter((feed) => feed.isBehind);
  if (behind.length === 0) return;
  const share = { ...STRETCH, bytes: Math.min(STRETCH.bytes, Math.floor(LOOK_BYTES / behind.length)) };
  const stretches = await readStretches(
    tx,
    behind.map((feed) => feed.lack),
    share,
  );
  const sizeOf = (feed: JobFeed) => stretches.get(feed.lack.jobId)!.pieces.length;
  for (const feed of behind.toSorted((a, b) => sizeOf(a) - sizeOf(b))) {
    for (const piece of stretches.get(feed.lack.jobId)!.pieces) {
      feed.push(piece);
      // Sockets take nothing before the next turn: a whole stretch at once made quick readers look slow.
      await nextTurn();
    }
  }
}
