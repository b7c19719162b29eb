import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildRecord } from './leftovers.ts';
import { isGroupAlive, signalGroup, waitUntil } from './process-identity.ts';

const POSTGRES_WITHIN_MS = 3_000;

/**
 * Ends every process that this run has started, at once. They are found by their pid files, so that one whose start is
 * still under way is among them. PostgreSQL is told to end without cleaning up: its sessions are groups of their own,
 * which it alone can end.
 */
export async function killAll(runDir: string): Promise<void> {
  const records = readdirSync(runDir)
    .filter((name) => name.endsWith('.pid'))
    .flatMap((name) => {
      try {
        const record = JSON.parse(readFileSync(join(runDir, name), 'utf8')) as ChildRecord;
        return record.parentPid === process.pid ? [{ file: join(runDir, name), record }] : [];
      } catch {
        return [];
      }
    });
  for (const { record } of records) signalGroup(record.pid, record.name === 'postgres' ? 'SIGQUIT' : 'SIGKILL');
  const allGone = () => records.every(({ record }) => !isGroupAlive(record.pid));
  if (!(await waitUntil(allGone, POSTGRES_WITHIN_MS)))
    for (const { record } of records) signalGroup(record.pid, 'SIGKILL');
  for (const { file } of records) rmSync(file, { force: true });
}
