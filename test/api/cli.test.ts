import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildProgram, runProgram } from '../../src/cli/program.ts';
import { parsePublicId, systemRandom } from '../../src/lib/ids.ts';
import { host, repository } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
let url: string;
const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));

beforeAll(async () => {
  api = await startApi();
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  await host(api.database.owner, api.org, { name: 'local' });
  writeFileSync(join(dataDir, 'cli.json'), JSON.stringify({ url, apiKey: api.key }));
});
afterAll(async () => {
  rmSync(dataDir, { recursive: true, force: true });
  await api?.close();
});

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs one command line as a person would; `meanwhile` happens at each pause of it. */
async function run(
  line: string | string[],
  env: Record<string, string> = {},
  meanwhile: () => Promise<unknown> = async () => {},
  columns?: number,
): Promise<Ran> {
  const ran = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({
    write: (text: string) => (ran[name] += text),
    ...(columns === undefined ? {} : { isTTY: true, columns }),
  });
  const cli = {
    streams: { out: stream('out'), err: stream('err') },
    env: { HOLDFAST_DATA: dataDir, ...env },
    now: () => new Date(),
    random: systemRandom,
    command: 'holdfast',
    cwd: '/srv',
    sleep: async () => void (await meanwhile()),
    onInterrupt: () => () => {},
    exitCode: 0 as const,
  };
  const code = await runProgram(buildProgram(cli, '0.0.0'), cli, typeof line === 'string' ? line.split(' ') : line);
  return { code, ...ran };
}

/** Ends whatever is queued, as a worker would: the newest job gets this outcome. */
const endJobs =
  (state: string, refs: object = {}) =>
  async () => {
    await api.database.owner.query(
      `update job set state = $1, outcome_code = $1, outcome_sentence = 'It ended.', outcome_next = '', counts = '{"filesNew": 3, "bytesAdded": 2048}', refs = $2,
       finished_at = now() where state in ('queued', 'waiting')`,
      [state, JSON.stringify(refs)],
    );
    await api.database.owner.query('delete from lock_slot');
    await api.database.owner.query('update lock_key set used = 0, excl = false');
    await api.database.owner.query('delete from lock_request');
  };

test('lists are tables for people and JSON for programs', async () => {
  const table = await run('hosts list');
  expect(table).toMatchObject({ code: 0, err: '' });
  expect(table.out).toMatch(/^HOST +NAME +SITE +ONLINE +LAST SEEN +AGENT\nhost_\w+ +local +main +yes +\d+ s ago \(/);
  const json = JSON.parse((await run('hosts list --output json')).out);
  expect(json.items[0]).toMatchObject({ name: 'local', online: true });
});

test.each([
  ['succeeded', 0],
  ['failed', 1],
  ['partial', 4],
  ['cancelled', 5],
  ['timed_out', 6],
  ['unknown', 7],
])('a job that ends as %s ends the command with %i', async (state, code) => {
  const ran = await run(
    'jobs start noop --host local --param message=hello --param sleepMs=5 --wait',
    {},
    endJobs(state),
  );
  expect(ran.code, ran.err).toBe(code);
  expect(ran.out).toContain('It ended.');
  expect(ran.err).toContain(`Do nothing on local: ${state}`);
});

test('backup now makes the repository, the plan and the backup, says what changed, and does not make them twice', async () => {
  const first = await run('backup now etc', {}, endJobs('succeeded', { snapshotId: 'abcdef12' }));
  expect(first.code, first.err).toBe(0);
  expect(first.out).toMatch(/Snapshot +abcdef12/);
  expect(first.out).toMatch(/Changes +3 new files, 2.0 KiB added/);
  expect(first.out).toMatch(/Next:\n {2}holdfast jobs logs job_\w+\n/);
  expect(first.err).toMatch(/Password \(keep it outside[^)]*\): [\w-]{32}\n/);
  const { rows } = await api.database.owner.query(
    'select p.paths, r.url from plan p join repository r on r.id = p.repository_id',
  );
  expect(rows).toEqual([{ paths: ['/srv/etc'], url: join(dataDir, 'repositories', 'local') }]);
  await api.database.owner.query(`update repository set state = 'ready', ready_at = now()`);
  const second = await run('backup now /srv/etc --output json', {}, endJobs('succeeded'));
  expect(JSON.parse(second.out)).toMatchObject({ kind: 'backup', state: 'succeeded' });
  expect(second.err).not.toContain('Password');
  const counts = await api.counts();
  expect([counts.plan, counts.repository]).toEqual([1, 1]);
});

