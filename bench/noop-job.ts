// PF-2: a no-op job through all of Holdfast beside a bare Temporal job (same server, one activity on a queue of its own,
// no gateway, no rows), interleaved in the same run.
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { systemClock } from '../src/lib/clock.ts';
import { connectionOptions, lazyConnection } from '../src/temporal/connection.ts';
import { type BenchStack, openBenchStack } from './bench-stack.ts';
import { type Bench, type Figure, median, plainFigure, range, ratioFigure, row } from './figures.ts';

const ROUNDS = 15;
const PER_ROUND = 20;
const AT_ONCE = 32;
const BATCH = 160;

export const noopJob: Bench = {
  name: 'noop-job',
  about: 'a no-op job through all of Holdfast, beside a bare Temporal job',
  async run() {
    const stack = await openBenchStack();
    const bare = await startBare(stack);
    try {
      return await measure(bare.execute, () => stack.runNoop());
    } finally {
      await bare.stop();
      await stack.close();
    }
  },
};

/** A workflow with one activity and nothing around it, on the same server. */
async function startBare(stack: BenchStack) {
  const { namespace } = stack.temporal;
  const client = new Client({ connection: lazyConnection(stack.temporal), namespace });
  const connection = await NativeConnection.connect(connectionOptions(stack.temporal));
  const workflows = await Worker.create({
    connection,
    namespace,
    taskQueue: 'bench',
    workflowsPath: fileURLToPath(new URL('./bare-workflow.ts', import.meta.url)),
    bundlerOptions: { logger: stack.quiet },
  } as never);
  const host = await Worker.create({
    connection,
    namespace,
    taskQueue: 'bench-host',
    activities: { noop: async () => ({ code: 'succeeded' }) },
  });
  const running = [workflows.run(), host.run()];
  let number = 0;
  return {
    execute: () =>
      client.workflow.execute('bare', {
        taskQueue: 'bench',
        workflowId: `bench/${systemClock.now().getTime()}/${number++}`,
      }),
    async stop() {
      workflows.shutdown();
      host.shutdown();
      await Promise.all(running);
    },
  };
}

type Work = () => Promise<unknown>;

async function timed(work: Work): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function perSecond(work: Work): Promise<number> {
  const began = performance.now();
  let left = BATCH;
  const lane = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return (BATCH * 1000) / (performance.now() - began);
}

async function measure(bare: Work, ours: Work): Promise<Figure[]> {
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
  for (const name of ['bare', 'ours'] as const) {
    row(
      `no-op job, one after the other, ${name}`,
      `p50 ${median(latency[name]).toFixed(1)} ms`,
      range(latency[name], 'ms'),
    );
    row(`${AT_ONCE} at once, ${name}`, `${median(throughput[name]).toFixed(1)}/s`, range(throughput[name], '/s'));
  }
  const at = (values: { bare: number[]; ours: number[] }) => ({
    ours: median(values.ours),
    floor: median(values.bare),
  });
  return [
    ratioFigure({ id: 'PF-2', metric: 'no-op job, p50', unit: 'ms', ...at(latency) }, 'at most', 1.35),
    plainFigure({ id: 'PF-2', metric: 'no-op job, p99', unit: 'ms', ours: p99 }, 'at most', 150),
    ratioFigure(
      { id: 'PF-2', metric: `no-op jobs, ${AT_ONCE} at once`, unit: '/s', ...at(throughput) },
      'at least',
      0.7,
    ),
  ];
}
