import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { Readable } from 'node:stream';
import type { StopProtocol } from '../../kinds/core/define-kind.ts';
import { LineSplitter } from '../log/line-splitter.ts';

/** A program with its arguments, never a command line. `env` is all it gets to see; nothing is inherited. */
export interface ProgramSpec {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface RunOptions {
  /** When it aborts, the program is stopped by `stop`. */
  readonly signal: AbortSignal;
  readonly stop: Pick<StopProtocol, 'signal' | 'graceMs'>;
  /** Called for each line in order; a promise holds the program back until it is settled. */
  readonly onLine: (stream: 'out' | 'err', line: string, cut: boolean) => void | Promise<void>;
  readonly maxLineBytes: number;
  /** Path of `setpriv`, or null where there is none (see parent-death-signal.ts). */
  readonly setpriv: string | null;
}

export interface ProgramEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** We sent it the stop signal before it ended. */
  readonly stopped: boolean;
  /** It did not end within the grace, so the whole group got SIGKILL: it may have left locks. */
  readonly killed: boolean;
  /** Why it never ran, for example `ENOENT`. */
  readonly notStarted: string | null;
}

/** A grandchild that left the group may keep our pipes open for ever; after the program's end we read this long. */
const DRAIN_MS = 2_000;

const neverRan = (why: string | null, stopped: boolean): ProgramEnd => ({
  exitCode: null,
  signal: null,
  stopped,
  killed: false,
  notStarted: why,
});

/** Runs a program in a process group of its own to its end. Returns only when no process of the group is left. */
export async function runProgram(spec: ProgramSpec, options: RunOptions): Promise<ProgramEnd> {
  // With setpriv in front, a missing program would look like an exit code of setpriv.
  const missing = isAbsolute(spec.file) ? await cannotExecute(spec.file) : 'ENOENT';
  if (missing !== null) return neverRan(missing, false);
  if (options.signal.aborted) return neverRan(null, true);
  const [file, args] = withParent(spec, options.setpriv);
  const child = launch(file, args, spec);
  if (typeof child === 'string') return neverRan(child, false);
  const stopping = stopOnAbort(child, options);
  try {
    return await follow(child, options, stopping);
  } catch (thrown) {
    killGroup(child, 'SIGKILL');
    throw thrown;
  } finally {
    stopping.release();
  }
}

/** Some reasons are thrown at once (E2BIG: arguments and environment are too long), others come as an event. */
function launch(file: string, args: string[], { cwd = '/', env }: ProgramSpec): ChildProcess | string {
  try {
    return spawn(file, args, { cwd, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

/** The kernel kills it when the agent dies, even by SIGKILL. Its own children it has to take along itself. */
function withParent(spec: ProgramSpec, setpriv: string | null): [string, string[]] {
  if (setpriv === null) return [spec.file, [...spec.args]];
  return [setpriv, ['--pdeathsig', 'KILL', '--', spec.file, ...spec.args]];
}

async function follow(child: ChildProcess, options: RunOptions, stopping: Stopping): Promise<ProgramEnd> {
  const ended = new Promise<ProgramEnd>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve(neverRan(error.code ?? 'unknown', false)));
    child.once('exit', (exitCode, signal) => {
      // What it left behind in its group would go on after the job: the job is over when nothing of it runs.
      killGroup(child, 'SIGKILL');
      resolve({ exitCode, signal, ...stopping.state(), notStarted: null });
    });
  });
  let over = false;
  ended.then(() => {
    over = true;
  });
  const isOver = () => over;
  const read = Promise.all([
    readLines(child.stdout!, 'out', options, isOver),
    readLines(child.stderr!, 'err', options, isOver),
  ]);
  read.catch(() => undefined);
  const end = await Promise.race([ended, read.then(() => ended)]);
  const drain = setTimeout(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, DRAIN_MS);
  await read.finally(() => clearTimeout(drain));
  return end;
}

async function readLines(from: Readable, stream: 'out' | 'err', options: RunOptions, isOver: () => boolean) {
  const splitter = new LineSplitter(options.maxLineBytes);
  const take = async (lines: Iterable<readonly [string, boolean]>) => {
    for (const [line, cut] of lines) {
      const held = options.onLine(stream, line, cut);
      // A program that has ended cannot be held back any more; what it left is at most the pipes' content.
      if (held !== undefined && !isOver()) await held;
    }
  };
  try {
    for await (const chunk of from) await take(splitter.push(chunk as Buffer));
  } catch (thrown) {
    // Destroyed after DRAIN_MS; what was read until then counts.
    if ((thrown as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw thrown;
  }
  await take(splitter.rest());
}

interface Stopping {
  readonly state: () => { stopped: boolean; killed: boolean };
  readonly release: () => void;
}

function stopOnAbort(child: ChildProcess, options: RunOptions): Stopping {
  let stopped = false;
  let killed = false;
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    stopped = true;
    killGroup(child, options.stop.signal);
    timer = setTimeout(() => {
      killed = true;
      killGroup(child, 'SIGKILL');
    }, options.stop.graceMs);
  };
  options.signal.addEventListener('abort', stop, { once: true });
  return {
    state: () => ({ stopped, killed }),
    release: () => {
      options.signal.removeEventListener('abort', stop);
      clearTimeout(timer);
    },
  };
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ESRCH: nothing of the group is left, which is what we want.
  }
}

async function cannotExecute(file: string): Promise<string | null> {
  try {
    await access(file, constants.X_OK);
    return null;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
