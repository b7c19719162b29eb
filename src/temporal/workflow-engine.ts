import {
  Client,
  type Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import { CONTROL_QUEUE } from '../catalog/queues.ts';
import type { StartOrder } from '../db/jobs/start-orders.ts';
import type { ByHand, RunInspection } from '../domain/jobs/lost-run.ts';
import type { RunInput } from '../domain/jobs/run.ts';
import { runWorkflowId } from '../domain/jobs/workflow-id.ts';
import type { Clock } from '../lib/clock.ts';
import { asError } from '../lib/failure.ts';
import { publicId } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import { openCalls } from './calls.ts';
import type { TemporalTarget } from './connection.ts';
import { failLostActivities } from './fail-lost-activities.ts';
import { cancelledBy, endRun, inspectRun, type KnownRun } from './inspect-run.ts';
import { searchAttributes } from './search-attributes.ts';

/** A call to Temporal that takes longer is given up; the outbox entry stays and is sent again. */
const CALL_TIMEOUT_MS = 4_000;

export interface EngineState {
  readonly ok: boolean;
  /** When the last call went well or badly; null before the first. */
  readonly since: Date | null;
  readonly detail: string | null;
}

export interface EngineView {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: string;
}

/** The only place that starts, signals, cancels and asks workflows. */
export interface WorkflowEngine {
  /** Starts runs, best effort and never throwing: what fails here is sent by the pump when the claim has run out. */
  startRuns(starts: readonly StartOrder[]): Promise<void>;
  /** Tells a run that it is cancelled, best effort as `startRuns`. Returns whether Temporal took it. */
  tellCancel(jobId: string, runNo: number): Promise<boolean>;
  /** Starts one run; "already started" counts as done. Throws when Temporal is away. */
  start(order: StartOrder): Promise<void>;
  /** Cancels one run; one that is not there any more counts as done. Throws when Temporal is away. */
  cancel(jobId: string, runNo: number): Promise<void>;
  /** What Temporal says of a run, or null when it does not know it. Throws when it is away. */
  describe(jobId: string, runNo: number): Promise<EngineView | null>;
  /** What became of a run that its row believes to be under way. Throws when Temporal or our namespace is away. */
  inspect(run: KnownRun): Promise<RunInspection>;
  /** Who cancelled a run in Temporal, as its history says. */
  cancelledBy(jobId: string, runNo: number, runId: string): Promise<ByHand | null>;
  /** Ends whatever still goes by the name of a run that is replaced. Throws when Temporal is away. */
  endRun(run: KnownRun): Promise<void>;
  /** Ends the attempts of a run that were handed out before then and whose answers are known to be lost. Throws when Temporal is away. */
  failLostActivities(run: KnownRun, startedBefore: Date): Promise<number>;
  /** The uuid of our namespace: another one than before means another, empty database. Throws when there is none. */
  namespaceId(): Promise<string>;
  /** Asks Temporal whether it is there, with our namespace. */
  probe(): Promise<EngineState>;
  state(): EngineState;
  /** Breaks off what is asked, waits for it to end, and closes the connection. */
  close(): Promise<void>;
}

interface EngineOptions {
  readonly target: TemporalTarget;
  readonly clock: Clock;
  readonly log: Log;
}

// long: one short method after the other over one client and one state.
export function openWorkflowEngine(options: EngineOptions): WorkflowEngine {
  const { target, clock, log } = options;
  const calls = openCalls(target, clock);
  const { connection } = calls;
  // No payload codec: what passes here is ids and titles, which lists in Temporal show as search attributes anyway, and so
  // the API process needs no payload key.
  const client = new Client({ connection, namespace: target.namespace });
  let state: EngineState = { ok: false, since: null, detail: 'not asked yet' };
  const call = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      const answer = await calls.within(CALL_TIMEOUT_MS, work);
      state = { ok: true, since: clock.now(), detail: null };
      return answer;
    } catch (thrown) {
      state = { ok: false, since: clock.now(), detail: `${what}: ${asError(thrown).message}` };
      throw thrown;
    }
  };
  const engine: WorkflowEngine = {
    async startRuns(starts) {
      await Promise.all(
        starts.map((order) =>
          engine
            .start(order)
            .catch((thrown) =>
              log.warn({ jobId: publicId('job', order.jobId), err: asError(thrown) }, 'start failed: left to the pump'),
            ),
        ),
      );
    },
    async tellCancel(jobId, runNo) {
      try {
        await engine.cancel(jobId, runNo);
        return true;
      } catch (thrown) {
        log.warn({ jobId: publicId('job', jobId), err: asError(thrown) }, 'cancel failed: left to the pump');
        return false;
      }
    },
    start: (order) => call('start', () => startRun(client, order)),
    cancel: (jobId, runNo) => call('cancel', () => cancelRun(client, jobId, runNo)),
    describe: (jobId, runNo) => call('describe', () => describeRun(client, jobId, runNo)),
    inspect: (run) => call('describe', () => inspectRun(client, run)),
    cancelledBy: (jobId, runNo, runId) => call('history', () => cancelledBy(client, { jobId, runNo, runId })),
    endRun: (run) => call('terminate', () => endRun(client, run, 'another run of the job takes its place')),
    failLostActivities: (run, startedBefore) => call('end', () => failLostActivities(client, run, startedBefore)),
    namespaceId: () => call('namespace', () => namespaceId(connection, target.namespace)),
    async probe() {
      await engine.namespaceId().catch(() => null);
      return state;
    },
    state: () => state,
    close: () => calls.close(),
  };
  return engine;
}

