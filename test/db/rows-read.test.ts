import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chainAudit } from '../../src/db/audit/chain-audit.ts';
import type { Database } from '../../src/db/core/database.ts';
import { listEntities } from '../../src/db/core/entities.ts';
import type { AcrossTx, AnyTx, Tx } from '../../src/db/core/transaction.ts';
import { changePresenceOf } from '../../src/db/hosts/change-presence.ts';
import { HOSTS as HOST_ROWS } from '../../src/db/hosts/hosts.ts';
import { changedHosts } from '../../src/db/hosts/silence.ts';
import { acceptJobs } from '../../src/db/jobs/accept-jobs.ts';
import { getJob, type JobFilter, listJobs } from '../../src/db/jobs/jobs.ts';
import { claimOutbox } from '../../src/db/jobs/outbox.ts';
import { requestCancel } from '../../src/db/jobs/request-cancel.ts';
import { beginRun } from '../../src/db/jobs/run/begin-run.ts';
import { finishRun } from '../../src/db/jobs/run/finish-run.ts';
import { FIRST_RUN, runsUnderWay } from '../../src/db/jobs/run/runs-under-way.ts';
import { publicId } from '../../src/lib/ids.ts';
import { type Bench, openBench } from '../harness/bench.ts';

// Time would only measure the machine, and EXPLAIN shows nothing of what functions do: so rows are counted, as PostgreSQL
// counts them for a transaction. A statement whose plan goes wrong reads a hundred thousand of them.

const HOSTS = 10_000;
const REPOSITORIES = 20;
/** Of those hosts this many have a job that runs, and ten that wait behind it. */
const BUSY = 1_000;
const ENDED = 90_000;

const STAGE = `
  insert into host(org_id, id, site_id, name, present, lease_until, epoch, created_at)
    select $1, uuidv7(), $2, 'h' || i, true, now() + interval '1 hour', 0, now() from generate_series(1, ${HOSTS}) i;
  insert into repository(org_id, id, name, backend, url, created_at)
    select $1, uuidv7(), 'r' || i, 'local', '/r', now() from generate_series(1, ${REPOSITORIES}) i;
  insert into secret(org_id, id, table_name, row_id, column_name, secret_version, sealed, created_at)
    select $1, uuidv7(), 'repository', id, 'password', 1, '\\x00', now() from repository where org_id = $1;
  create temp table nth as select h.id as host, h.no, r.id as repository
    from (select id, row_number() over (order by id) as no from host where org_id = $1) h
    join (select id, row_number() over (order by id) as no from repository where org_id = $1) r on r.no = 1 + h.no % ${REPOSITORIES};
  insert into plan(org_id, id, host_id, repository_id, name, paths, created_at)
    select $1, uuidv7(), host, repository, 'p', '["/etc"]', now() from nth where no <= ${BUSY} + 100;
  insert into job(org_id, id, kind, title, state, host_id, site_id, repository_id, params, trigger, actor_kind, actor_label, request_id, seq,
      accepted_at, accepted_day, finished_at, queue_deadline_at)
    select $1, uuidv7(), 'backup', 'x', case when i % 20 = 0 then 'failed' else 'succeeded' end, host, $2, repository, '{}', 'schedule', 'system', 's', 'r', i,
      now(), current_date, now(), now() from generate_series(1, ${ENDED}) i join nth on nth.no = 1 + i % ${HOSTS};
  insert into job(org_id, id, kind, title, state, reason, host_id, site_id, repository_id, params, trigger, actor_kind, actor_label, request_id, seq,
      accepted_at, accepted_day, queue_deadline_at)
    select $1, uuidv7(), 'backup', 'x', case when i = 0 then 'queued' else 'waiting' end, 'lock', host, $2, repository, '{}', 'schedule', 'system', 's', 'r',
      ${ENDED} + no + i * ${HOSTS}, now(), current_date, now() + interval '1 hour' from nth, generate_series(0, 10) i where no <= ${BUSY} order by i, no;
  insert into lock_key(org_id, key, slots, is_host, used, excl) select $1, 'host/' || host, 1, true, 1, true from nth where no <= ${BUSY};
  insert into lock_key(org_id, key, slots, used) select $1, 'repository/' || repository, 50, count(*) from nth where no <= ${BUSY} group by repository;
  insert into lock_slot(org_id, key, slot, job_id) select $1, 'host/' || host_id, 0, id from job where org_id = $1 and state = 'queued';
  insert into lock_slot(org_id, key, slot, job_id)
    select $1, 'repository/' || repository_id, row_number() over (partition by repository_id order by id) - 1, id from job where org_id = $1 and state = 'queued';
  insert into lock_request(org_id, job_id, key, mode, seq, host, ready)
    select $1, id, 'host/' || host_id, 'x', seq, host_id, true from job where org_id = $1 and state = 'waiting'
    union all select $1, id, 'repository/' || repository_id, 's', seq, host_id, true from job where org_id = $1 and state = 'waiting';
  insert into outbox(org_id, job_id, kind, run_no, due_at, created_at)
    select $1, id, 'start', 1, now() + interval '1 day', now() from job where org_id = $1 and state = 'succeeded' limit 50000;
  insert into audit_event(org_id, id, at, actor_kind, actor_label, action, object_kind, object_label, outcome, data)
    select $1, uuidv7(), now(), 'key', 'k', 'job.start', 'job', 'x', 'ok', '{}' from generate_series(1, 50000);
  insert into audit_link(org_id, seq, event_id, digest) select $1, row_number() over (order by id), id, '\\x00' from audit_event where org_id = $1;
  drop table nth`;

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
  const { owner, org, site } = bench;
  await owner.query('set session_replication_role = replica');
  for (const statement of STAGE.split(/;\n/))
    await owner.query(statement.replaceAll('$1', `'${org}'::uuid`).replaceAll('$2', `'${site}'::uuid`));
  await owner.query('reset session_replication_role');
  await owner.query('vacuum analyze');
  const wrong = await owner.query('select * from lock_check($1)', [org]);
  expect(wrong.rows).toEqual([]);
}, 300_000);
afterAll(() => bench?.close());

