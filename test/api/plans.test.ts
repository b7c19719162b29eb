import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePublicId, publicId } from '../../src/lib/ids.ts';
import { host, plan, repository, site } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

/** A plan on a host of its own, and what is needed for a backup of it. */
async function newPlan(siteId?: string) {
  const { owner } = api.database;
  const machine = await host(owner, api.org, siteId === undefined ? {} : { siteId });
  const store = await repository(owner, api.org.id, { password: { keyring: api.parts.keyring, text: 'a password' } });
  const { id, name } = await plan(owner, api.org.id, { hostId: machine.id, repositoryId: store.id });
  const backUp = () => api.ask('POST', 'jobs', { body: { kind: 'backup', params: { planId: publicId('plan', id) } } });
  return { id, name, machine, store, path: `plans/${publicId('plan', id)}`, backUp };
}
/** As a worker would: what was asked to stop has stopped. */
const endCancelled = (publicJobId: string) =>
  api.database.owner.query(
    `update job set state = 'cancelled', finished_at = now() where id = $1 and state = 'cancelling'`,
    [parsePublicId('job', publicJobId)],
  );
const auditOf = async (id: string) =>
  (
    await api.database.owner.query(
      'select action, object_label, data from audit_event where object_id = $1 order by at, id',
      [id],
    )
  ).rows;

test('BK-4, UX-3: a plan is changed in parts, by the version that was seen, and audit and events tell of it', async () => {
  const { id, name, machine, path } = await newPlan();
  const seen = await api.ask('GET', path);
  const changed = await api.ask('PATCH', path, {
    body: { paths: ['/srv', '/home'] },
    headers: { 'if-match': seen.headers.etag! },
  });
  expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' } });
  expect(changed.body).toMatchObject({ name, paths: ['/srv', '/home'], excludes: [], version: 2 });
  const late = await api.ask('PATCH', path, { body: { name: 'late' }, headers: { 'if-match': seen.headers.etag! } });
  expect(late.body).toMatchObject({ status: 412, code: 'version-conflict' });
  const again = await api.ask('PATCH', path, { body: { name: 'other', excludes: ['*.tmp'] } });
  expect(again.body).toMatchObject({ name: 'other', paths: ['/srv', '/home'], excludes: ['*.tmp'], version: 3 });
  expect((await api.ask('GET', path)).body).toMatchObject({ name: 'other', version: 3 });
  expect(await auditOf(id)).toMatchObject([
    { action: 'plan.change', object_label: `${name} of ${machine.name}`, data: { before: { name, paths: ['/etc'] } } },
    { action: 'plan.change', object_label: `other of ${machine.name}`, data: { name: 'other', excludes: ['*.tmp'] } },
  ]);
  const { rows } = await api.database.owner.query('select topic, data from event where subject_id = $1 order by id', [
    id,
  ]);
  expect(rows).toEqual([
    { topic: 'plan.changed', data: { version: 2 } },
    { topic: 'plan.changed', data: { version: 3 } },
  ]);
});

test.each([
  [{}, ''],
  [{ paths: [] }, '/paths'],
  [{ paths: ['etc'] }, '/paths/0'],
  [{ paths: ['/etc', '/a\nb'] }, '/paths/1'],
  [{ excludes: [' '] }, '/excludes/0'],
  [{ name: '-x' }, '/name'],
  [{ hostId: 'x' }, '/hostId'],
])('a change that does not fit is refused as when the plan is made, with the field: %j', async (body, pointer) => {
  const { path } = await newPlan();
  const before = await api.counts();
  const refused = await api.ask('PATCH', path, { body });
  expect(refused.body).toMatchObject({
    status: 422,
    code: 'invalid-input',
    errors: [expect.objectContaining({ pointer })],
  });
  expect((await api.ask('GET', path)).body.version).toBe(1);
  expect(await api.counts()).toEqual(before);
});

