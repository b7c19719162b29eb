// PF-8: 50 jobs that log at once, from the report's transaction to what a program reads from the stream; a quiet job alone
// and beside them. PF-9: many viewers of one job beside a server that only writes bytes to as many. First is checked that
// every reader got every line once and in order; a figure of something wrong is no figure.
import { sliceFrames } from '../src/api/jobs/stream/frames.ts';
import type { LogLine } from '../src/domain/jobs/agent-protocol.ts';
import { advanced, LOG_START, type LogPosition } from '../src/domain/logs/log-position.ts';
import { type Bench, type Figure, median, plainFigure, range, ratioFigure, row } from './figures.ts';
import { LineReader, openBytes, quantile } from './stream/readers.ts';
import { openStage } from './stream/stage.ts';
import { REST } from './stream/words.ts';

const VIEWERS = 1_000;
const JOBS = 50;
const LINES = 200;
const ROUNDS = 3;

type Stage = Awaited<ReturnType<typeof openStage>>;

export const liveLog: Bench = {
  name: 'live-log',
  about: 'lines from the report to the viewer, many jobs and many viewers at once',
  async run() {
    const stage = await openStage();
    try {
      return [...(await manyJobs(stage)), ...(await manyViewers(stage))];
    } finally {
      await stage.close();
    }
  },
};

