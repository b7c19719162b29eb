import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePublicId } from '../../../src/lib/ids.ts';
import { dataPaths } from '../../../src/processes/place/data-folder.ts';
import { untilTrue } from '../../harness/until-true.ts';
import { restartedJobs } from '../evidence.ts';
import { LineTally } from '../line-tally.ts';
import { type Accepted, buildSite, type Site } from '../load.ts';
import { LogViewer } from '../log-viewer.ts';
import type { Scenario } from '../scenario.ts';
import { type FaultStack, openFaultStack } from '../stack/fault-stack.ts';
import { tally } from '../tally.ts';

const VIEWERS = 4;
/** By what they have seen, and while the log store is away: 4 viewers times 25 are the hundred. */
const DROPS = { byLines: 20, whileAway: 5 };
/** From the return of the log store until every line is there and every viewer has its end. */
const WITHIN_MS = 180_000;

interface Shape {
  readonly lines: number;
  readonly awayMs: number;
}

/**
 * FT-8 in one run: a backup whose program writes a million lines at 20,000 a second, and ends while the log store is
 * away. Lost and doubled are counted in lines here. Recovery: from the store's return until all is told.
 */
export const logFlood: Scenario = {
  name: 'log-flood',
  about: 'a program that floods its log, viewers that are dropped 100 times, the log store away meanwhile',
  inShort: true,
  async run({ short, say }) {
    const shape: Shape = short ? { lines: 100_000, awayMs: 15_000 } : { lines: 1_000_000, awayMs: 60_000 };
    const stack = await openFaultStack();
    try {
      const site = await buildSite(stack, [{ floodLines: shape.lines }]);
      const told = { lost: 0, doubled: 0, stuck: 0, drops: 0, findings: [] as string[] };
      const fault = `viewers dropped and the log store away for ${shape.awayMs / 1000} s in a flood of ${shape.lines} lines`;
      const report = await tally(stack, site, { fault, times: 1, say }, (accepted) =>
        flood(stack, site, accepted, shape, told),
      );
      return [
        {
          ...report,
          times: told.drops,
          lost: report.lost + told.lost,
          doubled: report.doubled + told.doubled,
          stuck: report.stuck + told.stuck,
          findings: [...report.findings, ...told.findings],
        },
      ];
    } finally {
      await stack.close();
    }
  },
};

interface Told {
  lost: number;
  doubled: number;
  stuck: number;
  drops: number;
  findings: string[];
}

async function flood(stack: FaultStack, site: Site, accepted: Accepted, shape: Shape, told: Told): Promise<number> {
  const { lines, awayMs } = shape;
  const stuck = (finding: string) => {
    told.stuck++;
    told.findings.push(finding);
  };
  const api = JSON.parse(readFileSync(dataPaths(join(stack.folder, 'data')).cliFile, 'utf8'));
  const job = await accepted.backup(site.hosts[0]!.planId);
  const dropEvery = Math.ceil(lines / (DROPS.byLines + 1));
  const viewers = Array.from(
    { length: VIEWERS },
    (_, at) => new LogViewer(`viewer ${at + 1}`, api, job, lines, dropEvery),
  );
  const giveUp = new AbortController();
  const watched = Promise.all(viewers.map((viewer) => viewer.watch(giveUp.signal)));
  watched.catch(() => {});
  stack.onClose(async () => giveUp.abort());
  await untilTrue('viewers see lines', () => viewers.every((viewer) => viewer.lines.seen > lines / 5));
  const giveBack = await stack.database.hold('lock table log_head, log_chunk in access exclusive mode');
  // Somebody else's job meanwhile: its outcome is no concern of the log's.
  await accepted.noop(site.probe, { logLines: 100 });
  for (let drop = 0; drop < DROPS.whileAway; drop++) {
    await sleep(awayMs / DROPS.whileAway);
    for (const viewer of viewers) viewer.drop();
  }
  const ended = (await stack.client.get(`jobs/${job}`)).state;
  if (ended !== 'succeeded') stuck(`${job} is ${ended} while the log store is away: it waited for its log`);
  await giveBack();
  const backAt = Date.now();
  const timer = setTimeout(() => giveUp.abort(), WITHIN_MS);
  await watched;
  clearTimeout(timer);
  const recoveryMs = Date.now() - backAt;
  // The other job's lines come by themselves, when its agent tries again; what never comes is for the verdict to say.
  await untilTrue('every log is whole', () => logsAreWhole(stack), 20_000).catch(() => {});
  const stored = await storedLines(stack, job, lines);
  const restarted = await restartedJobs(stack, accepted.jobs);
  for (const { verdict } of [{ verdict: stored.verdict }, ...viewers]) {
    told.lost += verdict.lost;
    told.doubled += verdict.doubled;
    told.findings.push(...verdict.findings);
  }
  told.doubled += restarted.length;
  told.findings.push(...restarted);
  told.drops = viewers.reduce((sum, viewer) => sum + viewer.drops, 0);
  if (told.drops < VIEWERS * (DROPS.byLines + DROPS.whileAway)) stuck(`viewers were dropped ${told.drops} times only`);
  return recoveryMs;
}

async function logsAreWhole({ database }: FaultStack): Promise<boolean> {
  return (await database.rows('select 1 from log_head where not closed')).length === 0;
}

const PAGE = 500;

/** What the log store holds of a job, chunk by chunk in its order. */
export async function storedLines({ database }: FaultStack, jobId: string, lines: number): Promise<LineTally> {
  const tally = new LineTally('the log store', lines);
  for (let from = 0, more = true; more; from += PAGE) {
    const chunks = await database.rows<{ body: string }>(
      'select body from log_chunk where job_id = $1 order by run_no, attempt, first_seq limit $2 offset $3',
      [parsePublicId('job', jobId), PAGE, from],
    );
    for (const { body } of chunks) for (const [, , text] of JSON.parse(body)) tally.take(text);
    more = chunks.length === PAGE;
  }
  return tally;
}
