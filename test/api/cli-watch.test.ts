import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { buildProgram, runProgram } from '../../src/cli/program.ts';
import { parsePublicId, systemRandom } from '../../src/lib/ids.ts';
import { host } from '../factories.ts';
import { type StreamBench, startStreams } from './stream-bench.ts';

let bench: StreamBench;
const dataDir = mkdtempSync(join(tmpdir(), 'holdfast-cli-watch-'));
beforeAll(async () => {
  bench = await startStreams();
  await host(bench.database.owner, bench.org, { name: 'local' });
});
afterAll(async () => {
  rmSync(dataDir, { recursive: true, force: true });
  await bench?.close();
});

interface Run {
  out: string;
  err: string;
  /** Null until it has ended. */
  code: number | null;
  interrupt(): void;
  readonly ended: Promise<number>;
}

/** A command line that runs while the test does something else. */
function start(line: string, { url = bench.url, terminal = false, key = bench.key } = {}): Run {
  const env = { HOLDFAST_DATA: dataDir, HOLDFAST_URL: url, HOLDFAST_API_KEY: key };
  const listeners = new Set<() => void>();
  const stream = (name: 'out' | 'err') => ({
    write: (text: string) => {
      run[name] += text;
    },
    isTTY: terminal,
    columns: 60,
  });
  const cli = {
    streams: { out: stream('out'), err: stream('err') },
    env,
    now: () => new Date(),
    random: systemRandom,
    command: 'holdfast',
    cwd: dataDir,
    sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    onInterrupt: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    exitCode: 0 as const,
  };
  const run: { -readonly [K in keyof Run]: Run[K] } = {
    out: '',
    err: '',
    code: null,
    interrupt: () => {
      for (const listener of listeners) listener();
    },
    ended: undefined as unknown as Promise<number>,
  };
  run.ended = runProgram(buildProgram(cli, '0.0.0'), cli, line.split(' ')).then((code) => {
    run.code = code;
    return code;
  });
  return run;
}

const CLEAR = '\r\u001b[K';
const until = (what: () => boolean) => vi.waitUntil(what, { timeout: 30_000, interval: 10 });
const texts = (out: string) =>
  out.split('\n').flatMap((line) => /^\d\d:\d\d:\d\d\.\d{3}Z [ !*] (.*)$/.exec(line)?.[1] ?? []);
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);

/** A way to the API that can be closed and opened again, as a server that restarts. */
async function wayTo(
  url: string,
): Promise<{ url: string; cut(): void; openAgain(): Promise<void>; refuse(): Promise<void> }> {
  const { port } = new URL(url);
  const sockets = new Set<Socket>();
  let server: Server;
  let own = 0;
  const open = () =>
    new Promise<void>((resolve) => {
      server = createServer((socket) => {
        const there = connect(Number(port), '127.0.0.1');
        for (const [one, other] of [
          [socket, there],
          [there, socket],
        ] as const) {
          sockets.add(one);
          one.pipe(other);
          one.on('error', () => other.destroy());
          one.on('close', () => other.destroy());
        }
      }).listen(own, '127.0.0.1', () => {
        own = (server.address() as { port: number }).port;
        resolve();
      });
    });
  await open();
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const refuse = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      cut();
    });
  onTestFinished(refuse);
  return { url: `http://127.0.0.1:${own}`, cut, openAgain: open, refuse };
}

test('UX-7: jobs tail shows lines as they come, and ends with the exit code of the job and what to do next', async () => {
  const job = await bench.startJob();
  await job.say(numbered(0, 30));
  const run = start(`jobs tail ${job.id}`);
  await until(() => texts(run.out).length === 20);
  await job.say(numbered(30, 33));
  await until(() => texts(run.out).length === 23);
  await job.finish();
  expect(await run.ended).toBe(5);
  expect(texts(run.out)).toEqual(numbered(10, 33));
  expect(run.err).toMatch(/Do nothing on host-\d+: running\n/);
  expect(run.err).toMatch(/: cancelled\. \S/);
  expect(run.err).not.toContain('\u001b');
});

