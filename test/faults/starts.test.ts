import { randomInt } from 'node:crypto';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../src/lib/log.ts';
import { newKeyring } from '../../src/lib/seal.ts';
import { lazyConnection, type TemporalTarget } from '../../src/temporal/connection.ts';
import { type ControlWorker, startWorker } from '../../src/worker/control.ts';
import { personWithKey } from '../factories.ts';
import { type Bench, openBench } from '../harness/bench.ts';
import { ownNamespace } from '../harness/namespace.ts';
import { env } from '../harness/programs.ts';
import { cutOffStarts } from './starts/cut-off-starts.ts';
import { manyStarts } from './starts/many-starts.ts';
import type { Place } from './starts/place.ts';

/** `STARTS=1000 CUT_OFF_STARTS=200` for what the rows ask; `npm test` does less of the same. */
const STARTS = Number(env.STARTS ?? 200);
const CUT_OFF = Number(env.CUT_OFF_STARTS ?? 20);
const SEED = Number(env.STARTS_SEED ?? randomInt(1_000_000));

let bench: Bench;
let worker: ControlWorker;
let client: Client;
let place: Place;
beforeAll(async () => {
  bench = await openBench();
  const { clock, random } = bench;
  const target: TemporalTarget = await ownNamespace();
  const log = createLogger({ level: 'error', pretty: false, process: 'test' });
  const keyring = newKeyring(clock, random);
  worker = await startWorker({ temporal: target, database: bench.worker, keyring, clock, random, log });
  client = new Client({ connection: lazyConnection(target), namespace: target.namespace });
  const { key } = await personWithKey(bench.owner, bench.org);
  place = {
    urls: bench.urls,
    temporal: target,
    client,
    rows: async (text, values) => (await bench.owner.query(text, [...values])).rows,
    org: bench.org,
    apiKey: key,
  };
});
afterAll(async () => {
  await worker?.stop(2_000);
  await client?.connection.close();
  await bench?.close();
});

test(`FT-1: ${STARTS} starts by 50 clients, answers dropped and the API killed, are one job, one workflow, one audit event each (STARTS_SEED=${SEED})`, {
  timeout: 600_000,
}, async () => {
  const load = { starts: STARTS, clients: 50, copies: 3, dropped: 0.3, kills: Math.max(3, STARTS / 100) };
  const report = await manyStarts(place, { seed: SEED, ...load, deadlineMs: 120_000 });
  process.stderr.write(`${JSON.stringify(report)}\n`);
  expect(report).toMatchObject({ lost: 0, doubled: 0, stuck: 0, findings: [] });
});

test(`FT-2: the API killed ${CUT_OFF} times between commit and start loses nothing, doubles nothing, and each job starts within 10 s`, {
  timeout: 900_000,
}, async () => {
  const report = await cutOffStarts(place, { seed: SEED, times: CUT_OFF, deadlineMs: 60_000 });
  process.stderr.write(`${JSON.stringify(report)}\n`);
  expect(report).toMatchObject({ lost: 0, doubled: 0, stuck: 0, findings: [] });
  expect(report.slowestRecoveryMs).toBeLessThan(10_000);
});
