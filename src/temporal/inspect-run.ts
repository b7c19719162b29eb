import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { ByHand, RunInspection } from '../domain/jobs/lost-run.ts';
import { runWorkflowId } from '../domain/jobs/workflow-id.ts';

/** A run as its row knows it: `runId` is Temporal's, null when the run has not begun yet. */
export interface KnownRun {
  readonly jobId: string;
  readonly runNo: number;
  readonly runId: string | null;
}

/** What became of a run. A namespace that is missing is thrown, not taken for a run that is. */
export async function inspectRun(client: Client, run: KnownRun): Promise<RunInspection> {
  const workflowId = runWorkflowId(run.jobId, run.runNo);
  const found = await describe(client, workflowId, run.runId);
  if (found === null) return { kind: 'lost', how: 'missing', by: null };
  if (found.status === 'RUNNING') return { kind: 'there' };
  const newest = run.runId === null ? found : await describe(client, workflowId, null);
  if (newest !== null && newest.runId !== found.runId) return { kind: 'lost', how: 'replaced', by: null };
  if (found.status !== 'TERMINATED') return { kind: 'lost', how: 'over', by: null };
  return { kind: 'lost', how: 'stopped', by: await terminatedBy(client, workflowId, found.runId) };
}

/** Who asked a run to cancel, or null when its history does not say. */
export async function cancelledBy(client: Client, run: KnownRun): Promise<ByHand | null> {
  const events = await newestEvents(client, runWorkflowId(run.jobId, run.runNo), run.runId!, 50);
  const asked = events.find((event) => event.workflowExecutionCancelRequestedEventAttributes);
  const attributes = asked?.workflowExecutionCancelRequestedEventAttributes;
  return attributes ? { identity: attributes.identity ?? '', reason: attributes.cause || null } : null;
}

/** Ends what goes by the run's name, when another run of the job takes its place. What is not there is no failure. */
export async function endRun(client: Client, run: KnownRun, reason: string): Promise<void> {
  try {
    await client.workflow.getHandle(runWorkflowId(run.jobId, run.runNo)).terminate(reason);
  } catch (thrown) {
    if (!(thrown instanceof WorkflowNotFoundError)) throw thrown;
  }
}

async function describe(client: Client, workflowId: string, runId: string | null) {
  try {
    const found = await client.workflow.getHandle(workflowId, runId ?? undefined).describe();
    return { runId: found.runId, status: found.status.name };
  } catch (thrown) {
    if (thrown instanceof WorkflowNotFoundError) return null;
    throw thrown;
  }
}

async function terminatedBy(client: Client, workflowId: string, runId: string): Promise<ByHand | null> {
  const [last] = await newestEvents(client, workflowId, runId, 1);
  const attributes = last?.workflowExecutionTerminatedEventAttributes;
  return attributes ? { identity: attributes.identity ?? '', reason: attributes.reason || null } : null;
}

async function newestEvents(client: Client, workflowId: string, runId: string, maximumPageSize: number) {
  const { namespace } = client.options;
  const page = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution: { workflowId, runId },
    maximumPageSize,
  });
  return page.history?.events ?? [];
}
