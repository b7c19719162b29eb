import { readdir, readFile, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostActivityInput } from '../../domain/jobs/agent-protocol.ts';
import type { ProgramStop } from '../../kinds/core/define-kind.ts';

export interface Orphan {
  readonly pid: number;
  readonly stop: ProgramStop;
}

const CHECK_MS = 50;
/** A process that is still there so long after SIGKILL hangs in the kernel, on a dead network drive for example. */
const KILL_WAIT_MS = 10_000;
/** Above the longest grace of any kind (72 s): what stands in an environment is believed up to here. */
const LONGEST_GRACE_MS = 90_000;
/** What makes new processes faster than they are ended is given up after so long. */
const LONGEST_STOP_MS = LONGEST_GRACE_MS + 2 * KILL_WAIT_MS;

/**
 * What each program of a job carries in its environment, so that it is found when its agent was killed. The agent's mark is
 * random and in a file that only its own account reads: any user may start a program of root's (one with the set-uid bit)
 * with an environment of his choice, and such a process kept an agent from ever becoming ready.
 */
export function marksOf(agentMark: string, input: HostActivityInput, stop: ProgramStop): Record<string, string> {
  return {
    HOLDFAST_AGENT_MARK: agentMark,
    HOLDFAST_JOB_ID: input.jobId,
    HOLDFAST_ATTEMPT: attemptOf(input),
    HOLDFAST_STOP: `${stop.signal}:${stop.graceMs}`,
  };
}

/** The programs of this agent's jobs, or of one of them, with their children. Where there is no /proc there are none to find. */
export function findOrphans(agentMark: string, jobId: string | null): Promise<Orphan[]> {
  return find(agentMark, jobId === null ? null : ['HOLDFAST_JOB_ID', jobId]);
}

/** What the programs of an attempt left behind in other process groups than their own; it gets no grace. */
export async function findEscapedOrphans(agentMark: string, input: HostActivityInput): Promise<Orphan[]> {
  const found = await find(agentMark, ['HOLDFAST_ATTEMPT', attemptOf(input)]);
  return found.map(({ pid }) => ({ pid, stop: { signal: 'SIGTERM', graceMs: 0 } }));
}

const attemptOf = ({ jobId, runNo, attempt }: HostActivityInput): string => `${jobId}/${runNo}/${attempt}`;

type Mark = readonly [name: string, value: string];

async function find(agentMark: string, mark: Mark | null): Promise<Orphan[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => readProgram(pid, agentMark, mark)));
  return found.filter((one) => one !== null);
}

async function readProgram(pid: string, agentMark: string, mark: Mark | null): Promise<Orphan | null> {
  // Gone meanwhile, of another user, or dead and not yet collected: its environment is empty then.
  const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
  if (!text.includes(`HOLDFAST_AGENT_MARK=${agentMark}`) || !(await isOurs(pid))) return null;
  const marks = new Map(text.split('\0').map((pair) => [pair.split('=', 1)[0], pair.slice(pair.indexOf('=') + 1)]));
  if (marks.get('HOLDFAST_AGENT_MARK') !== agentMark) return null;
  if (mark !== null && marks.get(mark[0]) !== mark[1]) return null;
  const [signal, grace] = (marks.get('HOLDFAST_STOP') ?? '').split(':');
  return {
    pid: Number(pid),
    stop: {
      signal: signal === 'SIGINT' ? 'SIGINT' : 'SIGTERM',
      graceMs: Math.min(Math.max(0, Number(grace) || 0), LONGEST_GRACE_MS),
    },
  };
}

/** Does it run under our account? We start nothing under another one. */
async function isOurs(pid: string): Promise<boolean> {
  const about = await stat(`/proc/${pid}`).catch(() => null);
  return about !== null && about.uid === process.geteuid?.();
}

/** What became of the programs that were still there. */
interface StoppedOrphans {
  readonly found: number;
  /** They did not end within their grace. */
  readonly killed: number;
}

/** Ends by their stop protocol what `find` finds, until it finds nothing. Throws when something cannot be killed, or new ones keep coming. */
export async function stopOrphans(
  find: () => Promise<readonly Orphan[]>,
  longestMs = LONGEST_STOP_MS,
): Promise<StoppedOrphans> {
  const seen = new Map<number, { waitedMs: number; killed: boolean }>();
  for (let waitedMs = 0; ; waitedMs += CHECK_MS) {
    const left = await find();
    if (left.length === 0) break;
    if (waitedMs > longestMs)
      throw new Error(`${left.length} processes are there after ${waitedMs} ms, new ones keep coming`);
    for (const { pid, stop } of left) {
      const one = seen.get(pid) ?? { waitedMs: 0, killed: false };
      if (!seen.has(pid)) send(pid, stop.signal);
      else one.waitedMs += CHECK_MS;
      if (one.waitedMs > stop.graceMs + KILL_WAIT_MS) throw new Error(`process ${pid} cannot be killed`);
      if (one.waitedMs >= stop.graceMs && !one.killed) {
        one.killed = true;
        send(pid, 'SIGKILL');
      }
      seen.set(pid, one);
    }
    await sleep(CHECK_MS);
  }
  return { found: seen.size, killed: [...seen.values()].filter((one) => one.killed).length };
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself meanwhile.
  }
}