test('backup now stops when the repository cannot be initialised', async () => {
  await repository(api.database.owner, api.org.id, {
    name: 'broken',
    password: { keyring: api.parts.keyring, text: 'x' },
  });
  const ran = await run('backup now /a --repository broken', {}, endJobs('failed'));
  expect(ran.code).toBe(1);
  expect(ran.err).toContain('Initialise broken from local ended as failed. It ended.');
});

test('caps of sites and repositories are set, shown and taken away; what is none is refused', async () => {
  await run('repositories create capped /srv/capped');
  for (const [noun, name] of [
    ['sites', 'main'],
    ['repositories', 'capped'],
  ] as const) {
    // biome-ignore format: one line
    expect(await run(`${noun} cap ${name} 7`)).toMatchObject({ code: 0, out: expect.stringMatching(/^Cap +7$/m) });
    const listed = JSON.parse((await run(`${noun} list --output json`)).out).items;
    expect(listed.find((item: { name: string }) => item.name === name).maxJobs).toBe(7);
    expect((await run(`${noun} cap ${name} none`)).out).toMatch(/^Cap +none of its own$/m);
    expect(await run(`${noun} cap ${name} 0`)).toMatchObject({ code: 2, out: '' });
    expect((await run(`${noun} cap ${name} many`)).err).toBe(
      'holdfast: "many" is neither a number of jobs nor "none".\n',
    );
    expect(await run(`${noun} cap nowhere 3`)).toMatchObject({ code: 2 });
  }
});

test('repositories and plans can be made and named', async () => {
  const made = await run('repositories create second /srv/second');
  expect(made.code).toBe(0);
  expect(made.err).toMatch(/Password/);
  expect((await run('plans create home /home --exclude *.tmp /root --host local --repository second')).out).toMatch(
    /Paths +\/home \/root/,
  );
  expect((await run('plans list --host local')).out).toContain('/home /root');
  const started = await run('jobs start backup --plan home --output json');
  const job = JSON.parse(started.out);
  expect(job).toMatchObject({ kind: 'backup', title: 'Back up home of local' });
  expect((await run(`jobs cancel ${job.id} --reason enough`)).out).toMatch(/Cancel asked|State +cancelled/);
  expect((await run(`jobs show ${job.id}`)).out).toContain(job.id);
  expect((await run('jobs list --kind backup')).out).toContain(job.id);
});

test('BK-4: plans are shown, changed and removed, and a plan with a job is not removed', async () => {
  await run('plans create walk /nosuch --host local --repository second');
  expect((await run('plans show walk')).out).toMatch(/Paths +\/nosuch\n/);
  const edited = await run('plans edit --path /srv --path /opt walk --exclude *.tmp --exclude *.bak --name walked');
  expect(edited.out).toMatch(/Name +walked\n[\s\S]*Paths +\/srv \/opt\nExcludes +\*\.tmp \*\.bak\n/);
  expect((await run('plans edit walked --no-exclude')).out).not.toContain('Excludes');
  expect(await run('plans edit walked')).toMatchObject({ code: 2, err: expect.stringContaining('Say what to change') });
  const job = JSON.parse((await run('jobs start backup --plan walked --output json')).out);
  const refused = await run('plans remove walked');
  expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining(`holdfast jobs cancel ${job.id}`) });
  await endJobs('cancelled')();
  const removed = await run('plans remove walked');
  expect(removed).toMatchObject({
    code: 0,
    err: '',
    out: expect.stringContaining('its snapshots in the repository second'),
  });
  expect(await run('plans show walked')).toMatchObject({
    code: 2,
    err: expect.stringContaining('There is no plan "walked"'),
  });
  expect((await run(`jobs show ${job.id}`)).out).toContain('Back up walked of local');
});

