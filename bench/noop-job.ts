// PF-2: a no-op job through all of Holdfast beside a bare Temporal job (same server, one activity on a queue of its own,
// no gateway, no rows), interleaved in the same run. Run: npm run bench
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { systemClock } from '../src/lib/clock.ts';
import { connectionOptions, lazyConnection } from '../src/temporal/connection.ts';
import { openBenchStack } from './bench-stack.ts';
import { median, range, row } from './figures.ts';

const ROUNDS = 15;
const PER_ROUND = 20;
const AT_ONCE = 32;
const BATCH = 160;

const stack = await openBenchStack();
const { namespace } = stack.temporal;
const client = new Client({ connection: lazyConnection(stack.temporal), namespace });
const connection = await NativeConnection.connect(connectionOptions(stack.temporal));
const bareWorkflows = await Worker.create({
  connection,
  namespace,
  taskQueue: 'bench',
  workflowsPath: fileURLToPath(new URL('./bare-workflow.ts', import.meta.url)),
  bundlerOptions: { logger: stack.quiet },
} as never);
const bareHost = await Worker.create({
  connection,
  namespace,
  taskQueue: 'bench-host',
  activities: { noop: async () => ({ code: 'succeeded' }) },
});
const running = [bareWorkflows.run(), bareHost.run()];

let number = 0;
const bare = () =>
  client.workflow.execute('bare', {
    taskQueue: 'bench',
    workflowId: `bench/${systemClock.now().getTime()}/${number++}`,
  });
const ours = () => stack.runNoop();

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function perSecond(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  let left = BATCH;
  const lane = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return (BATCH * 1000) / (performance.now() - began);
}

for (let i = 0; i < 10; i++) await Promise.all([bare(), ours()]);
const latency = { bare: [] as number[], ours: [] as number[] };
for (let round = 0; round < ROUNDS; round++)
  for (const [name, work] of [
    ['bare', bare],
    ['ours', ours],
  ] as const)
    for (let i = 0; i < PER_ROUND; i++) latency[name].push(await timed(work));
const throughput = { bare: [] as number[], ours: [] as number[] };
for (let round = 0; round < 3; round++) {
  throughput.bare.push(await perSecond(bare));
  throughput.ours.push(await perSecond(ours));
}
const p99 = latency.ours.toSorted((a, b) => a - b)[Math.floor(latency.ours.length * 0.99)]!;
row('no-op job, one after the other, bare', `p50 ${median(latency.bare).toFixed(1)} ms`, range(latency.bare, 'ms'));
row(
  'no-op job, one after the other, ours',
  `p50 ${median(latency.ours).toFixed(1)} ms, p99 ${p99.toFixed(0)} ms`,
  range(latency.ours, 'ms'),
);
row('ratio of the medians', `${(median(latency.ours) / median(latency.bare)).toFixed(2)}x`, 'bar: 1.5x');
row(`${AT_ONCE} at once, bare`, `${median(throughput.bare).toFixed(1)}/s`, range(throughput.bare, '/s'));
row(`${AT_ONCE} at once, ours`, `${median(throughput.ours).toFixed(1)}/s`, range(throughput.ours, '/s'));
row('ratio', `${(median(throughput.ours) / median(throughput.bare)).toFixed(2)}x`, 'bar: 0.6x');
bareWorkflows.shutdown();
bareHost.shutdown();
await Promise.all(running);
await stack.close();
process.exit(0);
