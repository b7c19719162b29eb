// A pump in a process of its own, with an engine that writes down what it was told to send. Told by its first argument.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openDatabase } from '../../../src/db/core/database.ts';
import { openOrm } from '../../../src/db/core/orm.ts';
import { JOB_REGISTRY } from '../../../src/db/job-registry.ts';
import { systemRandom as random } from '../../../src/lib/ids.ts';
import { createLogger } from '../../../src/lib/log.ts';
import { pumpOnce } from '../../../src/worker/jobs/pump.ts';
import { quickClock } from './quick-clock.ts';

export interface PumpOrder {
  readonly name: string;
  readonly ownerUrl: string;
  readonly workerUrl: string;
  readonly clockFromMs: number;
  /** Stops in the middle of sending after so many, for ever, with what it has claimed. Null: never. */
  readonly hangsAfter: number | null;
}

const order = JSON.parse(process.argv[2]!) as PumpOrder;
const clock = quickClock(order.clockFromMs);
const db = openDatabase(
  await openOrm({ url: order.workerUrl, poolMax: 4, transactionTimeoutMs: 15_000, applicationName: 'pump' }),
  { clock, random, registry: JOB_REGISTRY },
);
const book = new pg.Pool({ connectionString: order.ownerUrl, max: 4 });
let sent = 0;

async function write(kind: 'start' | 'cancel', jobId: string, runNo: number): Promise<void> {
  if (order.hangsAfter !== null && sent >= order.hangsAfter) {
    process.send!('hangs');
    await new Promise(() => {});
  }
  sent++;
  await sleep(sent % 10);
  await book.query('insert into sent(job, run_no, kind, pump) values ($1, $2, $3, $4)', [
    jobId,
    runNo,
    kind,
    order.name,
  ]);
}

const engine = {
  start: (start: { jobId: string; runNo: number }) => write('start', start.jobId, start.runNo),
  cancel: (jobId: string, runNo: number) => write('cancel', jobId, runNo),
} as never;
const log = createLogger({ level: 'error', pretty: false, process: 'test' });
process.once('disconnect', () => process.exit(0));
process.send!('pumps');
for (;;) if ((await pumpOnce({ database: db, engine, log })) === 'rest') await sleep(10);
