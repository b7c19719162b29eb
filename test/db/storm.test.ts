import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sweepForgotten } from '../../src/worker/jobs/sweep.ts';
import { type Bench, openBench } from '../harness/bench.ts';
import { env } from '../harness/programs.ts';
import { type Entry, judgeHistory } from './storm/history.ts';
import { type StormReport, storm } from './storm/storm.ts';

/** Say `STORM_SEED=123` to have the same operations again, and `STORM_OPERATIONS=250` for a long storm. */
const SEED = Number(env.STORM_SEED ?? randomInt(1_000_000));
const OPERATIONS = Number(env.STORM_OPERATIONS ?? 18);

const quantile = (numbers: readonly number[], share: number): number =>
  [...numbers].sort((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))] ?? 0;

const figures = ({ acceptMs, refillMs, violations, errors, overtaken, outOfOrder, ...rest }: StormReport) =>
  JSON.stringify({
    ...rest,
    accept: { p50: quantile(acceptMs, 0.5), p99: quantile(acceptMs, 0.99) },
    refill: { times: refillMs.length, p95: quantile(refillMs, 0.95), slowest: Math.max(0, ...refillMs) },
    wrong: [violations, errors, overtaken, outOfOrder].map((list) => list.slice(0, 5)),
  });

describe(`HJ-11, FT-6: 51 callers in three processes (STORM_SEED=${SEED})`, () => {
  let bench: Bench;
  let report: StormReport;
  beforeAll(async () => {
    bench = await openBench();
    const size = { processes: 3, actors: 17, operations: OPERATIONS, hosts: 12, limits: [1, 2, 5, 10] };
    report = await storm(bench, { seed: SEED, ...size, kills: true });
    process.stderr.write(`storm: ${figures(report)}\n`);
  }, 900_000);
  afterAll(() => bench?.close());

  test('no snapshot shows a limit broken, a key held without right, or a job that waits with nothing in its way', () => {
    expect(report.violations).toEqual([]);
    expect(report.errors).toEqual([]);
    expect(report.snapshots).toBeGreaterThan(20);
    expect(report.grants).toBeGreaterThan(100);
    expect(report.capChanges).toBeGreaterThan(5);
  });

  test('nobody passes a closing request, and jobs with the same keys are granted in the order they came', () => {
    expect(report.closings).toBeGreaterThan(0);
    expect(report.overtaken).toEqual([]);
    expect(report.outOfOrder).toEqual([]);
    expect(report.grantedTwice).toBe(0);
  });

  test('connections killed in the middle and a process killed leave nothing behind, and keys are given on', () => {
    expect(report.kills).toBeGreaterThan(3);
    expect(report.left).toEqual({ open: 0, requests: 0, slots: 0, used: 0, closed: 0 });
    expect(report.refillMs.length).toBeGreaterThan(0);
  });

  test('the repeat of the grant pass finds nothing, and finds a job that was forgotten', async () => {
    const { worker: db, clock, random, owner, org } = bench;
    const passed: string[] = [];
    const engine = {
      startRuns: async (starts: readonly { jobId: string }[]) => void passed.push(...starts.map((s) => s.jobId)),
    };
    const errors: unknown[] = [];
    const log = { error: (fields: unknown) => errors.push(fields) } as never;
    const parts = { database: db, engine, clock, random, log };
    expect(await sweepForgotten(parts)).toBe(0);
    const job = (await owner.query(`select id from job where org_id = $1 and host_id is not null limit 1`, [org]))
      .rows[0].id;
    await owner.query(`update job set state = 'waiting', finished_at = null where id = $1`, [job]);
    expect(await sweepForgotten(parts)).toBe(1);
    expect(passed).toEqual([job]);
    expect(errors).toEqual([{ jobs: 1 }]);
  });
});

describe('the judge of histories', () => {
  const entry = (no: number, what: Entry['what'], job: string, key: string | null = null, seq: number | null = null) =>
    ({ no, what, job, key, mode: 's', seq }) satisfies Entry;

  test('sees a later request that took a closed key, and not one that came after it was opened', () => {
    const before = [entry(1, 'wish', 'a', 'k', 1), entry(2, 'closing', 'a', 'k', 1), entry(3, 'wish', 'b', 'k', 2)];
    const grant = entry(5, 'grant', 'b');
    const other = entry(0, 'wish', 'b', 'host', 2);
    expect(judgeHistory([other, ...before, grant]).overtaken).toHaveLength(1);
    expect(judgeHistory([other, ...before, entry(4, 'open', 'a', 'k', 1), grant]).overtaken).toEqual([]);
  });

  test('sees two jobs with the same keys granted the wrong way round', () => {
    const wishes = [entry(1, 'wish', 'a', 'k', 1), entry(2, 'wish', 'b', 'k', 2)];
    expect(judgeHistory([...wishes, entry(3, 'grant', 'b'), entry(4, 'grant', 'a')]).outOfOrder).toHaveLength(1);
    expect(judgeHistory([...wishes, entry(3, 'grant', 'a'), entry(4, 'grant', 'b')]).outOfOrder).toEqual([]);
  });
});