test('UX-7: jobs tail says when the host of a running job is not heard of, and how old its progress is', async () => {
  const job = await bench.startJob();
  await job.progress(0.25);
  const { owner } = bench.database;
  const id = parsePublicId('job', job.id);
  await owner.query(`update job set progress_at = now() - interval '5 minutes' where id = $1`, [id]);
  const run = start(`jobs tail ${job.id}`, { terminal: true });
  await until(() => run.err.includes('25 %'));
  expect(run.err.replaceAll(/\s+/g, ' ')).toMatch(/running, 25 %/);
  await owner.query(
    `update host set lease_until = now() - interval '1 s', last_seen_at = now() - interval '1 min' where id = (select host_id from job where id = $1)`,
    [id],
  );
  await until(() => /running, but host host-\d+ has/.test(run.err));
  const show = start(`jobs show ${job.id}`);
  await show.ended;
  expect(show.out).toMatch(/But +host host-\d+ has not been heard of since .*Z; it stops by itself by .*Z\n/);
  expect(show.out).toMatch(/Progress +25 %, .*, as of 5 min ago\n/);
  await job.finish();
  await run.ended;
});

test('UX-7: jobs tail without an id takes the newest job that has not ended', async () => {
  const [open, ended] = [await bench.startJob(), await bench.startJob()];
  await ended.finish();
  const run = start('jobs tail --output json');
  await until(() => run.out.includes('"event":"job"'));
  expect(run.out).toContain(open.id);
  await open.finish();
  expect(await run.ended).toBe(5);
  const events = run.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.map(({ event }) => event)).toEqual(['hello', 'job', 'end']);
  expect(events.at(-1).data.job).toMatchObject({ id: open.id, state: 'cancelled' });
});

test('HJ-16: on a terminal progress is one line below the log, written over and gone at the end', async () => {
  const job = await bench.startJob();
  const run = start(`jobs tail ${job.id}`, { terminal: true });
  await until(() => run.err.includes('running'));
  await job.progress(0.25);
  await until(() => run.err.includes('25 %, 250 B of 1000 B'));
  await job.say(['one']);
  await until(() => run.out.includes('one'));
  // Cleared before the line, and drawn again below it, not wider than the terminal.
  const drawn = run.err.split(CLEAR);
  expect(drawn.every((part) => part.replace(/\n.*/s, '').length < 60)).toBe(true);
  expect(drawn.filter((part) => part.includes('25 %'))).toHaveLength(2);
  await job.finish();
  await run.ended;
  expect(run.err.split(CLEAR).at(-1)).toMatch(/: cancelled\. /);
});

test('an API that restarts and a connection that breaks cost no line, and the person hears of it once', async () => {
  const job = await bench.startJob();
  const way = await wayTo(bench.url);
  const run = start(`jobs logs ${job.id} --follow`, { url: way.url });
  let said = 0;
  const say = async (count: number) => {
    await job.say(numbered(said, said + count));
    said += count;
  };
  for (let round = 0; round < 5; round++) {
    await say(50);
    await until(() => texts(run.out).length === said);
    way.cut();
    await say(3);
  }
  await until(() => texts(run.out).length === said);
  await way.refuse();
  await say(10);
  await until(() => /The API is away/.test(run.err));
  await way.openAgain();
  await until(() => texts(run.out).length === said);
  await job.finish();
  expect(await run.ended).toBe(0);
  expect(texts(run.out)).toEqual(numbered(0, said));
  expect(run.err).toMatch(/The API is back\.\n$/);
});

/** Nobody carries these jobs out: what would wait behind them is not of this test. */
async function endAll(): Promise<void> {
  const { owner } = bench.database;
  await owner.query(`update job set state = 'cancelled', finished_at = now() where finished_at is null`);
  await owner.query('delete from lock_slot');
  await owner.query('delete from lock_request');
  await owner.query('update lock_key set used = 0, excl = false');
}

