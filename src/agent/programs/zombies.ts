import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const CHECK_MS = 50;
/** The kernel keeps so many letters of a program's name. */
const NAME_LETTERS = 15;

/**
 * Settles when no dead process of these names waits for its parent to collect it, or after the time; returns whether that
 * came true. Such a process counts as alive for whoever asks by its number: restic keeps the lock of one (a fast restart
 * found it 0.7 s after the kill). Where there is no /proc nothing is waited for.
 */
export async function untilReaped(programs: readonly string[], limitMs: number): Promise<boolean> {
  const names = programs.map((program) => program.slice(0, NAME_LETTERS));
  for (let waitedMs = 0; waitedMs <= limitMs; waitedMs += CHECK_MS) {
    if (!(await anyDead(names))) return true;
    await sleep(CHECK_MS);
  }
  return false;
}

async function anyDead(names: readonly string[]): Promise<boolean> {
  const pids = (await readdir('/proc').catch(() => [])).filter((entry) => /^\d+$/.test(entry));
  return (await Promise.all(pids.map((pid) => isDead(pid, names)))).includes(true);
}

/** Dead, or so far on its way that its memory is gone: then its marks cannot be read any more either. */
async function isDead(pid: string, names: readonly string[]): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
  if (!names.includes(name)) return false;
  // Not to be read is not empty: it is another user's.
  return stat.includes(') Z ') || (await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => 'hidden')) === '';
}