const until = async (what: () => boolean, withinMs = 120_000) => {
  for (let waited = 0; !what(); waited += 5) {
    if (waited > withinMs) throw new Error('it did not come');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
const watch = async (stage: Stage, id: string) => {
  const reader = new LineReader();
  const { close } = await openBytes(`${stage.url}/api/v1/jobs/${id}/stream`, stage.key, (bytes) => reader.take(bytes));
  return { reader, close };
};

interface Speech {
  readonly jobs: number;
  readonly reports: number;
  readonly everyMs: number;
  readonly lines: number;
}

let number = 0;
/** So many jobs say so much, with a viewer each; answers how old each line was when it was read, and how many came a second. */
async function speak(stage: Stage, { jobs, reports, everyMs, lines }: Speech) {
  const hosts = await stage.startJobs(jobs);
  const viewers = await Promise.all(hosts.map(({ id }) => watch(stage, id)));
  const ms = await stage.say({ name: String(number++), hosts, reports, everyMs, lines });
  await until(() => viewers.every(({ reader }) => reader.next >= reports * lines));
  for (const host of hosts) await stage.end(host);
  await until(() => viewers.every(({ reader }) => reader.ended > 0));
  for (const { reader, close } of viewers) {
    if (reader.wrong !== null || reader.next !== reports * lines || reader.ended !== 1)
      throw new Error(`wrong: ${reader.wrong}, ${reader.next} lines, ${reader.ended} ends`);
    close();
  }
  return { ages: viewers.flatMap(({ reader }) => reader.agesMs), perSecond: (jobs * reports * lines * 1000) / ms };
}

/** Many viewers who only count bytes; answers how long it takes until each has all of them. */
async function fanOut(
  stage: Stage,
  url: string,
  extra: number,
  pieces: readonly string[],
  say: () => Promise<unknown>,
) {
  const counts = new Array<number>(VIEWERS).fill(0);
  // Every hundredth is read line by line, the others are counted.
  const kept = new Map<number, LineReader>();
  const readers: { close(): void }[] = [];
  // Not all in one moment: what is measured is the writing, not the accepting.
  for (let at = 0; at < VIEWERS; at += 50) {
    const group = counts.slice(at, at + 50).map((_, i) => {
      if ((at + i) % 100 === 0) kept.set(at + i, new LineReader());
      return openBytes(url, stage.key, (bytes) => {
        counts[at + i]! += bytes.length;
        kept.get(at + i)?.take(bytes);
      });
    });
    readers.push(...(await Promise.all(group)));
  }
  await until(() => counts.every((count) => count >= extra));
  const before = [...counts];
  const began = performance.now();
  await say();
  const size = Buffer.byteLength(pieces.join(''));
  await until(() => counts.every((count, at) => count - before[at]! >= size));
  const ms = performance.now() - began;
  for (const { wrong, next } of kept.values())
    if (wrong !== null || next !== pieces.length * LINES) throw new Error(`wrong: ${wrong}, ${next} lines`);
  for (const reader of readers) reader.close();
  return ms;
}

const QUIET = { jobs: 1, reports: 100, everyMs: 50, lines: 1 };

async function manyJobs(stage: Stage): Promise<Figure[]> {
  await speak(stage, { jobs: 5, reports: 20, everyMs: 20, lines: LINES });
  const alone = await speak(stage, QUIET);
  // 50 jobs of 200 lines each 250 ms are 40,000 lines a second.
  const before = await stage.cost();
  const [noisy, beside] = await Promise.all([
    speak(stage, { jobs: JOBS, reports: 30, everyMs: 250, lines: LINES }),
    speak(stage, QUIET),
  ]);
  const after = await stage.cost();
  const p = (values: readonly number[]) =>
    `p50 ${quantile(values, 0.5).toFixed(0)} ms, p99 ${quantile(values, 0.99).toFixed(0)} ms`;
  row(
    `${JOBS} jobs at once, report to viewer`,
    p(noisy.ages),
    `${Math.round(noisy.perSecond)} lines/s; bar: 30,000/s, p99 500 ms`,
  );
  row(
    '  the API for it',
    `${(((after.cpuMs - before.cpuMs) * 1000) / noisy.ages.length).toFixed(1)} us CPU a line`,
    `${Math.round(after.rssBytes / 2 ** 20)} MiB`,
  );
  row('a quiet job alone', p(alone.ages), '');
  row('a quiet job beside them', p(beside.ages), '');
  const unit = 'ms';
  const quiet = { ours: quantile(beside.ages, 0.5), floor: quantile(alone.ages, 0.5) };
  return [
    plainFigure({ id: 'PF-8', metric: `lines of ${JOBS} jobs`, unit: '/s', ours: noisy.perSecond }, 'at least', 30_000),
    plainFigure(
      { id: 'PF-8', metric: 'report to viewer, p99', unit, ours: quantile(noisy.ages, 0.99) },
      'at most',
      500,
    ),
    ratioFigure({ id: 'PF-8', metric: 'a quiet job beside noisy ones, p50', unit, ...quiet }, 'at most', 1.5),
  ];
}

/** The frames of these reports as every viewer gets them; times of lines have always the same width. */
function framesOf(reports: number): string[] {
  let position: LogPosition = LOG_START;
  return Array.from({ length: reports }, (_, report) => {
    const first = report * LINES;
    const lines = Array.from({ length: LINES }, (_, i): LogLine => [0, 'out', `${first + i} ${REST}`]);
    const frames = sliceFrames({ run: 1, attempt: 1, first, next: first + LINES, lines }, position);
    position = advanced(position, 1, 1, first + LINES);
    return frames.toString('utf8');
  });
}

async function manyViewers(stage: Stage): Promise<Figure[]> {
  const raw = await stage.raw();
  const pieces = framesOf(20);
  const times = { ours: [] as number[], raw: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const hosts = await stage.startJobs(1);
    const order = { name: String(number++), hosts, reports: pieces.length, everyMs: 0, lines: LINES };
    const url = `${stage.url}/api/v1/jobs/${hosts[0]!.id}/stream`;
    times.ours.push(await fanOut(stage, url, 500, pieces, () => stage.say(order)));
    times.raw.push(await fanOut(stage, raw.url, 0, pieces, async () => raw.say(pieces)));
  }
  const frames = VIEWERS * pieces.length * LINES;
  for (const [name, ms] of Object.entries(times))
    row(`${VIEWERS} viewers of one job, ${name}`, `${Math.round(frames / median(ms))}k lines/s`, range(ms, 'ms'));

  const perMs = { ours: frames / median(times.ours), floor: frames / median(times.raw) };
  return [ratioFigure({ id: 'PF-9', metric: `lines to ${VIEWERS} viewers`, unit: 'k/s', ...perMs }, 'at least', 0.25)];
}
