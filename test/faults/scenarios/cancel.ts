import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePublicId } from '../../../src/lib/ids.ts';
import { untilTrue } from '../../harness/until-true.ts';
import { type Accepted, buildSite, type Site } from '../load.ts';
import type { Scenario } from '../scenario.ts';
import { type FaultStack, openFaultStack } from '../stack/fault-stack.ts';
import { jobProcesses } from '../stack/own-folder.ts';
import { begunOf } from '../stack/witness.ts';
import type { FaultReport } from '../table.ts';
import { tally } from '../tally.ts';

/** FT-5, over the mix; a program that hears no signal gets 72 s before it is killed. */
const P95_MS = 5_000;
const P99_MS = 15_000;
const STUBBORN_MS = 75_000;
const WITHIN_MS = 120_000;
const LATEST_CANCEL_MS = 1_500;

type Host = Site['hosts'][number];

/** Recovery: from the request to cancel until the row has ended, its processes are gone and what waited behind it has been done. */
export const cancel: Scenario = {
  name: 'cancel',
  about:
    'cancels of restic, of a tree of processes, of sleeping and of waiting jobs; then of a program that ignores signals',
  inShort: true,
  async run({ short, say }) {
    const stack = await openFaultStack();
    try {
      const site = await buildSite(stack, ['good', 'good', 'tree', 'stubborn']);
      const [first, second, tree, stubborn] = site.hosts as [Host, Host, Host, Host];
      const rounds = short ? 3 : 17;
      const tookMs: number[] = [];
      const wrong: string[] = [];
      const options = { fault: 'cancel of mixed kinds', times: rounds, say };
      // A round is twelve cancels: a running backup, a running no-op and two waiting jobs on each of three hosts.
      const mixed = await tally(stack, site, options, async (accepted) => {
        const all = [first, second, tree].map((host) => cancelOnHost(stack, accepted, host, wrong));
        const times = (await Promise.all(all)).flat();
        tookMs.push(...times);
        return Math.max(...times);
      });
      const slow = tooSlow(tookMs, say);
      // The shorter selection runs beside other tests: it looks at what happens, not at how long it takes.
      if (!short) wrong.push(...slow);
      const reports: FaultReport[] = [
        { ...mixed, times: tookMs.length, stuck: mixed.stuck + wrong.length, findings: [...mixed.findings, ...wrong] },
      ];
      if (!short) reports.push(await cancelStubborn(stack, site, stubborn, say));
      return reports;
    } finally {
      await stack.close();
    }
  },
};

async function cancelOnHost(stack: FaultStack, accepted: Accepted, host: Host, wrong: string[]): Promise<number[]> {
  const tookMs: number[] = [];
  const backup = await accepted.backup(host.planId, 'ends');
  const waiting = [await accepted.backup(host.planId, 'cancelled'), await accepted.noop(host, {}, 'cancelled')];
  await untilBegun(stack, backup);
  await sleep(Math.random() * LATEST_CANCEL_MS);
  // Those that wait first, so that they are no moment away from running.
  for (const job of [...waiting, backup]) tookMs.push(await cancelJob(stack, job, wrong));
  const sleeping = await accepted.noop(host, { sleepMs: 60_000 }, 'ends');
  const behind = await accepted.noop(host, {});
  await untilTrue('it sleeps', async () => (await rowOf(stack, sleeping)).claimed, 30_000);
  tookMs.push(await cancelJob(stack, sleeping, wrong));
  await untilTrue('what waited behind it is done', async () => (await rowOf(stack, behind)).state === 'succeeded');
  return tookMs;
}

const untilBegun = ({ folder }: FaultStack, job: string) =>
  untilTrue(`${job} has begun`, () => begunOf(join(folder, 'witness')).includes(job), 60_000);

/** From the request on; a process that outlives the row's end is an orphan. */
async function cancelJob(stack: FaultStack, job: string, wrong: string[]): Promise<number> {
  const askedAt = Date.now();
  await stack.client.post(`jobs/${job}/cancel`, { reason: 'test' });
  await untilTrue(`${job} has ended`, async () => (await rowOf(stack, job)).ended, WITHIN_MS);
  const tookMs = Date.now() - askedAt;
  for (const { pid, jobId, command } of jobProcesses(stack.folder))
    if (jobId === job) wrong.push(`${job} has ended, and its process ${pid} runs: ${command}`);
  return tookMs;
}

async function rowOf({ database }: FaultStack, job: string) {
  const [row] = await database.rows<{ state: string; claimed: boolean; ended: boolean }>(
    `select state, finished_at is not null as ended, exists (select 1 from attempt a where a.job_id = j.id and a.claimed_at is not null)
       as claimed from job j where id = $1`,
    [parsePublicId('job', job)],
  );
  return row!;
}

function tooSlow(tookMs: readonly number[], say: (line: string) => void): string[] {
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  const [p50, p95, p99] = [at(0.5), at(0.95), at(0.99)];
  say(`  ${tookMs.length} cancels: p50 ${p50} ms, p95 ${p95} ms, p99 ${p99} ms`);
  return [
    ...(p95 > P95_MS ? [`95 % of the cancels took up to ${p95} ms`] : []),
    ...(p99 > P99_MS ? [`99 % of the cancels took up to ${p99} ms`] : []),
  ];
}

/** Nobody is asked twice: after the grace of restic, 72 s, the whole group is killed. */
async function cancelStubborn(
  stack: FaultStack,
  site: Site,
  host: Host,
  say: (line: string) => void,
): Promise<FaultReport> {
  const wrong: string[] = [];
  const options = { fault: 'cancel of a program that ignores signals', times: 1, settleMs: WITHIN_MS, say };
  const report = await tally(stack, site, options, async (accepted) => {
    const job = await accepted.backup(host.planId, 'ends');
    const behind = await accepted.noop(host, {});
    await untilBegun(stack, job);
    const tookMs = await cancelJob(stack, job, wrong);
    if (tookMs > STUBBORN_MS) wrong.push(`${job} was cancelled and ended after ${tookMs} ms`);
    await untilTrue('what waited behind it is done', async () => (await rowOf(stack, behind)).state === 'succeeded');
    return tookMs;
  });
  return { ...report, stuck: report.stuck + wrong.length, findings: [...report.findings, ...wrong] };
}
