import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePublicId, publicId } from '../../src/lib/ids.ts';
import { host } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
let jobId: string;
/** Adds lines of an attempt. */
let write: (run: number, attempt: number, first: number, count: number) => Promise<void>;
/** Every line that is in the log, in reading order. */
const all: string[] = [];

beforeAll(async () => {
  api = await startApi();
  const { owner } = api.database;
  const machine = await host(owner, api.org);
  const job = await api.ask('POST', 'jobs', {
    body: { kind: 'noop', target: { hostId: publicId('host', machine.id) } },
  });
  jobId = job.body.id;
  const day = (await owner.query('select accepted_day::text as day from job')).rows[0].day;
  write = async (run: number, attempt: number, first: number, count: number) => {
    const lines = Array.from({ length: count }, (_, i) => [
      1_700_000_000_000 + first + i,
      'out',
      `${run}/${attempt}/${first + i}`,
    ]);
    all.push(...lines.map((line) => String(line[2])));
    await owner.query(
      'insert into log_chunk(day, org_id, job_id, run_no, attempt, first_seq, lines, at, body) values ($1, $2, $3, $4, $5, $6, $7, now(), $8)',
      [day, api.org.id, parsePublicId('job', jobId), run, attempt, first, count, JSON.stringify(lines)],
    );
    await owner.query(
      `insert into log_head as h(org_id, job_id, run_no, attempt, day, next_seq) values ($1, $2, $3, $4, $5, $6)
       on conflict (org_id, job_id, run_no, attempt) do update set next_seq = excluded.next_seq`,
      [api.org.id, parsePublicId('job', jobId), run, attempt, day, first + count],
    );
  };
  for (let first = 0; first < 6_000; first += 200) await write(1, 1, first, 200);
  await write(1, 2, 0, 3);
  await write(2, 1, 0, 50);
  await write(2, 1, 50, 1);
});
afterAll(() => api?.close());

test.each([1, 199, 200, 500, 2000])('walking a log by %i lines gives each line once, in order', async (limit) => {
  const seen: string[] = [];
  let path = `jobs/${jobId}/logs?limit=${limit}`;
  for (let pages = 0; ; pages++) {
    const { body, status } = await api.ask('GET', path);
    expect(status).toBe(200);
    seen.push(...body.lines.map((l: { text: string }) => l.text));
    if (!body.hasMore || (limit === 1 && pages > 300)) break;
    path = `jobs/${jobId}/logs?limit=${limit}&cursor=${body.nextCursor}`;
  }
  expect(seen).toEqual(limit === 1 ? all.slice(0, seen.length) : all);
});

test('HJ-15: a page starts at any line, and an id of the stream is as good as a cursor', async () => {
  for (const at of [0, 1, 199, 200, 201, 3_333, 5_998, 5_999]) {
    const { body } = await api.ask('GET', `jobs/${jobId}/logs?limit=3&cursor=${at === 0 ? '0' : `1.1.${at}`}`);
    expect(body.lines.map((l: { text: string }) => l.text)).toEqual(all.slice(at, at + 3));
  }
  const between = await api.ask('GET', `jobs/${jobId}/logs?limit=2&cursor=1.1.6000_1.2.3_2.1.49`);
  expect(between.body.lines.map((l: { text: string }) => l.text)).toEqual(['2/1/49', '2/1/50']);
});

test('the tail is the end of the log, over attempts and runs, and its cursor goes on behind it', async () => {
  const { body } = await api.ask('GET', `jobs/${jobId}/logs?tail=60`);
  expect(body.lines.map((l: { text: string }) => l.text)).toEqual(all.slice(-60));
  const later = await api.ask('GET', `jobs/${jobId}/logs?cursor=${body.nextCursor}`);
  expect(later.body).toMatchObject({ lines: [], hasMore: false, ended: false, nextCursor: body.nextCursor });
});

test('UX-3: a search gives each line that holds the text once, whatever its case, also over pages without a hit', async () => {
  const seen: string[] = [];
  let cursor = '';
  for (let more = true; more; ) {
    const { body, status } = await api.ask('GET', `jobs/${jobId}/logs?q=99&limit=7${cursor && `&cursor=${cursor}`}`);
    expect(status).toBe(200);
    seen.push(...body.lines.map((l: { text: string }) => l.text));
    cursor = body.nextCursor;
    more = body.hasMore;
  }
  expect(seen).toEqual(all.filter((text) => text.includes('99')));
  expect((await api.ask('GET', `jobs/${jobId}/logs?q=nowhere&limit=2000`)).body.lines).toEqual([]);
});

test('a tail of lines that each came alone is whole', async () => {
  const last = all.length;
  for (let seq = 51; seq < 121; seq++) await write(2, 1, seq, 1);
  const { body } = await api.ask('GET', `jobs/${jobId}/logs?tail=70`);
  expect(body.lines.map((l: { text: string }) => l.text)).toEqual(all.slice(last));
});

test('late lines of an earlier attempt are on the next page of who was beyond it', async () => {
  const { body } = await api.ask('GET', `jobs/${jobId}/logs?tail=1`);
  await write(1, 2, 3, 2);
  const later = await api.ask('GET', `jobs/${jobId}/logs?cursor=${body.nextCursor}`);
  expect(later.body.lines.map((l: { text: string }) => l.text)).toEqual(['1/2/3', '1/2/4']);
  expect((await api.ask('GET', `jobs/${jobId}/logs?cursor=${later.body.nextCursor}`)).body.lines).toEqual([]);
});

test('a cursor that is none of ours, and one beside a tail, are refused', async () => {
  const forged = Buffer.from('[1,1,-5]').toString('base64url');
  for (const query of [
    'cursor=rubbish',
    `cursor=${forged}`,
    `cursor=${Buffer.from('[1,1,1e300]').toString('base64url')}`,
    `tail=5&cursor=${forged}`,
  ])
    expect((await api.ask('GET', `jobs/${jobId}/logs?${query}`)).status).toBe(422);
});

test('a job without a line has an empty log', async () => {
  const other = await api.ask('POST', 'jobs', { body: { kind: 'noop' } });
  expect((await api.ask('GET', `jobs/${other.body.id}/logs`)).body).toMatchObject({ lines: [], hasMore: false });
  expect((await api.ask('GET', `jobs/${other.body.id}/logs?tail=5`)).body).toMatchObject({ lines: [], hasMore: false });
});

test('the engine of a job names its workflow and links to it', async () => {
  const { body } = await api.ask('GET', `jobs/${jobId}/engine`);
  expect(body).toMatchObject({ workflowId: `job/${jobId}/1`, runId: null, namespace: 'test', status: 'UNKNOWN_RUN' });
  expect(body.url).toBe(`http://127.0.0.1:8233/namespaces/test/workflows/${encodeURIComponent(body.workflowId)}`);
});
