import { readdirSync, readFileSync } from 'node:fs';

/** A process, told apart from a later one that got the same number. */
export interface ProcessIdentity {
  pid: number;
  /** Clock ticks since boot at which it started: /proc/<pid>/stat field 22. */
  startTime: string;
}

function statFields(pid: number | string): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name (field 2) may hold spaces and brackets, so count from the last bracket: [0] is field 3.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/** Who has this number now; null when nobody, or only a zombie that waits to be reaped. */
export function identify(pid: number): ProcessIdentity | null {
  const fields = statFields(pid);
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return null;
  return { pid, startTime: fields[19] ?? '' };
}

export function isAlive(who: ProcessIdentity): boolean {
  return identify(who.pid)?.startTime === who.startTime;
}

/** Whether any process of the group still runs. kill(-pid, 0) is not enough: it also counts zombies. */
export function isGroupAlive(groupId: number): boolean {
  return readdirSync('/proc').some((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    const fields = statFields(entry);
    return fields !== null && fields[2] === String(groupId) && fields[0] !== 'Z' && fields[0] !== 'X';
  });
}

/** Sends a signal to a whole group; one that is gone already is no error. */
export function signalGroup(groupId: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-groupId, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** True as soon as `done` holds, false after `withinMs`. */
export async function waitUntil(done: () => boolean, withinMs: number, everyMs = 20): Promise<boolean> {
  const end = Date.now() + withinMs;
  while (!done()) {
    if (Date.now() >= end) return false;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  return true;
}
