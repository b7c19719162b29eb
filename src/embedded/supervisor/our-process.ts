import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Reader } from '../../config/field.ts';
import type { ProgressOutput } from '../progress-output.ts';
import { type Child, type ChildExit, spawnChild } from './children.ts';
import { Supervisor } from './supervisor.ts';

export type OurName = Extract<Reader, 'api' | 'worker' | 'gateway' | 'agent'>;

interface OurProcess {
  readonly name: OurName;
  readonly env: () => Record<string, string>;
  readonly runDir: string;
  readonly logDir: string;
  readonly stopGraceMs: number;
  readonly output: ProgressOutput;
}

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));

/** A small young generation saves an idle process 10 to 20 MiB; in the two that every job passes it cost 8 % of a job's time. */
export const NODE_ARGS: Record<OurName, string[]> = {
  api: ['--max-semi-space-size=16', '--max-old-space-size=384'],
  worker: ['--max-semi-space-size=16', '--max-old-space-size=768'],
  gateway: ['--max-semi-space-size=4', '--max-old-space-size=256'],
  agent: ['--max-semi-space-size=2', '--max-old-space-size=192'],
};

/** What the exit codes of an agent mean that must not come again by itself. */
const AGENT_ENDS: Readonly<Record<number, string>> = {
  10: 'its credential was revoked. Restart Holdfast to enrol this host anew.',
  11: 'another agent came with its credential. End that one, then restart Holdfast.',
  12: 'the gateway speaks another version. Restart Holdfast.',
};

export const logFileOf = (logDir: string, name: OurName): string => join(logDir, `${name}.log`);

/** One of our own processes, in its own process group, ending with us even by kill -9. */
export function ourProcess({ name, env, runDir, logDir, stopGraceMs, output }: OurProcess): Supervisor<Child> {
  const start = () =>
    spawnChild({
      name,
      command: process.execPath,
      args: [...NODE_ARGS[name], MAIN, name, '--die-with-parent'],
      env: env(),
      runDir,
      logFile: logFileOf(logDir, name),
      diesWithParent: true,
      stopGraceMs,
    });
  const final = (exit: ChildExit) => (name === 'agent' ? (AGENT_ENDS[exit.code ?? 0] ?? null) : null);
  return new Supervisor({ name, start, output, final });
}
