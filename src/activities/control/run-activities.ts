import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { Database } from '../../db/core/database.ts';
import { beginRun } from '../../db/jobs/run/begin-run.ts';
import { finishRun } from '../../db/jobs/run/finish-run.ts';
import { giveUpAttempt, hostIsQuiet } from '../../db/jobs/run/give-up-attempt.ts';
import { isCancelUnknown, noteTemporalCancel } from '../../db/jobs/run/note-temporal-cancel.ts';
import { requeueRun } from '../../db/jobs/run/requeue-run.ts';
import { reasonOf } from '../../domain/jobs/lost-run.ts';
import { AGENT_FAULT } from '../../domain/jobs/outcome.ts';
import type { DataFault, RunEnding, RunInput } from '../../domain/jobs/run.ts';
import { parseRunWorkflowId } from '../../domain/jobs/workflow-id.ts';
import { isDataError } from '../../lib/data-error.ts';
import type { WorkflowEngine } from '../../temporal/workflow-engine.ts';
import type { ControlActivities } from '../../workflows/control-activities.ts';

const DATA_FAULT: DataFault = 'DataFault';

interface ControlParts {
  readonly database: Database;
  readonly engine: WorkflowEngine;
}

/** What the control plane does for runs: each is one transaction, and what it granted goes to the engine at once. */
export function controlActivities(parts: ControlParts): ControlActivities {
  const activities = retriedActivities(parts);
  const entries = Object.entries(activities) as [keyof ControlActivities, (...args: unknown[]) => Promise<unknown>][];
  return Object.fromEntries(
    entries.map(([name, activity]) => [
      name,
      async (...args: unknown[]) => {
        askedByOwnRun(args as [RunInput | null, string]);
        return await activity(...args).catch(final);
      },
    ]),
  ) as unknown as ControlActivities;
}

/** Who can write to Temporal can ask for any activity from a workflow of his own: only the run that is named may. */
function askedByOwnRun([input, runId]: readonly [RunInput | null, string]): void {
  const asking = Context.current().info.workflowExecution;
  const run = parseRunWorkflowId(asking?.workflowId ?? '');
  if (run !== null && run.jobId === input?.jobId && run.runNo === input.runNo && asking?.runId === runId) return;
  throw ApplicationFailure.nonRetryable('It was not asked by the run that it is for.', 'NotOfTheRun');
}

/** What the database refuses it refuses for ever: the run has to go on without it. Told by code: values are in the text. */
function final(thrown: unknown): never {
  if (!isDataError(thrown)) throw thrown;
  const message = `the database refused a value (${(thrown as { code: string }).code})`;
  throw ApplicationFailure.create({ type: DATA_FAULT, message, nonRetryable: true });
}

function retriedActivities({ database, engine }: ControlParts): ControlActivities {
  return {
    begin: (input, runId) => database.inOrganization(input.orgId, (tx) => beginRun(tx, input, runId)),
    async noteCancel(input, runId) {
      if (!(await database.inOrganization(input.orgId, (tx) => isCancelUnknown(tx, input, runId)))) return;
      const by = await engine.cancelledBy(input.jobId, input.runNo, runId).catch(() => null);
      const reason = reasonOf('cancelled', by);
      await database.inOrganization(input.orgId, (tx) => noteTemporalCancel(tx, input, runId, reason));
    },
    async finish(input, runId, ending, attempts) {
      const finish = (how: RunEnding) => {
        return database.inOrganization(input.orgId, (tx) => finishRun(tx, input, runId, how, attempts));
      };
      // Without anything that its host said, the job ends all the same.
      const done = await finish(ending).catch((thrown) => {
        if (!isDataError(thrown)) throw thrown;
        return finish({ how: 'threw', code: AGENT_FAULT.code });
      });
      await engine.startRuns(done.starts);
      return done.end;
    },
    async requeue(input, runId) {
      const done = await database.inOrganization(input.orgId, (tx) => requeueRun(tx, input, runId));
      if (done.verdict === 'waiting') await engine.startRuns(done.starts);
      return done.verdict === 'waiting';
    },
    giveUp: (input, runId, lost) => database.inOrganization(input.orgId, (tx) => giveUpAttempt(tx, input, runId, lost)),
    hostIsQuiet: (input, runId, lost) =>
      database.inOrganization(input.orgId, (tx) => hostIsQuiet(tx, input, runId, lost)),
  };
}
