// Somebody who fires what is due, beside others who do the same. Told by its first argument.
import { openDatabase } from '../../../src/db/core/database.ts';
import { openOrm } from '../../../src/db/core/orm.ts';
import { JOB_REGISTRY } from '../../../src/db/job-registry.ts';
import { acceptJobs, type JobRequest } from '../../../src/db/jobs/accept-jobs.ts';
import { systemClock as clock } from '../../../src/lib/clock.ts';
import { systemRandom as random } from '../../../src/lib/ids.ts';
import { seeded } from '../storm/seeded.ts';

export interface DueOrder {
  readonly workerUrl: string;
  readonly org: string;
  readonly seed: number;
  readonly hostId: string;
  readonly schedules: number;
  readonly dueTimes: number;
  /** Real milliseconds since 1970 at which all begin. */
  readonly beginsAtMs: number;
}

const order = JSON.parse(process.argv[2]!) as DueOrder;
const { org } = order;
const db = openDatabase(
  await openOrm({ url: order.workerUrl, poolMax: 4, transactionTimeoutMs: 15_000, applicationName: 'due' }),
  { clock, random, registry: JOB_REGISTRY },
);
const chance = seeded(order.seed);

const occurrence = (schedule: number, due: number): JobRequest => ({
  kind: 'noop',
  params: {},
  hostId: order.hostId,
  trigger: 'schedule',
  actor: { kind: 'system', id: null, label: 'schedule' },
  can: () => true,
  requestId: 'due',
  idempotency: {
    principal: `schedule/${schedule}`,
    route: 'schedule',
    key: String(due),
    bodyHash: Buffer.from('same'),
  },
  ifBusy: 'queue',
});

const all = Array.from({ length: order.schedules * order.dueTimes }, (_, at) =>
  occurrence(at % order.schedules, Math.floor(at / order.schedules)),
);
// Each in an order and in batches of its own.
for (let at = all.length - 1; at > 0; at--) {
  const other = chance(at + 1);
  [all[at], all[other]] = [all[other]!, all[at]!];
}
await new Promise((resolve) => setTimeout(resolve, order.beginsAtMs - Date.now()));
const verdicts: Record<string, number> = {};
while (all.length > 0) {
  const batch = all.splice(0, 1 + chance(20));
  const answers = await db.inOrganization(org, (tx) => acceptJobs(tx, batch));
  for (const { verdict } of answers) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
}
process.send!(verdicts, () => process.exit(0));
