import { copyFileSync, fchmodSync, mkdirSync, openSync, rmSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';

/** What grew beyond this becomes `.1`: two files bound the disk that a log can take. */
export interface LogBounds {
  readonly bytes: number;
  readonly lookEveryMs: number;
}
const BOUNDS: LogBounds = { bytes: 10 * 1024 * 1024, lookEveryMs: 2_000 };

interface LogFile {
  /** For the output of a child. */
  readonly fd: number;
  /** Ends the looking; the child has ended. */
  close(): void;
}

/**
 * The log of a child that writes into it by itself, held to its bounds while it runs: whoever reaches the API's port makes it
 * write, and a disk that is full stops PostgreSQL. The file stays the same one, because the child has it open; it is copied
 * and emptied, and what is written between the two is lost.
 */
export function openLogFile(file: string, bounds = BOUNDS): LogFile {
  mkdirSync(dirname(file), { recursive: true });
  const fd = openSync(file, 'a', 0o600);
  fchmodSync(fd, 0o600);
  keepSmall(file, bounds.bytes);
  const look = setInterval(() => keepSmall(file, bounds.bytes), bounds.lookEveryMs).unref();
  return { fd, close: () => clearInterval(look) };
}

function keepSmall(file: string, bytes: number): void {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) <= bytes) return;
  rmSync(`${file}.1`, { force: true });
  try {
    copyFileSync(file, `${file}.1`);
  } catch {
    // No room for a copy: then all the more it has to get smaller.
    rmSync(`${file}.1`, { force: true });
  }
  // The child's next line goes to the new end, because the file was opened for appending.
  truncateSync(file);
}
