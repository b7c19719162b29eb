import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findAuditGap, verifyChain } from '../../src/db/audit/audit-chain.ts';
import { tellChange } from '../../src/db/audit/tell-change.ts';
import { publicId } from '../../src/lib/ids.ts';
import { auditVerifyCommand } from '../../src/processes/commands/audit-command.ts';
import { chainOnce, watchAuditGap } from '../../src/worker/audit/chainer.ts';
import { startLoop } from '../../src/worker/core/loop.ts';
import { organization } from '../factories.ts';
import { type Bench, openBench } from '../harness/bench.ts';
import { openTestLogin } from '../harness/database.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench?.close());

const silent = { error() {}, info() {}, warn() {}, debug() {} } as never;

/** Audit events as the product writes them, each in a transaction of its own. */
async function tell(count: number, org = bench.org): Promise<void> {
  const scope = { orgId: org, actor: bench.actor, requestId: 'test' };
  for (let i = 0; i < count; i++)
    await bench.api.inOrganization(scope, (tx) => {
      const object = { kind: 'plan', id: bench.newId(), label: `plan ${i}`, version: i };
      const change = { action: 'plan.create', topic: 'plan.changed' as const, object, data: { b: 1, a: [i, 'ä'] } };
      return tellChange(tx, change);
    });
}
const chain = () => chainOnce({ database: bench.worker });
const verify = (org = bench.org) => bench.worker.inOrganization(org, (tx) => verifyChain(tx));
const links = async (org = bench.org) =>
  (await bench.owner.query('select seq::int, event_id from audit_link where org_id = $1 order by seq', [org])).rows;
/** What a person with all rights in the database could do. */
async function tamper(statement: string, values: unknown[] = []): Promise<void> {
  await bench.owner.query('set session_replication_role = replica');
  await bench.owner.query(statement, values);
  await bench.owner.query('reset session_replication_role');
}

test('ACC-24: events are linked in their order, for each organisation from 1, and the chain holds in any time zone', async () => {
  const other = (await organization(bench.owner)).id;
  await tell(3);
  await tell(2, other);
  await chain();
  await tell(2);
  await chain();
  const events = await bench.owner.query('select id from audit_event where org_id = $1 order by id', [bench.org]);
  expect(await links()).toEqual(events.rows.map(({ id }, at) => ({ seq: at + 1, event_id: id })));
  expect((await links(other)).map(({ seq }) => seq)).toEqual([1, 2]);
  expect(await verify()).toMatchObject({ links: 5, findings: [], head: expect.stringMatching(/^[0-9a-f]{64}$/) });
  await bench.owner.query(`set time zone 'Asia/Kathmandu'`);
  expect((await bench.owner.query('select * from audit_verify($1)', [bench.org])).rows).toEqual([]);
  expect((await bench.owner.query('select count(*)::int as n from audit_todo')).rows[0].n).toBe(0);
});

describe('what was changed is found by the number of its link', () => {
  beforeEach(async () => {
    await tell(6);
    await chain();
  });
  const third = async () => (await links())[2]!.event_id as string;

  test.each([
    ['the text of an event', `update audit_event set data = '{"a":2}' where id = $1`],
    ['who did it', `update audit_event set actor_label = 'somebody else' where id = $1`],
    ['when it was', `update audit_event set at = at + interval '1 microsecond' where id = $1`],
  ])('%s', async (_what, statement) => {
    await tamper(statement, [await third()]);
    expect((await verify()).findings).toEqual([{ seq: 3, eventId: await third(), what: 'altered' }]);
  });

  test('an event that was removed', async () => {
    const id = await third();
    await tamper('delete from audit_event where id = $1', [id]);
    expect((await verify()).findings).toEqual([{ seq: 3, eventId: id, what: 'event-removed' }]);
  });

  test('a link that was removed, and with it an event', async () => {
    const [, , removed, next] = await links();
    await tamper('delete from audit_link where seq = 3');
    expect((await verify()).findings).toEqual([
      { seq: 4, eventId: next!.event_id, what: 'link-removed' },
      { seq: null, eventId: removed!.event_id, what: 'not-linked' },
    ]);
    await tamper('delete from audit_event where id = $1', [removed!.event_id]);
    expect((await verify()).findings).toEqual([{ seq: 4, eventId: next!.event_id, what: 'link-removed' }]);
  });

  test('two events that changed places', async () => {
    const [, second, next] = await links();
    await tamper('alter table audit_link drop constraint audit_link_event_unique');
    await tamper(
      `update audit_link set event_id = case seq when 2 then $1::uuid else $2::uuid end where seq in (2, 3)`,
      [next!.event_id, second!.event_id],
    );
    expect((await verify()).findings.map(({ seq, what }) => [seq, what])).toEqual([
      [2, 'altered'],
      [3, 'altered'],
    ]);
  });

  test('an event that was removed before it was linked', async () => {
    await tell(1);
    const listed = (await bench.owner.query('select event_id from audit_todo')).rows[0].event_id;
    await tamper('delete from audit_event where id = $1', [listed]);
    await chain();
    expect((await verify()).findings).toEqual([{ seq: null, eventId: listed, what: 'event-removed' }]);
    expect(await links()).toHaveLength(6);
  });
});