test('RUN-13: a job is shown with the link to its run in Temporal, once it has one', async () => {
  const job = JSON.parse((await run('jobs start noop --output json')).out);
  expect((await run(`jobs show ${job.id}`)).out).not.toContain('http:');
  await api.database.owner.query('update job set run_id = $2 where id = $1', [
    parsePublicId('job', job.id),
    'run-of-it',
  ]);
  const link = `http://127.0.0.1:8233/namespaces/test/workflows/job%2F${job.id}%2F1/run-of-it/history`;
  expect((await run(`jobs show ${job.id}`)).out).toContain(`Run         ${link}`);
});

test('several plans of one name are told apart by their hosts', async () => {
  const other = await host(api.database.owner, api.org, { name: 'twin' });
  const id = (text: string) => JSON.parse(text).id;
  const here = id((await run('plans create same /a --host local --repository second --output json')).out);
  const there = id((await run('plans create same /a --host twin --repository second --output json')).out);
  expect(other.name).toBe('twin');
  const ran = await run('plans show same');
  expect(ran.code).toBe(2);
  expect(ran.err).toContain(`${here} (local)`);
  expect(ran.err).toContain(`${there} (twin)`);
  expect((await run('plans show same --host twin')).out).toContain(there);
});

test('UX-6: lists fit a terminal, ids whole; where there is no terminal nothing is cut', async () => {
  const whole = await run('jobs list');
  const ids = whole.out.match(/job_\w{26}/g)!;
  for (const columns of [60, 80, 120]) {
    const { out, code } = await run('jobs list', {}, async () => {}, columns);
    expect(code).toBe(0);
    expect(out.split('\n').filter((line) => line.length > columns)).toEqual([]);
    for (const id of ids) expect(out).toContain(id);
  }
  const lists = ['plans list', 'repositories list', 'hosts list', 'sites list', 'jobs kinds', `jobs show ${ids[0]}`];
  for (const line of lists)
    for (const columns of [80, 120]) {
      const { out } = await run(line, {}, async () => {}, columns);
      // An address is copied as ids are.
      expect(out.split('\n').filter((shown) => shown.length > columns && !shown.includes('http'))).toEqual([]);
    }
});

test('a list that was filtered names the filter, and one that was cut says so', async () => {
  expect((await run('jobs list --kind nothing --state failed timed_out --host local')).out).toBe(
    'There are no jobs in state failed or timed_out of kind nothing of host local.\n',
  );
  await host(api.database.owner, api.org, { name: 'bare' });
  expect((await run('plans list --host bare')).out).toBe('There are no plans of host bare.\n');
  const some = await run('jobs list --limit 2');
  expect(some.out.trim().split('\n')).toHaveLength(3);
  expect(some.err).toBe('There are more. These are the newest 2; --limit 10 shows more.\n');
  const all = await run('jobs list --limit 100');
  expect(all.err).toBe('');
  expect((await run(`jobs list --limit ${all.out.trim().split('\n').length - 1}`)).err).toBe('');
});

test('a path that is empty is refused: it would mean the folder that one stands in', async () => {
  const before = await api.counts();
  for (const path of ['', ' '])
    expect(await run(['backup', 'now', path])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('is empty'),
    });
  expect(await api.counts()).toEqual(before);
});

