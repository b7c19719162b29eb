import type { Progress } from '../../domain/jobs/agent-protocol.ts';
import { redactText } from '../../lib/redact.ts';
import type { JobAnswer, JobEvent, Schemas } from '../client/api-types.ts';
import type { Cli, Session } from '../client/cli.ts';
import { bytes, relative } from '../output/output.ts';
import { LiveView } from './live-view.ts';
import { watchJob } from './watch-job.ts';

/** A line of a log for people, with its time in UTC, safe for a terminal, because hosts wrote it. */
export function lineWords(line: Schemas['LogLine']): string {
  const mark = line.stream === 'out' ? ' ' : line.stream === 'err' ? '!' : '*';
  return `${line.at.slice(11, 23)}Z ${mark} ${redactText(line.text)}`;
}

export const gapWords = (gap: Schemas['LogGap']): string =>
  `              * ${gap.lines} lines dropped (${gap.run}.${gap.attempt}.${gap.fromSeq} to ${gap.toSeq})`;

/** Shows a job as it happens; answers it as it ended. For programs: one event a line, as the API tells them. */
export async function followJob(cli: Cli, session: Session, jobId: string, tail?: number): Promise<JobAnswer> {
  const query = tail === undefined ? '' : `?tail=${tail}`;
  const view = new LiveView(cli.streams);
  let job: JobAnswer | null = null;
  try {
    for await (const event of watchJob(cli, session, jobId, query)) {
      if (session.output.format === 'json') cli.streams.out.write(`${JSON.stringify(event)}\n`);
      if (event.event === 'job' || event.event === 'state') job = event.data;
      else if (event.event === 'end') job = event.data.job;
      if (session.output.format === 'table') show(view, event, job, cli.now());
      if (event.event === 'progress' && job) job = { ...job, progress: event.data.progress as JobAnswer['progress'] };
      if (event.event === 'end' && !event.data.logComplete)
        session.output.note(`The host may still bring lines; see later: holdfast jobs logs ${jobId}`);
    }
  } finally {
    view.close();
  }
  if (job === null) throw new Error('the stream ended without a job');
  return job;
}

function show(view: LiveView, { event, data }: JobEvent, job: JobAnswer | null, now: Date): void {
  if (event === 'line') view.line(lineWords(data));
  else if (event === 'gap') view.line(gapWords(data));
  else if (event === 'reset') view.note('The log could not be gone on with; it starts anew.');
  else if (job === null) return;
  else if (event === 'progress') {
    const note = progressOf(data.progress)?.note;
    // The first time a program says why nothing moves it is a line, also where progress is not shown.
    if (note && note !== progressOf(job.progress)?.note) view.note(`${job.title}: ${job.state}, but ${note}`);
    view.status(`${job.title}: ${job.state}, ${progressWords(data.progress)}`);
  } else if (event === 'job' || event === 'state') {
    view.note(stateWords(job));
    if (job.state === 'running' && job.progress !== null)
      view.status(`${stateWords(job)}, ${progressWords(job.progress)}${agedWords(job.progressAt, now)}`);
  }
}

export function stateWords(job: JobAnswer): string {
  const head = `${job.title}: ${job.state}`;
  const place = job.queuePosition === null ? '' : ` (number ${job.queuePosition} in the queue)`;
  if (job.state === 'waiting') return `${head}, ${job.waitsFor ?? 'for its turn'}${place}`;
  return job.waitsFor === null ? head : `${head}, but ${job.waitsFor}`;
}

/** What a host says of its progress; a host of another release may leave out a part of it. */
export const progressOf = (progress: unknown): Partial<Progress> | null => progress as Partial<Progress> | null;

/** `42 %, 1.3 GiB of 3.0 GiB, 12 of 40 files, 55.0 MiB/s, 35 s left, /srv/data/x` */
export function progressWords(given: unknown): string {
  const progress = progressOf(given);
  if (!progress) return '';
  const { fraction, bytesDone, bytesTotal, filesDone, filesTotal, ratePerSecond, etaSeconds, current } = progress;
  const said = [
    typeof fraction === 'number' ? `${Math.floor(fraction * 100)} %` : null,
    bytesTotal ? `${bytes(bytesDone ?? 0)} of ${bytes(bytesTotal)}` : null,
    filesTotal ? `${filesDone} of ${filesTotal} files` : null,
    ratePerSecond ? `${bytes(ratePerSecond)}/s` : null,
    typeof etaSeconds === 'number' ? `${Math.ceil(etaSeconds)} s left` : null,
    current,
  ];
  return said.filter(Boolean).join(', ');
}

/** Progress comes each few seconds; older than this it says little about now. */
const FRESH_MS = 30_000;

/** `, as of 3 min ago` where progress is old, because its host is away or its program stands still. */
export function agedWords(progressAt: string | null, now: Date): string {
  const ageMs = progressAt === null ? 0 : now.getTime() - new Date(progressAt).getTime();
  return ageMs < FRESH_MS ? '' : `, as of ${relative(ageMs)}`;
}
