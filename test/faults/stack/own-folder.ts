import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of the stack's own that PostgreSQL's account can pass. In memory: what is killed is processes, not machines. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'holdfast-faults-'));
  chmodSync(folder, 0o711);
  return folder;
}

/** Processes that carry a job's id in their environment and belong to the folder: pid, job id and what they are. */
export function jobProcesses(folder: string): { pid: number; jobId: string; command: string }[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      const jobId = environment.find((entry) => entry.startsWith('HOLDFAST_JOB_ID='))?.split('=')[1];
      if (jobId === undefined || !environment.some((entry) => entry.includes(folder))) return [];
      return [{ pid: Number(pid), jobId, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') }];
    } catch {
      // It ended while we looked, or is not ours to see.
      return [];
    }
  });
}
