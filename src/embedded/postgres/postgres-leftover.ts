import { readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StartProblem } from '../../processes/place/start-problem.ts';
import { identify, isAlive, type ProcessIdentity, waitUntil } from '../supervisor/process-identity.ts';

/** The server that postmaster.pid names, if it lives and works in this very cluster; the number may belong to anybody by now. */
function livingServer(cluster: string): ProcessIdentity | null {
  let pid: number;
  try {
    pid = Math.abs(Number.parseInt(readFileSync(join(cluster, 'postmaster.pid'), 'utf8'), 10));
  } catch {
    return null;
  }
  const who = pid > 1 ? identify(pid) : null;
  if (!who) return null;
  try {
    // The server's working folder is its cluster.
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster) ? who : null;
  } catch {
    return null;
  }
}

/**
 * Ends a server that a killed run left behind: politely (sessions are ended, a checkpoint is written), else at once.
 * A pid file that names nobody of ours is removed: after a reboot in a container the same low number is often taken
 * by another process of the same user, and PostgreSQL would refuse to start.
 */
export async function endLeftoverPostgres(cluster: string): Promise<boolean> {
  const who = livingServer(cluster);
  if (!who) {
    rmSync(join(cluster, 'postmaster.pid'), { force: true });
    return false;
  }
  for (const [signal, graceMs] of [
    ['SIGINT', 6_000],
    ['SIGQUIT', 3_000],
    ['SIGKILL', 3_000],
  ] as const) {
    if (isAlive(who)) process.kill(who.pid, signal);
    if (await waitUntil(() => !isAlive(who), graceMs)) return true;
  }
  throw new StartProblem(
    `A PostgreSQL server of a former run does not end, process ${who.pid}`,
    cluster,
    `End it by hand (kill -9 ${who.pid}) and start again.`,
  );
}