test.each([
  'jobs start noop --host local --wait',
  'jobs start noop --host local --follow',
  'jobs tail',
  'backup now /etc --follow',
])('Ctrl-C during %s ends the watching, says that the job goes on, and how to cancel it', async (line) => {
  if (line === 'jobs tail') await bench.startJob();
  const run = start(line);
  await until(() => /: (queued|waiting|running)/.test(run.err));
  run.interrupt();
  expect(await run.ended).toBe(130);
  const id = /holdfast jobs cancel (job_\w+)/.exec(run.err)![1];
  expect(run.err).toContain('the job goes on');
  const job = (await bench.ask('GET', `jobs/${id}`)).body;
  expect(job).toMatchObject({ cancelRequestedAt: null, state: expect.stringMatching(/queued|waiting|running/) });
  expect(await start(`jobs cancel ${id} --reason test`).ended).toBe(0);
  await endAll();
});

test('a key that is refused or revoked while watching ends with 3, at once', async () => {
  const job = await bench.startJob();
  const key = await bench.newKey();
  const run = start(`jobs tail ${job.id}`, { key });
  await until(() => run.err.includes('running'));
  await bench.database.owner.query(
    'update api_key set revoked_at = now() where id <> (select id from api_key order by id limit 1)',
  );
  expect(await run.ended).toBe(3);
  expect(run.err).toContain('no longer valid');
  expect(await start(`jobs tail ${job.id}`, { key }).ended).toBe(3);
  expect(await start(`jobs tail job_${'0'.repeat(26)}`).ended).toBe(2);
  await job.finish();
});

test('jobs show says when, why it waits, and what to type next', async () => {
  const job = await bench.startJob();
  const hostId = (await bench.ask('GET', `jobs/${job.id}`)).body.host.id;
  const waiting = (await bench.ask('POST', 'jobs', { body: { kind: 'noop', target: { hostId } } })).body.id;
  const show = start(`jobs show ${waiting}`);
  await show.ended;
  expect(show.out).toMatch(/Waits +behind "Do nothing on host-\d+" \(job_\w+\) of .* \(number 1 in the queue\)/);
  expect(show.out).toMatch(/Gives up +in \d+ h \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\)/);
  expect(show.out).toMatch(/Accepted +\d+ s ago \(\d{4}-/);
  expect(show.out).toContain(`holdfast jobs show ${job.id}`);
  expect(show.out).toContain(`holdfast jobs cancel ${waiting}`);
  await job.progress(0.5);
  const running = start(`jobs show ${job.id}`);
  await running.ended;
  expect(running.out).toMatch(/Progress +50 %, 500 B of 1000 B, 1 of 2 files, 10 B\/s, 5 s left, \/srv\/file/);
  expect(running.out).toContain(`holdfast jobs tail ${job.id}`);
  await job.finish();
});

test('HJ-15: a whole log can be downloaded, as text and as JSON lines, with its gaps marked', async () => {
  const job = await bench.startJob();
  for (let first = 0; first < 6_000; first += 200) await job.say(numbered(first, first + 200));
  await job.say(['second attempt'], 2);
  await bench.database.owner.query('delete from log_chunk where first_seq = 400 and attempt = 1');
  const run = start(`jobs logs ${job.id} --download`);
  expect(await run.ended, run.err).toBe(0);
  const lines = readFileSync(join(dataDir, `${job.id}.log`), 'utf8')
    .trim()
    .split('\n');
  expect(lines).toHaveLength(6_000 - 200 + 2);
  expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z 1\.1\.0 out line 0$/);
  expect(lines[400]).toBe('--- 200 lines dropped (1.1.400 to 599) ---');
  expect(lines.at(-1)).toMatch(/ 1\.2\.0 out second attempt$/);
  expect(await start(`jobs logs ${job.id} --download all.ndjson --output json`).ended).toBe(0);
  const objects = readFileSync(join(dataDir, 'all.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(objects).toHaveLength(6_000 - 200 + 2);
  expect(objects[0]).toMatchObject({ run: 1, attempt: 1, seq: 0, text: 'line 0' });
  expect(objects[400]).toEqual({ gap: { run: 1, attempt: 1, fromSeq: 400, toSeq: 599 } });
  writeFileSync(join(dataDir, 'kept'), 'kept');
  expect(await start(`jobs logs job_${'0'.repeat(26)} --download kept`).ended).toBe(2);
  expect(readFileSync(join(dataDir, 'kept'), 'utf8')).toBe('kept');
  await job.finish();
});
