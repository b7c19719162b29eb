import type { JobAnswer } from '../client/api-types.ts';
import { adviceFor } from '../output/advice.ts';
import { exitOfState } from '../output/exit.ts';
import { bytes, type Output } from '../output/output.ts';
import { agedWords, progressOf, progressWords } from './follow.ts';

const COUNTS: Readonly<Record<string, (value: number) => string>> = {
  filesNew: (n) => `${n} new files`,
  filesChanged: (n) => `${n} changed`,
  filesUnmodified: (n) => `${n} unchanged`,
  bytesProcessed: (n) => `${bytes(n)} looked at`,
  bytesAdded: (n) => `${bytes(n)} added`,
};

/** What a backup changed, from its counts; null when it counted nothing. */
function changesOf(counts: Readonly<Record<string, number>>): string | null {
  const said = Object.entries(COUNTS).flatMap(([name, say]) => (counts[name] === undefined ? [] : [say(counts[name])]));
  return said.length === 0 ? null : said.join(', ');
}

/** Everything about one job that a person may want to know. */
export function showJob(output: Output, job: JobAnswer, runUrl: string | null = null): void {
  const { outcome, times } = job;
  const { note, noteAt } = progressOf(job.progress) ?? {};
  const since = note && note === job.waitsFor ? `, since ${output.time(noteAt)}` : '';
  const place = job.queuePosition === null ? '' : ` (number ${job.queuePosition} in the queue)`;
  output.facts(job, [
    ['Job', job.id],
    ['What', job.title],
    ['State', job.state],
    [job.state === 'waiting' ? 'Waits' : 'But', job.waitsFor === null ? null : `${job.waitsFor}${place}${since}`],
    ['Gives up', job.state === 'waiting' ? output.time(times.queueDeadlineAt) : null],
    [
      'Progress',
      job.state === 'running' && job.progress !== null
        ? `${progressWords(job.progress)}${agedWords(job.progressAt, output.now())}`
        : null,
    ],
    ['Result', outcome?.sentence],
    ['Do', outcome && adviceFor(job, outcome.next)],
    ['Snapshot', outcome?.refs.snapshotId],
    ['Changes', outcome && changesOf(outcome.counts)],
    [
      'Failures',
      outcome && outcome.failureCount > 0
        ? `${outcome.failureCount}, first: ${outcome.failures[0]?.item}: ${outcome.failures[0]?.message}`
        : null,
    ],
    ['Host', job.host?.name],
    ['Started by', `${job.actor.label} (${job.trigger})`],
    ['Accepted', output.time(times.acceptedAt)],
    ['Queued', output.time(times.queuedAt)],
    ['Started', output.time(times.startedAt)],
    ['Finished', output.time(times.finishedAt)],
    ['Attempts', job.attempts],
    ['Cancel asked', job.cancelRequestedAt && `${output.time(job.cancelRequestedAt)} by ${job.cancelActor}`],
    ['Why cancelled', job.cancelReason],
    ['Run', runUrl],
    ['Request', job.requestId],
    ['Next', jobNext(job)[0]],
    ...jobNext(job)
      .slice(1)
      .map((next) => ['', next] as const),
  ]);
}

/** What a person may want to type next. */
export function jobNext({ id, state, behindJobId }: JobAnswer): string[] {
  const [tail, cancel] = [`holdfast jobs tail ${id}`, `holdfast jobs cancel ${id}`];
  if (state === 'waiting') return [behindJobId === null ? tail : `holdfast jobs show ${behindJobId}`, cancel];
  if (exitOfState(state) === null) return state === 'cancelling' ? [tail] : [tail, cancel];
  return state === 'succeeded' || state === 'cancelled'
    ? []
    : [`holdfast jobs logs ${id}`, `holdfast jobs again ${id}`];
}