test('chainers that race while others write make one chain, and one that is killed in the middle leaves no half of it', async () => {
  const killer = new pg.Client({ connectionString: bench.ownerUrl });
  await killer.connect();
  let writing = true;
  const rounds = { done: 0, killed: 0 };
  const chainer = async () => {
    while (writing)
      await chain().then(
        () => rounds.done++,
        () => rounds.killed++,
      );
  };
  const chainers = Promise.all(Array.from({ length: 3 }, chainer));
  const kills = (async () => {
    while (writing) {
      await killer.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
        and application_name like 'across: chainer%' and query like '%audit_chain%' and state = 'active' limit 1`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  await Promise.all(Array.from({ length: 4 }, () => tell(60)));
  writing = false;
  await Promise.all([chainers, kills]);
  await killer.end();
  await chain();
  expect(rounds.killed).toBeGreaterThan(0);
  expect((await links()).map(({ seq }) => seq)).toEqual(Array.from({ length: 240 }, (_, at) => at + 1));
  expect(await verify()).toMatchObject({ links: 240, findings: [] });
});

test('the loop links an event without being asked, and looks once a second when there is nothing', async () => {
  await chain();
  const before = bench.worker.transactions.count;
  const looks: number[] = [];
  const loop = startLoop('chainer', 1_000, silent, () => {
    looks.push(performance.now());
    return chain();
  });
  try {
    await vi.waitUntil(() => looks.length === 2, { timeout: 30_000, interval: 5 });
    // A busy machine makes it later, never earlier.
    expect(looks[1]! - looks[0]!).toBeGreaterThan(990);
    expect(bench.worker.transactions.count - before).toBe(2);
    await tell(1);
    await vi.waitUntil(async () => (await links()).length === 1, { timeout: 30_000, interval: 5 });
  } finally {
    await loop.stop();
  }
});

test('an event that is not linked after ten seconds is a gap: counted, told once, and told when it is closed', async () => {
  await tell(2);
  let now = Date.now() + 5_000;
  const clock = { now: () => new Date(now) };
  const worker = await openTestLogin(bench, 'worker', { clock });
  const told: unknown[] = [];
  const log = { error: (fields: unknown) => told.push(fields), info: (fields: unknown) => told.push(fields) } as never;
  const look = watchAuditGap({ database: worker, log });
  await look();
  expect(told).toEqual([]);
  now += 6_000;
  await look();
  await look();
  expect(told).toEqual([{ events: 2, oldestAt: expect.any(Date) }]);
  await chain();
  await look();
  expect(told[1]).toEqual({ events: 0 });
  const gap = await worker.acrossOrganizations('test: look for a gap', findAuditGap);
  expect(gap).toEqual({ events: 0, oldestAt: null });
});

test('holdfast audit verify says which link is wrong, for people and for programs', async () => {
  await tell(3);
  await chain();
  const run = async (format: 'table' | 'json' = 'table') => {
    const said: string[] = [];
    const env = { DATABASE_URL_WORKER: bench.urls.worker };
    const bad = await auditVerifyCommand({ env, print: (line) => said.push(line) }, format);
    return { bad, said };
  };
  expect(await run()).toEqual({ bad: 0, said: [expect.stringMatching(/^Test: ok, 3 links, head [0-9a-f]{64}$/)] });
  const { event_id: id } = (await links())[1]!;
  await tamper(`update audit_event set outcome = 'failed' where id = $1`, [id]);
  expect(await run()).toEqual({
    bad: 1,
    said: [
      'Test: NOT OK, 3 links',
      `  link 2, event ${publicId('event', id)}: the event, or the link before it, was altered`,
    ],
  });
  const { bad, said } = await run('json');
  expect(bad).toBe(1);
  expect(JSON.parse(said.join('\n'))).toEqual({
    items: [
      {
        organization: { id: publicId('organization', bench.org), name: 'Test' },
        ok: false,
        links: 3,
        head: expect.stringMatching(/^[0-9a-f]{64}$/),
        findings: [{ seq: 2, eventId: publicId('event', id), what: 'altered' }],
      },
    ],
  });
});

test('no login can change or remove an audit event or a link, and only the worker makes links', async () => {
  await tell(1);
  await chain();
  const refused: Record<string, string[]> = {};
  for (const group of ['api', 'auth', 'worker', 'gateway'] as const) {
    const client = new pg.Client({ connectionString: bench.urls[group] });
    await client.connect();
    const denied = async (statement: string) => {
      await client.query('begin');
      await client.query(`select set_config('app.org', $1, true)`, [bench.org]);
      const code = await client.query(statement).then(
        () => 'done',
        (error: { code: string }) => error.code,
      );
      await client.query('rollback');
      return code === '42501';
    };
    const statements = {
      'update event': `update audit_event set action = 'x'`,
      'delete event': 'delete from audit_event',
      'truncate event': 'truncate audit_event',
      'update link': `update audit_link set digest = '\\x00'`,
      'delete link': 'delete from audit_link',
      'insert link': `insert into audit_link values ('${bench.org}', 99, gen_random_uuid(), '\\x00')`,
      'delete todo': 'delete from audit_todo',
    };
    refused[group] = [];
    for (const [what, statement] of Object.entries(statements)) if (await denied(statement)) refused[group].push(what);
    await client.end();
  }
  const all = [
    'update event',
    'delete event',
    'truncate event',
    'update link',
    'delete link',
    'insert link',
    'delete todo',
  ];
  expect(refused).toEqual({ api: all, auth: all, gateway: all, worker: all.slice(0, 5) });
});
