import type { Database } from '../../db/core/database.ts';
import type { Clock } from '../../lib/clock.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import type { WorkflowEngine } from '../../temporal/workflow-engine.ts';

/** What the loops work with; each names the calls to the engine that it makes. */
export interface LoopParts<Calls extends keyof WorkflowEngine = keyof WorkflowEngine> {
  readonly database: Database;
  readonly engine: Pick<WorkflowEngine, Calls>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}
