import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 50;
/** The kernel keeps so many letters of a program's name. */
const NAME_LETTERS = 15;

/**
 * Settles when no dead process of this name waits for its parent to collect it, or after the time; answers whether that
 * came true. Such a process counts as alive for whoever asks by its number: restic keeps the lock of one (a fast restart
 * found it 0.7 s after the kill). Where there is no /proc nothing is waited for.
 */
export async function untilCollected(program: string, limitMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs <= limitMs; waitedMs += LOOK_MS) {
    if (!(await anyDead(program.slice(0, NAME_LETTERS)))) return true;
    await sleep(LOOK_MS);
  }
  return false;
}

async function anyDead(name: string): Promise<boolean> {
  const pids = (await readdir('/proc').catch(() => [])).filter((entry) => /^\d+$/.test(entry));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return stats.some((stat) => stat.includes(`(${name}) Z `));
}
