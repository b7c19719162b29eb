import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine, Progress } from '../../src/domain/jobs/agent-protocol.ts';
import type { AttemptResult } from '../../src/domain/jobs/outcome.ts';

/** What a simulated attempt can do: say lines, show how far it is, and look whether it has to stop. */
export interface SimulatedAttempt {
  readonly signal: AbortSignal;
  say(stream: LogLine[1], text: string): void;
  progress(progress: Progress): void;
}

type Work = Record<string, unknown>;
const result = (code: string, counts = {}, refs = {}): AttemptResult => ({
  outcome: { code, counts, refs },
  failures: [],
  failureCount: 0,
});

/** Lines come spread over the time, as those of real programs. */
async function noop(work: Work, attempt: SimulatedAttempt): Promise<AttemptResult> {
  const { message = '', sleepMs = 0, logLines = 0 } = work as { message?: string; sleepMs?: number; logLines?: number };
  if (message !== '') attempt.say('out', message);
  const steps = Math.max(1, Math.min(logLines, Math.ceil(sleepMs / 500)));
  for (let step = 0, line = 0; step < steps; step++) {
    for (; line < Math.ceil(((step + 1) * logLines) / steps); line++)
      attempt.say('out', `line ${line + 1} of ${logLines}`);
    await sleep(sleepMs / steps, undefined, { signal: attempt.signal });
  }
  return result('succeeded', { logLines, sleptMs: sleepMs });
}

const BACKUP_MS = 8_000;
const FILES = 4_000;

/** Looks like a backup from outside: progress, a log, a snapshot id. Nothing is read and nothing is stored. */
async function backup(work: Work, attempt: SimulatedAttempt): Promise<AttemptResult> {
  const { paths = [] } = work as { paths?: string[] };
  const bytesTotal = FILES * 25_000;
  const steps = BACKUP_MS / 500;
  for (let step = 1; step <= steps; step++) {
    await sleep(500, undefined, { signal: attempt.signal });
    const fraction = step / steps;
    attempt.progress({
      fraction,
      bytesDone: Math.round(bytesTotal * fraction),
      bytesTotal,
      filesDone: Math.round(FILES * fraction),
      filesTotal: FILES,
      current: `${paths[0] ?? '/'}/file-${Math.round(FILES * fraction)}`,
      ratePerSecond: bytesTotal / (BACKUP_MS / 1000),
      etaSeconds: ((1 - fraction) * BACKUP_MS) / 1000,
    });
  }
  const snapshotId = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('hex');
  attempt.say('out', `snapshot ${snapshotId} saved`);
  return result('succeeded', { filesProcessed: FILES, bytesProcessed: bytesTotal }, { snapshotId });
}

const init = async (): Promise<AttemptResult> => result('initialised');

/** By the versioned names of the activities that are simulated; an agent says hello with these. */
export const SIMULATED: Readonly<Record<string, (work: Work, attempt: SimulatedAttempt) => Promise<AttemptResult>>> = {
  'noop.v1': noop,
  'restic.backup.v1': backup,
  'restic.init.v1': init,
};
