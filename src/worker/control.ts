import { fileURLToPath } from 'node:url';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { noop } from '../activities/control/noop.ts';
import { controlActivities } from '../activities/control/run-activities.ts';
import { CONTROL_QUEUE } from '../catalog/queues.ts';
import type { Database } from '../db/core/database.ts';
import { holdLease } from '../db/core/lease.ts';
import type { Clock } from '../lib/clock.ts';
import { asError } from '../lib/failure.ts';
import { newUuid, type RandomBytes } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import type { Keyring } from '../lib/seal.ts';
import { connectionOptions, type TemporalTarget } from '../temporal/connection.ts';
import { EncryptingCodec } from '../temporal/payload-codec.ts';
import { openWorkflowEngine } from '../temporal/workflow-engine.ts';
import { chainOnce, watchAuditGap } from './audit/chainer.ts';
import { startLoop } from './core/loop.ts';
import { sweepPresence } from './hosts/presence.ts';
import { EngineWatch } from './instance/engine.ts';
import { UPKEEP_LEASE_MS, UPKEEP_PERIOD_MS, upkeepOnce } from './instance/upkeep.ts';
import { LostCompletions } from './jobs/lost-completions.ts';
import { LOST_RUN_TIMES, LostRunSweep, type LostRunTimes } from './jobs/lost-runs.ts';
import { pumpOnce } from './jobs/pump.ts';
import { REPAIR_LEASE_MS, REPAIR_PERIOD_MS, sweepRepair } from './jobs/sweep.ts';

interface WorkerOptions {
  readonly temporal: TemporalTarget;
  readonly database: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  /** Shorter in tests. */
  readonly lostRunTimes?: LostRunTimes;
}

export interface ControlWorker {
  stop(graceMs: number): Promise<void>;
  /** Resolves with the reason when the worker has ended by itself: the process should then exit and be started again. */
  readonly ended: Promise<string>;
}

const WATCHDOG_MS = 1_000;
/** How soon a new namespace is noticed; one small question to Temporal each time. */
const ENGINE_PERIOD_MS = 2_000;
const FAILURE_CONVERTER = fileURLToPath(new URL('../temporal/failure-converter.cjs', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/** The control plane's Temporal worker and the loops that one of the replicas runs. */
export async function startWorker(options: WorkerOptions): Promise<ControlWorker> {
  const { database, clock, log } = options;
  const engine = openWorkflowEngine({ target: options.temporal, clock, log });
  const worker = await createWorker(options, engine);
  const loops = startLoops(options, engine);
  const running = worker.run().then(
    () => 'stopped',
    (thrown) => `failed: ${asError(thrown).message}`,
  );
  // A worker whose polls are refused for 60 s is FAILED, but its run() never settles then; so we look.
  let watchdog: NodeJS.Timeout | undefined;
  const failed = new Promise<string>((resolve) => {
    watchdog = setInterval(
      () => worker.getState() === 'FAILED' && resolve('failed: Temporal refuses our polls'),
      WATCHDOG_MS,
    );
  });
  return {
    ended: Promise.race([running, failed]),
    async stop(graceMs) {
      clearInterval(watchdog);
      await Promise.all(loops.map((loop) => loop.stop()));
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
      await engine.close();
      await database.close();
    },
  };
}

async function createWorker(options: WorkerOptions, engine: ReturnType<typeof openWorkflowEngine>): Promise<Worker> {
  const { temporal, database, keyring, random, log } = options;
  Runtime.install({ logger: temporalLogger(log), telemetryOptions: { logging: { forward: {}, filter: 'WARN' } } });
  const connection = await NativeConnection.connect(connectionOptions(temporal));
  return Worker.create({
    connection,
    namespace: temporal.namespace,
    taskQueue: CONTROL_QUEUE,
    workflowsPath: WORKFLOWS,
    activities: { ...controlActivities({ database, engine }), 'noop.v1': noop },
    dataConverter: { payloadCodecs: [new EncryptingCodec(keyring, random)], failureConverterPath: FAILURE_CONVERTER },
    // About 1 MB each; what falls out is replayed (0.5 ms an event, our runs have 14).
    maxCachedWorkflows: 200,
    shutdownGraceTime: '10s',
    maxConcurrentActivityTaskExecutions: 50,
    // Of ten connections the rest stays for the loops. With the default of 100, 200 starts at once made presence and pump
    // wait 5 s for one and give up; more at a time would only wait for the organisation's lock.
    maxConcurrentLocalActivityExecutions: 6,
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 },
    bundlerOptions: { logger: temporalLogger(log) },
  } as never);
}

function startLoops(options: WorkerOptions, engine: ReturnType<typeof openWorkflowEngine>) {
  const { database, clock, random, log } = options;
  const parts = { database, engine, clock, random, log };
  const lostRuns = new LostRunSweep(parts, options.lostRunTimes ?? LOST_RUN_TIMES);
  const lostCompletions = new LostCompletions(parts);
  const engineWatch = new EngineWatch(parts);
  const holder = newUuid(clock, random);
  // The lease is an economy: each loop is safe when two replicas run it.
  const alone = (name: string, periodMs: number, round: () => Promise<'again' | 'rest'>, leaseMs?: number) =>
    startLoop(name, periodMs, log, async () => {
      const mine = await database.acrossOrganizations(`lease: ${name}`, (tx) => holdLease(tx, name, holder, leaseMs));
      return mine ? round() : 'rest';
    });
  return [
    alone('pump', 1_000, () => pumpOnce(parts)),
    alone('presence', 1_000, () => sweepPresence(parts)),
    alone('chainer', 1_000, () => chainOnce(parts)),
    startLoop('audit gap', 15_000, log, watchAuditGap(parts)),
    alone('engine', ENGINE_PERIOD_MS, () => engineWatch.round()),
    alone('lost-runs', 1_000, () => lostRuns.round()),
    alone('lost-completions', 1_000, () => lostCompletions.round()),
    alone('repair', REPAIR_PERIOD_MS, () => sweepRepair(parts), REPAIR_LEASE_MS),
    alone('upkeep', UPKEEP_PERIOD_MS, () => upkeepOnce(parts), UPKEEP_LEASE_MS),
  ];
}

/** Temporal's own log lines in ours. They are few at this level, and redacted like all others. */
function temporalLogger(log: Log) {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, meta?: Record<string, unknown>) =>
    log[level]({ source: 'temporal', ...plain(meta) }, message);
  // A job that failed is no fault of ours: its row says so, and its run only repeats it (ADR 023).
  const warn = (message: string, meta?: Record<string, unknown>) =>
    at(isFailedJob(message, meta) ? 'debug' : 'warn')(message, meta);
  return {
    log: (level: string, message: string, meta?: Record<string, unknown>) =>
      (level === 'ERROR' ? at('error') : level === 'WARN' ? warn : at('debug'))(message, meta),
    trace: at('debug'),
    debug: at('debug'),
    // The bundler and the worker tell every step as information; that is detail to us.
    info: at('debug'),
    warn,
    error: at('error'),
  };
}

/** On its way out of the workflow's thread the error has lost its name; its stack has kept it. */
const isFailedJob = (message: string, meta?: Record<string, unknown>) =>
  message === 'Workflow failed' && (meta?.error as Error | undefined)?.stack?.startsWith('ApplicationFailure') === true;

/** The SDK hands symbols and bigints along, which no JSON line can hold. */
const plain = (meta?: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(meta ?? {}).filter(([, v]) => typeof v !== 'bigint' && typeof v !== 'symbol'));