async function namespaceId({ workflowService }: Connection, namespace: string): Promise<string> {
  const { namespaceInfo } = await workflowService.describeNamespace({ namespace });
  return namespaceInfo!.id!;
}

async function startRun(client: Client, order: StartOrder): Promise<void> {
  const input: RunInput = { orgId: order.orgId, jobId: order.jobId, runNo: order.runNo };
  const id = (noun: 'organization' | 'site' | 'host' | 'plan' | 'repository', uuid: string | null) =>
    uuid && publicId(noun, uuid);
  try {
    await client.workflow.start(order.kind, {
      workflowId: runWorkflowId(order.jobId, order.runNo),
      taskQueue: CONTROL_QUEUE,
      args: [input],
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      workflowIdConflictPolicy: 'FAIL',
      // A task of a worker that was killed is given to another after this long; the default of 10 s made recovery 12 s.
      workflowTaskTimeout: '5s',
      staticSummary: order.title.slice(0, 200),
      memo: { requestId: order.requestId },
      typedSearchAttributes: searchAttributes({
        OrgId: id('organization', order.orgId),
        SiteId: id('site', order.siteId),
        HostId: id('host', order.hostId),
        HostName: order.hostName,
        PlanId: id('plan', order.planId),
        PlanName: order.planName,
        RepositoryId: id('repository', order.repositoryId),
        JobKind: order.kind,
        JobState: 'running',
        Trigger: order.trigger,
      }),
    });
  } catch (thrown) {
    if (!(thrown instanceof WorkflowExecutionAlreadyStartedError)) throw thrown;
  }
}

async function cancelRun(client: Client, jobId: string, runNo: number): Promise<void> {
  try {
    await client.workflow.getHandle(runWorkflowId(jobId, runNo)).cancel();
  } catch (thrown) {
    if (!(thrown instanceof WorkflowNotFoundError)) throw thrown;
  }
}

async function describeRun(client: Client, jobId: string, runNo: number): Promise<EngineView | null> {
  try {
    const found = await client.workflow.getHandle(runWorkflowId(jobId, runNo)).describe();
    return { workflowId: found.workflowId, runId: found.runId, status: found.status.name };
  } catch (thrown) {
    if (thrown instanceof WorkflowNotFoundError) return null;
    throw thrown;
  }
}