class Undo extends Error {}
/** After five times a function may go over to a plan for any value. */
const REPEATS = 8;

/** Of the tables that hold much: how many rows the last of several times read, by index and without. Nothing of it stays. */
async function rowsRead<T extends AnyTx>(
  open: Opens<T>,
  work: (tx: T, time: number) => Promise<unknown>,
): Promise<{ all: number; without: string[] }> {
  let read = { all: 0, without: [] as string[] };
  const measured = async (real: T): Promise<never> => {
    // The whole is undone, so nothing in it may commit.
    const tx = Object.create(real, { conclude: { value: () => {} } }) as T;
    for (let time = 0; time < REPEATS; time++) {
      const before = await counters(tx);
      await work(tx, time);
      const after = await counters(tx);
      const delta = after.map((row, at) => ({
        table: row.table,
        seq: row.seq - before[at]!.seq,
        idx: row.idx - before[at]!.idx,
      }));
      const tables = delta.filter(({ table }) => MUCH.includes(table));
      read = {
        all: tables.reduce((sum, { seq, idx }) => sum + seq + idx, 0),
        without: tables
          .filter(({ seq }) => seq > 0)
          .map(({ table, seq }) => `${seq} rows of ${table} without an index`),
      };
    }
    throw new Undo();
  };
  await open(measured).catch((thrown) => {
    if (!(thrown instanceof Undo)) throw thrown;
  });
  return read;
}

const MUCH = ['job', 'host', 'lock_key', 'lock_slot', 'lock_request', 'outbox', 'audit_event', 'audit_link', 'event'];
const counters = async (tx: AnyTx) =>
  await tx.rows(sql<{ table: string; seq: number; idx: number }>`
      select relname as "table", seq_tup_read::int as seq, coalesce(idx_tup_fetch, 0)::int as idx from pg_stat_xact_user_tables
       where schemaname = 'public' order by relname`);

type Opens<T extends AnyTx> = (work: (tx: T) => Promise<never>) => Promise<unknown>;
const inOrganization =
  (db: () => Database): Opens<Tx> =>
  (work) =>
    db().inOrganization(bench.org, work);
const across: Opens<AcrossTx> = (work) => bench.worker.acrossOrganizations('test: count rows', work);
const api = inOrganization(() => bench.api);
const worker = inOrganization(() => bench.worker);

const some = async (query: string): Promise<string[]> =>
  (await bench.owner.query(`${query} limit ${REPEATS}`, [bench.org])).rows.map((row) => String(Object.values(row)[0]));
const busyHosts = () => some(`select host_id from job where org_id = $1 and state = 'queued' order by id`);
const now = () => bench.clock.now();
const ENDING = { how: 'answered', outcome: { code: 'succeeded', counts: {}, refs: {} } } as const;
const EVERYWHERE: JobFilter = {
  reach: { everywhere: true, except: [] },
  kind: null,
  states: [],
  hostId: null,
  planId: null,
};
const PAGE = { limit: 50, after: null, oldestFirst: false };

test('accepting a job behind ten others of its host', async () => {
  const plans = await some(
    `select p.id from plan p join job j on j.org_id = p.org_id and j.host_id = p.host_id and j.state = 'queued' where p.org_id = $1`,
  );
  const read = await rowsRead(api, (tx, time) =>
    acceptJobs(tx, [bench.request('backup', { planId: publicId('plan', plans[time]!) }, null)]),
  );
  expect(read.without).toEqual([]);
  expect(read.all).toBeLessThan(60);
});

test('accepting a job that is granted', async () => {
  const hosts = await some(
    'select id from host where org_id = $1 and not exists (select 1 from lock_key where key = $$host/$$ || host.id)',
  );
  const read = await rowsRead(api, (tx, time) => acceptJobs(tx, [bench.request('noop', {}, hosts[time]!)]));
  expect(read.without).toEqual([]);
  expect(read.all).toBeLessThan(60);
});