test('BK-4: a plan is not removed while a job of it has not ended; then it is gone, and its jobs still tell its name', async () => {
  const { id, name, machine, store, path, backUp } = await newPlan();
  const [first, second] = [(await backUp()).body, (await backUp()).body];
  expect([first.state, second.state]).toEqual(['queued', 'waiting']);
  for (const job of [first, second]) {
    const refused = await api.ask('DELETE', path);
    expect(refused.body).toMatchObject({ status: 409, code: 'plan-in-use', jobId: job.id });
    await api.ask('POST', `jobs/${job.id}/cancel`);
    await endCancelled(job.id);
  }
  expect((await api.ask('DELETE', path, { headers: { 'if-match': '"7"' } })).status).toBe(412);
  expect((await api.ask('DELETE', path)).status).toBe(204);
  expect((await api.ask('GET', path)).status).toBe(404);
  expect((await api.ask('DELETE', path)).status).toBe(404);
  expect((await api.ask('PATCH', path, { body: { name: 'x' } })).status).toBe(404);
  expect((await api.ask('GET', `plans?name=${name}`)).body.items).toEqual([]);
  expect((await backUp()).body).toMatchObject({
    status: 422,
    code: 'unknown-target',
    errors: [{ pointer: '/params/planId' }],
  });
  expect((await api.ask('GET', `jobs/${first.id}`)).body).toMatchObject({
    planId: publicId('plan', id),
    title: `Back up ${name} of ${machine.name}`,
  });
  expect((await api.ask('GET', `jobs?planId=${publicId('plan', id)}`)).body.items).toHaveLength(2);
  expect((await auditOf(id)).at(-1)).toMatchObject({
    action: 'plan.remove',
    object_label: `${name} of ${machine.name}`,
  });
  const body = {
    name,
    hostId: publicId('host', machine.id),
    repositoryId: publicId('repository', store.id),
    paths: ['/etc'],
  };
  expect((await api.ask('POST', 'plans', { body })).status).toBe(201);
});

test('the name of another plan of the host is taken, that of a removed one is free', async () => {
  const { machine, store, path } = await newPlan();
  const other = await plan(api.database.owner, api.org.id, { hostId: machine.id, repositoryId: store.id });
  const taken = await api.ask('PATCH', path, { body: { name: other.name } });
  expect(taken.body).toMatchObject({ status: 409, code: 'name-taken', errors: [{ pointer: '/name' }] });
  await api.ask('DELETE', `plans/${publicId('plan', other.id)}`);
  expect((await api.ask('PATCH', path, { body: { name: other.name } })).body.name).toBe(other.name);
});

test('a request that made a plan and comes again after the plan was removed makes no other', async () => {
  const { machine, store } = await newPlan();
  const body = {
    name: 'once',
    hostId: publicId('host', machine.id),
    repositoryId: publicId('repository', store.id),
    paths: ['/a'],
  };
  const make = () => api.ask('POST', 'plans', { body, headers: { 'idempotency-key': 'once' } });
  const made = await make();
  expect(made.status).toBe(201);
  expect((await make()).body.id).toBe(made.body.id);
  await api.ask('DELETE', `plans/${made.body.id}`);
  expect((await make()).body).toMatchObject({ status: 409, code: 'conflict' });
});

test('who may see a plan and not change it is refused, who may not see it finds nothing', async () => {
  const [here, there] = [await site(api.database.owner, api.org.id), await site(api.database.owner, api.org.id)];
  const { path } = await newPlan(here);
  const viewer = await api.newKey({
    roles: [
      ['viewer', here],
      ['admin', there],
    ],
  });
  const stranger = await api.newKey({ roles: [['admin', there]] });
  const admin = await api.newKey({ roles: [['admin', here]] });
  for (const [method, asked] of [
    ['PATCH', { body: { paths: ['/b'] } }],
    ['DELETE', {}],
  ] as const) {
    expect((await api.ask(method, path, { ...asked, key: viewer })).body).toMatchObject({
      status: 403,
      required: 'plan:manage',
    });
    expect((await api.ask(method, path, { ...asked, key: stranger })).status).toBe(404);
  }
  expect((await api.ask('PATCH', path, { body: { paths: ['/b'] }, key: admin })).status).toBe(200);
  expect((await api.ask('DELETE', path, { key: admin })).status).toBe(204);
});

test('of a removal and a start of a backup at the same time one is refused: no plan that is gone has a job that goes on', async () => {
  const outcomes = new Set<string>();
  for (let round = 0; round < 20; round++) {
    const { id, path, backUp } = await newPlan();
    const asked = [() => api.ask('DELETE', path), backUp];
    const [first, second] = await Promise.all((round % 2 === 0 ? asked : asked.reverse()).map((ask) => ask()));
    outcomes.add([first!.status, second!.status].sort().join(' '));
    const { rows } = await api.database.owner.query(
      'select p.deleted_at is not null as gone, count(j.id)::int as jobs from plan p left join job j on j.plan_id = p.id where p.id = $1 group by 1',
      [id],
    );
    expect(rows[0].gone).toBe(rows[0].jobs === 0);
  }
  for (const outcome of outcomes) expect(['204 422', '202 409']).toContain(outcome);
});
