import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Tx } from '../../../db/core/transaction.ts';
import { readJobSnapshots } from '../../../db/jobs/job-snapshots.ts';
import { getJobs } from '../../../db/jobs/jobs.ts';
import { LOG_BATCH, readLogBatches } from '../../../db/logs/log-slices.ts';
import type { JobFeed } from './job-feed.ts';

/** All lines that one refresh takes, so that it stays short: who has little to say waits no longer than it lasts. */
const REFRESH_BYTES = 2 * 1024 * 1024;
/** The rows of so few are asked for before it is known which of them changed: one round trip less until an end is told. */
const FEW = 4;

/** `more`: not all lines were read. */
export type Refreshed = 'nothing' | 'lines' | 'more';

/**
 * Reads what is new of these jobs of one organisation and hands it to their feeds: a statement for how they are, one for
 * the rows that changed, one for the lines.
 */
export async function refreshFeeds(tx: Tx, feeds: ReadonlyMap<string, JobFeed>, thorough: boolean): Promise<Refreshed> {
  const changed: string[] = [];
  const seen: JobFeed[] = [];
  const ids = [...feeds.keys()];
  const [snapshots, early] = await Promise.all([readJobSnapshots(tx, ids), ids.length > FEW ? null : getJobs(tx, ids)]);
  for (const snapshot of snapshots) {
    const feed = feeds.get(snapshot.id)!;
    seen.push(feed);
    if (feed.see(snapshot) || (thorough && feed.isUnderWay)) changed.push(snapshot.id);
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
  const share = { ...LOG_BATCH, bytes: Math.min(LOG_BATCH.bytes, Math.floor(REFRESH_BYTES / behind.length)) };
  const batches = await readLogBatches(
    tx,
    behind.map((feed) => feed.missing),
    share,
  );
  const sizeOf = (feed: JobFeed) => batches.get(feed.missing.jobId)!.slices.length;
  for (const feed of behind.toSorted((a, b) => sizeOf(a) - sizeOf(b))) {
    for (const slice of batches.get(feed.missing.jobId)!.slices) {
      feed.push(slice);
      // Sockets take nothing before the next turn: a whole batch at once made quick readers look slow.
      await nextTurn();
    }
  }
}
