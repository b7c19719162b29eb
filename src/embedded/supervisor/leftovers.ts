import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StartProblem } from '../../processes/place/start-problem.ts';
import { isAlive, isGroupAlive, signalGroup, waitUntil } from './process-identity.ts';

/** What a pid file says. The start times make it safe: a number that was given to another process never matches. */
export interface ChildRecord {
  name: string;
  pid: number;
  startTime: string;
  parentPid: number;
  parentStartTime: string;
  stopSignal: NodeJS.Signals;
  stopGraceMs: number;
}

function readRecords(runDir: string): { file: string; record: ChildRecord | null }[] {
  let names: string[];
  try {
    names = readdirSync(runDir).filter((name) => name.endsWith('.pid'));
  } catch {
    return [];
  }
  return names.map((name) => {
    const file = join(runDir, name);
    try {
      return { file, record: JSON.parse(readFileSync(file, 'utf8')) as ChildRecord };
    } catch {
      // Half a file: we were killed while writing it. It names nobody.
      return { file, record: null };
    }
  });
}

function refuseIfParentLives(runDir: string, record: ChildRecord): void {
  if (record.parentPid === process.pid) return;
  if (!isAlive({ pid: record.parentPid, startTime: record.parentStartTime })) return;
  throw new StartProblem(
    `Holdfast is running already with this data folder, as process ${record.parentPid}`,
    runDir,
    'Stop it first, or choose another folder with HOLDFAST_DATA.',
  );
}

/**
 * Ends the children of a former run that was killed, newest first, so that a database ends after its users.
 * Throws when that run is still alive: its children are not ours to end. Returns the names of those ended.
 */
export async function endLeftovers(runDir: string): Promise<string[]> {
  const found = readRecords(runDir);
  const living = found.flatMap(({ record }) => (record && isAlive(record) ? [record] : []));
  for (const record of living) refuseIfParentLives(runDir, record);
  const ended: string[] = [];
  for (const record of living.sort((a, b) => Number(b.startTime) - Number(a.startTime))) {
    // Our own children of this run are not left over.
    if (record.parentPid === process.pid && isAlive({ pid: process.pid, startTime: record.parentStartTime })) continue;
    signalGroup(record.pid, record.stopSignal);
    const gone = () => !isAlive(record) && !isGroupAlive(record.pid);
    if (!(await waitUntil(gone, record.stopGraceMs))) {
      signalGroup(record.pid, 'SIGKILL');
      await waitUntil(gone, 2_000);
    }
    ended.push(record.name);
  }
  for (const { file, record } of found) if (!record || !isAlive(record)) rmSync(file, { force: true });
  return ended;
}
