import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLogger } from '../../src/lib/log.ts';
import { newKeyring } from '../../src/lib/seal.ts';
import { type ControlWorker, startWorker } from '../../src/worker/control.ts';
import { type Bench, openBench } from '../harness/bench.ts';
import { type OwnTemporal, startOwnTemporal } from '../harness/own-temporal.ts';

let bench: Bench;
let temporal: OwnTemporal;
let worker: ControlWorker;
beforeAll(async () => {
  bench = await openBench();
  temporal = await startOwnTemporal();
  const { clock, random } = bench;
  const log = createLogger({ level: 'error', pretty: false, process: 'test', destination: { write: () => {} } });
  const keyring = newKeyring(clock, random);
  worker = await startWorker({ temporal: temporal.target, database: bench.worker, keyring, clock, random, log });
});
afterAll(async () => {
  await worker?.stop(1_000);
  await temporal?.close();
  await bench?.close();
});

test('a worker whose namespace stays missing says that it is over, to be started again: its polls would never come back', {
  timeout: 85_000,
}, async ({ annotate }) => {
  await temporal.stop();
  await temporal.drop();
  await temporal.start('bare');
  const missingSinceMs = Date.now();
  expect(await worker.ended).toMatch(/^failed/);
  await annotate(`after ${((Date.now() - missingSinceMs) / 1000).toFixed(0)} s`);
});
