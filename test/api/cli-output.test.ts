import { execFile, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { host } from '../factories.ts';
import { type SpeakingJob, type StreamBench, startStreams } from './stream-bench.ts';

let bench: StreamBench;
let job: SpeakingJob;
let folder: string;
const MAIN = new URL('../../scripts/main.mjs', import.meta.url).pathname;
const LINES = 200;

beforeAll(async () => {
  bench = await startStreams();
  await host(bench.database.owner, bench.org, { name: 'local' });
  job = await bench.startJob();
  await job.say(Array.from({ length: LINES }, (_, i) => `line ${i} ${'x'.repeat(80)}`));
});
afterAll(() => bench?.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-output-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

const environment = () => ({
  PATH: process.env.PATH,
  HOLDFAST_DATA: folder,
  HOLDFAST_URL: bench.url,
  HOLDFAST_API_KEY: bench.key,
});

/** A line of a shell in which `holdfast` is the real program in a process of its own. */
function shell(line: string): Promise<{ code: number; out: string; err: string }> {
  const script = `holdfast() { "${process.execPath}" "${MAIN}" "$@"; }\n${line.replaceAll('JOB', job.id)}`;
  return new Promise((resolve) => {
    execFile('bash', ['--norc', '-c', script], { cwd: folder, env: environment() }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

test.each([
  'jobs list',
  'jobs list --output json',
  'jobs show JOB',
  'jobs logs JOB',
  'jobs logs JOB --tail 1',
  'jobs logs JOB --output json',
  'hosts list',
  'jobs start noop --host local',
  '--help',
  'jobs logs --help',
  '--version',
])('UX-6: %s onto a full disk ends with 9 and one sentence', async (line) => {
  const { code, err } = await shell(`holdfast ${line} > /dev/full`);
  expect(err).toBe('holdfast: Standard output cannot be written: the disk is full. What was printed is not whole.\n');
  expect(code).toBe(9);
});

test('a text that fits in part only is not cut without a word', async () => {
  // Of the 20 kB of the log 4 KiB fit: the system takes the first part of one write, and refuses the next.
  const { code, err } = await shell(`trap '' XFSZ; ulimit -f 4; holdfast jobs logs JOB --output json > log`);
  expect({ code, err }).toEqual({ code: 9, err: expect.stringContaining('the file may not grow further') });
  expect(statSync(join(folder, 'log')).size).toBe(4096);
  // One write alone, with no other behind it that would fail.
  const one = await shell(`trap '' XFSZ; ulimit -f 1; holdfast jobs show JOB --output json > one`);
  expect(one).toMatchObject({ code: 9, err: expect.stringContaining('the file may not grow further') });
});

test('what goes to standard error may be a password: that it could not be written is no success', async () => {
  const { code, out } = await shell('holdfast repositories create full /srv/full 2> /dev/full');
  expect(out).toContain('/srv/full');
  expect(code).toBe(9);
  // A failure keeps its own code.
  expect((await shell('holdfast jobs show 5 2> /dev/full')).code).toBe(2);
});

test('a reader that went away is no failure', async () => {
  const { code, err } = await shell(`holdfast jobs logs JOB | head -n 1; exit \${PIPESTATUS[0]}`);
  expect({ code, err }).toEqual({ code: 0, err: '' });
});

const whole = (text: string) => expect(text.trim().split('\n')).toHaveLength(LINES);

test('a download replaces a file of that name, keeps its rights, and leaves nothing beside it', async () => {
  writeFileSync(join(folder, 'log'), 'old');
  chmodSync(join(folder, 'log'), 0o600);
  expect((await shell('holdfast jobs logs JOB --download log')).code).toBe(0);
  whole(readFileSync(join(folder, 'log'), 'utf8'));
  expect(statSync(join(folder, 'log')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['log']);
});

test('a download into a link is written to where the link points, and the link stays', async () => {
  writeFileSync(join(folder, 'there'), 'old');
  symlinkSync('there', join(folder, 'link'));
  symlinkSync('nowhere-yet', join(folder, 'dangling'));
  for (const [link, target] of [
    ['link', 'there'],
    ['dangling', 'nowhere-yet'],
  ] as const) {
    expect((await shell(`holdfast jobs logs JOB --download ${link}`)).code).toBe(0);
    expect(lstatSync(join(folder, link)).isSymbolicLink()).toBe(true);
    whole(readFileSync(join(folder, target), 'utf8'));
  }
});

test('a download into a FIFO goes to its reader, into a device to the device, and both stay what they are', async () => {
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const reader = spawn('cat', [fifo], { stdio: ['ignore', 'pipe', 'inherit'] });
  let read = '';
  reader.stdout.on('data', (data) => {
    read += data;
  });
  const ended = new Promise((resolve) => reader.once('close', resolve));
  expect((await shell('holdfast jobs logs JOB --download fifo')).code).toBe(0);
  await ended;
  whole(read);
  expect(lstatSync(fifo).isFIFO()).toBe(true);
  // By a link of our own: run as root, a mistake would replace the device of this machine.
  symlinkSync('/dev/full', join(folder, 'full'));
  expect(await shell('holdfast jobs logs JOB --download full')).toMatchObject({
    code: 9,
    err: expect.stringContaining('the disk is full'),
  });
  expect(lstatSync(join(folder, 'full')).isSymbolicLink()).toBe(true);
});

test('a download that does not fit leaves the file that was there', async () => {
  writeFileSync(join(folder, 'log'), 'old');
  const { code, err } = await shell(`trap '' XFSZ; ulimit -f 4; holdfast jobs logs JOB --download log`);
  expect({ code, err }).toEqual({ code: 9, err: expect.stringContaining('the file may not grow further') });
  expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['log']);
  expect((await shell('holdfast jobs logs JOB --download .')).code).toBe(2);
  expect((await shell('holdfast jobs logs JOB --download no/such/folder')).code).toBe(2);
});

test('a download takes the whole log: --tail and --follow beside it are refused', async () => {
  expect(await shell('holdfast jobs logs JOB --download --tail 5')).toMatchObject({
    code: 2,
    err: expect.stringContaining("cannot be used with option '--tail"),
  });
  expect(readdirSync(folder)).toEqual([]);
});

const ROOT = new URL('../..', import.meta.url).pathname;

test.each([
  ['in the checkout', () => ROOT, /^npx holdfast /],
  ['in a folder of it', () => join(ROOT, 'docs', 'adr'), /^npx holdfast /],
  ['somewhere else', () => folder, /^(?:node )?'?\/.*\/scripts\/holdfast\.mjs'? /],
])('RUN-23: what is printed %s can be typed there, and asks no registry', async (_where, cwd, form) => {
  const { out } = await shell(`cd '${cwd()}'; holdfast jobs show JOB`);
  const command = /Next +(.*)/.exec(out)![1]!.replace('jobs tail', 'jobs show');
  expect(command).toMatch(form);
  const registry = {
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_yes: 'true',
    npm_config_fetch_retries: '0',
  };
  const path = environment()
    .PATH!.split(':')
    .filter((dir) => !dir.includes('node_modules'))
    .join(':');
  const typed = await new Promise<string>((resolve, reject) =>
    execFile(
      'bash',
      ['--norc', '-c', command],
      { cwd: cwd(), env: { ...environment(), ...registry, PATH: path, HOME: folder } },
      (error, text, err) => (error ? reject(new Error(err)) : resolve(text)),
    ),
  );
  expect(typed).toContain(job.id);
});