test('a run that begins and ends, and lets the next of its host in beside ten thousand that wait', async () => {
  const jobs = await some(`select id from job where org_id = $1 and state = 'queued' order by id`);
  const read = await rowsRead(worker, async (tx, time) => {
    const input = { orgId: bench.org, jobId: jobs[time]!, runNo: 1 };
    await beginRun(tx, input, 'run');
    const { starts } = await finishRun(tx, input, 'run', ENDING, 1);
    expect(starts).toHaveLength(1);
  });
  expect(read.without).toEqual([]);
  expect(read.all).toBeLessThan(500);
});

test('cancelling a job that waits', async () => {
  const jobs = await some(`select id from job where org_id = $1 and state = 'waiting' order by id`);
  const read = await rowsRead(api, (tx, time) => requestCancel(tx, jobs[time]!, null));
  expect(read.without).toEqual([]);
  expect(read.all).toBeLessThan(60);
});

test('a host that goes and comes back', async () => {
  const hosts = await busyHosts();
  const read = await rowsRead(worker, async (tx, time) => {
    for (const lease of ['-1 hour', '1 hour']) {
      await tx.run(
        sql`update host set lease_until = now() + ${lease}::interval where org_id = ${bench.org} and id = ${hosts[time]!}`,
      );
      await changePresenceOf(tx, [hosts[time]!]);
    }
  });
  expect(read.without).toEqual([]);
  expect(read.all).toBeLessThan(500);
});

test('HJ-6: a presence sweep reads the hosts that changed, and no other of ten thousand', async () => {
  const read = await rowsRead(across, (tx) => changedHosts(tx));
  expect(read).toEqual({ all: 0, without: [] });
  const hosts = await busyHosts();
  const changed = await rowsRead(across, async (tx) => {
    await tx.run(
      sql`update host set lease_until = now() - interval '1 s' where org_id = ${bench.org} and id = any(${hosts.slice(0, 3)}::uuid[])`,
    );
    expect(await changedHosts(tx)).toHaveLength(3);
  });
  expect(changed.without).toEqual([]);
  expect(changed.all).toBeLessThan(60);
});

test('a pump that finds nothing due beside fifty thousand entries of tomorrow', async () => {
  const read = await rowsRead(across, (tx) => claimOutbox(tx, bench.newId(), now(), 100));
  expect(read).toEqual({ all: 0, without: [] });
});

test('the waits that are overdue are found without reading those that are not', async () => {
  const read = await rowsRead(across, (tx) =>
    sql`select org_id, id from job where state = 'waiting' and queue_deadline_at < now() order by queue_deadline_at limit 200`.execute(
      tx.sql,
    ),
  );
  expect(read).toEqual({ all: 0, without: [] });
});

test('a page of the runs that are under way, beside a hundred thousand jobs that are not', async () => {
  const read = await rowsRead(across, async (tx) => {
    expect(await runsUnderWay(tx, FIRST_RUN, 50)).toHaveLength(50);
  });
  expect(read.without).toEqual([]);
  expect(read.all).toBeLessThan(200);
});

test('linking one audit event beside fifty thousand', async () => {
  const event = `insert into audit_event(org_id, id, at, actor_kind, actor_label, action, object_kind, object_label, outcome, data)
    values ('${bench.org}', uuidv7(), now(), 'key', 'k', 'job.start', 'job', 'x', 'ok', '{}')`;
  const read = await rowsRead(across, async (tx) => {
    await tx.run(sql.raw(event));
    expect(await chainAudit(tx, 1_000)).toBe(1);
  });
  expect(read.without).toEqual([]);
  expect(read.all).toBeLessThan(20);
});

test.each([
  // Of fifty that wait each counts up to a hundred before it.
  ['newest first', {}, 8_000],
  ['of a state', { states: ['failed'] }, 200],
  ['of several states', { states: ['failed', 'waiting', 'queued'] }, 8_000],
  ['of a kind', { kind: 'backup' }, 8_000],
] as const)('a page of jobs, %s', async (_what, filter, most) => {
  const read = await rowsRead(api, (tx) => listJobs(tx, { ...EVERYWHERE, ...filter }, PAGE));
  expect(read.without).toEqual([]);
  expect(read.all).toBeLessThan(most);
});

test('a page of the jobs of a host, one job, a page of hosts', async () => {
  const [host] = await busyHosts();
  const [job] = await some(`select id from job where org_id = $1 and state = 'waiting' order by id desc`);
  const ofHost = await rowsRead(api, (tx) => listJobs(tx, { ...EVERYWHERE, hostId: host! }, PAGE));
  const one = await rowsRead(api, (tx) => getJob(tx, job!));
  const hosts = await rowsRead(api, (tx) =>
    listEntities(tx, HOST_ROWS, { reach: { everywhere: true, except: [] }, equal: {} }, PAGE),
  );
  expect([ofHost.without, one.without, hosts.without]).toEqual([[], [], []]);
  expect([ofHost.all < 1_500, one.all < 1_500, hosts.all < 100]).toEqual([true, true, true]);
});
