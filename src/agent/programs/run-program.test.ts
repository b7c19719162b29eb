import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LineSplitter } from '../log/line-splitter.ts';
import { findSetpriv } from './parent-death-signal.ts';
import { type ProgramEnd, type RunOptions, runProgram } from './run-program.ts';

let folder: string;
let setpriv: string | null;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-program-'));
  setpriv = await findSetpriv();
});
afterAll(() => rm(folder, { recursive: true }));

const ENV = { PATH: '/usr/bin:/bin', HOLDFAST_JOB_ID: '' };

/** Runs a script that the test wrote, and gives its lines beside its end. */
async function run(script: string, options: Partial<RunOptions> = {}, args: string[] = []) {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.sh`);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  const lines: [string, string, boolean][] = [];
  const end = await runProgram(
    { file, args, env: { ...ENV, HOLDFAST_JOB_ID: file } },
    {
      signal: new AbortController().signal,
      stop: { signal: 'SIGTERM', graceMs: 300 },
      onLine: (stream, line, cut) => void lines.push([stream, line, cut]),
      maxLineBytes: 16_384,
      setpriv,
      ...options,
    },
  );
  return { end, lines, file };
}

/** The processes that carry the mark of this job in their environment, as the start-up sweep looks for them. */
async function processesOf(mark: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const env = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (env.includes(`HOLDFAST_JOB_ID=${mark}`)) found.push(pid);
  }
  return found;
}

/** Stops it at its first line: only then has it set its traps. */
function stopWhenReady(): Pick<RunOptions, 'signal' | 'onLine'> & { readonly lines: string[] } {
  const stop = new AbortController();
  const lines: string[] = [];
  return {
    signal: stop.signal,
    lines,
    onLine: (_stream, line) => {
      lines.push(line);
      stop.abort();
    },
  };
}

/** A killed process may be seen for some moments more. */
const noneOf = (file: string) => expect.poll(() => processesOf(file), { timeout: 10_000 }).toEqual([]);

test('a setpriv that does not know the option, as that of RHEL 8 and BusyBox, is not used', async () => {
  const old = join(folder, 'old-setpriv');
  await writeFile(old, '#!/bin/sh\ncase "$*" in *--pdeathsig*) echo "unrecognized option" >&2; exit 1;; esac\n');
  await chmod(old, 0o755);
  expect(await findSetpriv(['/nonexistent', old])).toBeNull();
  expect(await findSetpriv([old, setpriv ?? old])).toBe(setpriv);
});

const clean: ProgramEnd = { exitCode: 0, signal: null, stopped: false, killed: false, notStarted: null };

test('lines of both streams and the exit code come back; arguments are not read by a shell; nothing is inherited', async () => {
  const { end, lines } = await run('echo "$1"; echo bad >&2; echo "home=$HOME"; printf last; exit 3', {}, [
    '$(id); a b',
  ]);
  expect(end).toEqual({ ...clean, exitCode: 3 });
  expect(lines.filter(([stream]) => stream === 'out').map(([, line]) => line)).toEqual(['$(id); a b', 'home=', 'last']);
  expect(lines).toContainEqual(['err', 'bad', false]);
});

test('a program that obeys is stopped, one that ignores the signal is killed with its children', async () => {
  const stop = stopWhenReady();
  const obeys = await run('trap "echo bye; exit 5" TERM; echo ready; sleep 30 & wait', stop);
  expect(obeys.end).toEqual({ ...clean, exitCode: 5, stopped: true });
  expect(stop.lines).toEqual(['ready', 'bye']);
  const ignores = await run('trap "" TERM INT; echo ready; sleep 30 & sleep 31', stopWhenReady());
  expect(ignores.end).toMatchObject({ signal: 'SIGKILL', stopped: true, killed: true });
  for (const { file } of [obeys, ignores]) await noneOf(file);
});

test('children left behind by a program that ended well are gone when it is over', async () => {
  const { end, file } = await run('sleep 30 & echo done');
  expect(end).toEqual(clean);
  await noneOf(file);
});

test('a grandchild in a session of its own cannot keep the job waiting by holding the pipes', async () => {
  // It says itself that it is out of our group; it outlives the time that a test may take.
  const { end, file } = await run(
    'mkfifo "$0.p"; setsid sh -c \'echo > "$0"; exec sleep 60\' "$0.p" & read line < "$0.p"; echo done',
  );
  expect(end.exitCode).toBe(0);
  for (const pid of await processesOf(file)) process.kill(Number(pid), 'SIGKILL');
});

test('a program that is not there, or cancelled before it began, never runs', async () => {
  const options = { signal: AbortSignal.abort(), stop: { signal: 'SIGTERM', graceMs: 1 }, onLine: () => {} } as const;
  const gone = { file: join(folder, 'nowhere'), args: [], env: ENV };
  expect(await runProgram(gone, { ...options, maxLineBytes: 10, setpriv })).toMatchObject({ notStarted: 'ENOENT' });
  expect(await runProgram({ ...gone, file: 'sh' }, { ...options, maxLineBytes: 10, setpriv })).toMatchObject({
    notStarted: 'ENOENT',
  });
  expect((await run('echo no', { signal: AbortSignal.abort() })).end).toMatchObject({ stopped: true, exitCode: null });
});

test('a line of 10 MB is cut and marked, and the lines after it are whole', async () => {
  const { lines } = await run('head -c 10000000 /dev/zero | tr "\\0" x; echo; echo after');
  expect(lines.map(([, line, cut]) => [line.length, cut])).toEqual([
    [16_384, true],
    [5, false],
  ]);
});

test('binary output does not break anything', async () => {
  const { end, lines } = await run('head -c 200000 /dev/urandom; echo; echo end');
  expect(end).toEqual(clean);
  expect(lines.at(-1)).toEqual(['out', 'end', false]);
});

test('a reader that is slow holds a flooding program back', async () => {
  let seen = 0;
  const { end } = await run('yes', {
    signal: AbortSignal.timeout(400),
    onLine: () => {
      seen++;
      return sleep(5);
    },
  });
  expect(end.stopped).toBe(true);
  // Two pipes' worth of lines stay buffered in memory at most; `yes` would have written tens of millions.
  expect(seen).toBeLessThan(200_000);
}, 20_000);

test('a reader that throws ends the program too', async () => {
  const thrown = run('echo x; sleep 30', {
    onLine: () => {
      throw new Error('reader');
    },
  });
  await expect(thrown).rejects.toThrow('reader');
});

test('a letter that lies over two chunks stays whole, and a cut never leaves half of one', () => {
  const splitter = new LineSplitter(4);
  const bytes = Buffer.from('aé\r\nabcé\n');
  const lines = [...splitter.push(bytes.subarray(0, 2)), ...splitter.push(bytes.subarray(2)), ...splitter.rest()];
  expect(lines).toEqual([
    ['aé', false],
    ['abc', true],
  ]);
});

test('P2-13: arguments that are more than the system takes are said to be that, and nothing was started', async () => {
  const { end } = await run('exit 0', {}, Array(64).fill('x'.repeat(120_000)));
  expect(end).toEqual({ exitCode: null, signal: null, stopped: false, killed: false, notStarted: 'E2BIG' });
});
