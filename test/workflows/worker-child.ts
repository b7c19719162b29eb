// A control worker in a process of its own that ends itself, as by kill -9, at one of the arrows of a run.
import type { Database } from '../../src/db/core/database.ts';
import { openDatabase } from '../../src/db/core/database.ts';
import { openOrm } from '../../src/db/core/orm.ts';
import { JOB_REGISTRY } from '../../src/db/job-registry.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/ids.ts';
import { createLogger } from '../../src/lib/log.ts';
import { parseKeyring } from '../../src/lib/seal.ts';
import type { TemporalTarget } from '../../src/temporal/connection.ts';
import { startWorker } from '../../src/worker/control.ts';

export interface ChildOrder {
  readonly url: string;
  readonly temporal: TemporalTarget;
  readonly keyring: string;
  /** The nth transaction inside an organisation, and whether to die before it or after its commit. Null: live. */
  readonly crash: { readonly at: number; readonly when: 'before' | 'after' } | null;
}

const order = JSON.parse(process.argv[2]!) as ChildOrder;
const orm = await openOrm({
  url: order.url,
  poolMax: 8,
  transactionTimeoutMs: 15_000,
  applicationName: 'worker child',
});
const db = openDatabase(orm, { clock: systemClock, random: systemRandom, registry: JOB_REGISTRY });
let seen = 0;
const die = () => process.kill(process.pid, 'SIGKILL');
const crashing: Database = {
  ...db,
  async inOrganization(orgId, work) {
    const mine = ++seen === order.crash?.at ? order.crash.when : null;
    if (mine === 'before') die();
    const answer = await db.inOrganization(orgId, work);
    if (mine === 'after') die();
    return answer;
  },
};
await startWorker({
  temporal: order.temporal,
  database: crashing,
  keyring: parseKeyring(order.keyring),
  clock: systemClock,
  random: systemRandom,
  log: createLogger({ level: 'error', pretty: false, process: 'worker' }),
});
process.send!('ready');