test('UX-6: jobs cancel --wait ends with 0 when the job was cancelled, and with 8 when it ended otherwise', async () => {
  const start = async () => JSON.parse((await run('jobs start noop --host local --output json')).out).id;
  const begin = (id: string) =>
    api.database.owner.query(`update job set state = 'running' where id = $1`, [parsePublicId('job', id)]);
  const end = (id: string, state: string) => async () => {
    await api.database.owner.query('update job set state = $2, finished_at = now() where id = $1', [
      parsePublicId('job', id),
      state,
    ]);
  };
  const cancelled = await start();
  await begin(cancelled);
  expect((await run(`jobs cancel ${cancelled} --wait`, {}, end(cancelled, 'cancelled'))).code).toBe(0);
  const done = await start();
  await begin(done);
  expect(await run(`jobs cancel ${done} --wait`, {}, end(done, 'succeeded'))).toMatchObject({
    code: 8,
    err: expect.stringContaining('The job was not cancelled: it ended as succeeded before.'),
  });
  const late = await run(`jobs cancel ${done}`);
  expect(late).toMatchObject({ code: 8, err: expect.stringContaining(`holdfast jobs show ${done}`) });
  await endJobs('cancelled')();
});

test('logs are printed line by line, safe for a terminal', async () => {
  const job = JSON.parse((await run('jobs start noop --output json')).out);
  await api.database.owner.query(
    `with head as (insert into log_head(org_id, job_id, run_no, attempt, day, next_seq)
       select org_id, id, 1, 1, accepted_day, 2 from job where id = $1)
     insert into log_chunk(day, org_id, job_id, run_no, attempt, first_seq, lines, at, body)
     select accepted_day, org_id, id, 1, 1, 0, 2, now(), $2 from job where id = $1`,
    [
      parsePublicId('job', job.id),
      JSON.stringify([
        [0, 'out', 'one'],
        [1, 'err', 'two \u001b[31m'],
      ]),
    ],
  );
  expect((await run(`jobs logs ${job.id}`)).out).toBe('00:00:00.000Z   one\n00:00:00.001Z ! two \\u001b[31m\n');
  expect((await run(`jobs logs ${job.id} --tail 1`)).out).toContain('two');
});

test.each([
  ['jobs start', 2, 'missing required argument'],
  ['jobs explode', 2, 'unknown command'],
  ['hosts list --output xml', 2, 'Allowed choices are table, json'],
  ['jobs start nonsense', 2, 'There is no kind of job "nonsense"; there are '],
  ['jobs start noop --host nobody', 2, 'There is no host "nobody". There is "'],
  ['jobs list --host locl', 2, 'There is no host "locl". Did you mean "local"?'],
  ['jobs start nonsense', 2, 'there are backup, init'],
  ['jobs show 5', 2, '"5" is not the id of a job'],
  ['jobs start noop --host local --param sleepMs=soon', 2, 'sleepMs'],
  ['backup now relative --host db-7', 2, 'There is no host "db-7"'],
  ['jobs list --state sleeping', 2, 'Allowed choices are waiting, queued, running'],
])('%s ends with %i and one message', async (line, code, message) => {
  const ran = await run(line);
  expect(ran).toMatchObject({ code, out: '' });
  expect(ran.err).toContain(message);
  expect(ran.err).not.toMatch(/\n\s+at /);
});

test('a refused key, an API that is away and a missing profile end with 3', async () => {
  const refused = await run('hosts list', { HOLDFAST_URL: url, HOLDFAST_API_KEY: `hfk_${'A'.repeat(43)}` });
  expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('no valid credential') });
  expect(refused.err).toContain('The key comes from HOLDFAST_API_KEY.');
  const away = await run('hosts list', { HOLDFAST_URL: 'http://127.0.0.1:2', HOLDFAST_API_KEY: api.key });
  expect(away).toMatchObject({ code: 3, err: expect.stringContaining('cannot be reached') });
  expect(away.err).not.toContain(api.key);
  expect(await run('hosts list', { HOLDFAST_DATA: '/nowhere' })).toMatchObject({
    code: 3,
    err: expect.stringContaining('No API is known'),
  });
});

test('help names the exit codes and shows examples', async () => {
  const { code, out } = await run('--help');
  expect(code).toBe(0);
  expect(out).toContain('4  the job ended in part');
  expect(out).toContain('holdfast backup now /etc');
});
