import { getSystemErrorName } from 'node:util';
import type { Progress } from '../../../../domain/jobs/agent-protocol.ts';

/** A line of restic, understood as far as it can be. Whatever is not understood is text: nothing here ever throws. */
export type ResticMessage =
  | { readonly type: 'status'; readonly progress: Progress }
  | { readonly type: 'summary'; readonly counts: Record<string, number>; readonly snapshotId: string | null }
  | {
      readonly type: 'item-error';
      readonly item: string;
      readonly code: string;
      readonly message: string;
      readonly during: string;
    }
  | { readonly type: 'path-missing'; readonly path: string }
  | { readonly type: 'exit-error'; readonly message: string }
  | { readonly type: 'initialized'; readonly id: string | null }
  | { readonly type: 'text'; readonly text: string }
  /** A message of a newer restic, or one that nobody needs. */
  | { readonly type: 'other'; readonly text: string };

type Fields = Readonly<Record<string, unknown>>;

/** Where 0.14 to 0.19 put the figures of a backup; each of them may be missing. */
const SUMMARY_FIELDS = {
  filesNew: 'files_new',
  filesChanged: 'files_changed',
  filesUnmodified: 'files_unmodified',
  dirsNew: 'dirs_new',
  dirsChanged: 'dirs_changed',
  dirsUnmodified: 'dirs_unmodified',
  bytesAdded: 'data_added',
  bytesStored: 'data_added_packed',
  filesProcessed: 'total_files_processed',
  bytesProcessed: 'total_bytes_processed',
} as const;

/** Nearly always one. What was written without a line end stands in front of the next message, and hides nothing. */
export function decodeLines(line: string): ResticMessage[] {
  for (let at = line.indexOf(MESSAGE, 1); at > 0; at = line.indexOf(MESSAGE, at + 1)) {
    const message = line.slice(at);
    if (parseObject(message) !== null) return [...decodeLines(line.slice(0, at)), decodeLine(message)];
  }
  return [decodeLine(line)];
}

/** Inside a message it would be escaped. */
const MESSAGE = '{"message_type":"';

export function decodeLine(line: string): ResticMessage {
  const fields = parseObject(line);
  if (fields === null) return decodeText(line);
  switch (fields.message_type) {
    case 'status':
      // 0.14 sends "scan_finished" as a status without figures.
      return 'percent_done' in fields
        ? { type: 'status', progress: progressOf(fields) }
        : { type: 'other', text: line };
    case 'summary':
      return decodeSummary(fields);
    case 'error':
      return decodeItemError(fields);
    case 'exit_error':
      return { type: 'exit-error', message: text(fields.message) ?? 'no message' };
    case 'initialized':
      return { type: 'initialized', id: text(fields.id) };
    default:
      return { type: 'other', text: line };
  }
}

function decodeText(line: string): ResticMessage {
  const missing = /^(\/.*) does not exist, skipping$/.exec(line);
  return missing ? { type: 'path-missing', path: missing[1]! } : { type: 'text', text: line };
}

function decodeSummary(fields: Fields): ResticMessage {
  const counts: Record<string, number> = {};
  for (const [name, field] of Object.entries(SUMMARY_FIELDS)) {
    const value = number(fields[field]);
    if (value !== null) counts[name] = value;
  }
  const seconds = number(fields.total_duration);
  if (seconds !== null) counts.durationMs = Math.round(seconds * 1_000);
  return { type: 'summary', counts, snapshotId: text(fields.snapshot_id) };
}

/** Before 0.17.1 `error` is what Go made of the error: an errno without text, or nothing at all. */
function decodeItemError(fields: Fields): ResticMessage {
  const error = typeof fields.error === 'object' && fields.error !== null ? (fields.error as Fields) : {};
  const item = text(fields.item) ?? text(error.Path) ?? '(unknown)';
  const errno = errorName(number(error.Err));
  const message =
    text(error.message) ?? text(fields.error) ?? (errno === null ? 'could not be read' : `${text(error.Op)}: ${errno}`);
  return { type: 'item-error', item, code: itemCode(errno ?? message), message, during: text(fields.during) ?? '' };
}

function itemCode(reason: string): string {
  if (/ENAMETOOLONG|file name too long/i.test(reason)) return 'name-too-long';
  if (/ESTALE|stale (nfs )?file handle|ENOTCONN|transport endpoint is not connected/i.test(reason)) return 'mount-dead';
  if (/EACCES|EPERM|permission denied|operation not permitted/i.test(reason)) return 'permission-denied';
  if (/ENOENT|no such file/i.test(reason)) return 'vanished';
  if (/EIO|input\/output error/i.test(reason)) return 'read-error';
  return 'unreadable';
}

function progressOf(fields: Fields): Progress {
  const bytesDone = number(fields.bytes_done) ?? 0;
  const bytesTotal = number(fields.total_bytes) ?? 0;
  const elapsed = number(fields.seconds_elapsed) ?? 0;
  const files = Array.isArray(fields.current_files) ? fields.current_files : [];
  const fraction = number(fields.percent_done);
  return {
    // The share of nothing is not known: before the scan has found anything the total is missing.
    fraction: bytesTotal === 0 || fraction === null ? null : Math.min(1, Math.max(0, fraction)),
    bytesDone,
    bytesTotal,
    filesDone: number(fields.files_done) ?? 0,
    filesTotal: number(fields.total_files) ?? 0,
    current: text(files[0]),
    ratePerSecond: elapsed > 0 ? bytesDone / elapsed : null,
    etaSeconds: number(fields.seconds_remaining),
  };
}

function parseObject(line: string): Fields | null {
  if (!line.startsWith('{')) return null;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    return null;
  }
}

function errorName(errno: number | null): string | null {
  if (errno === null || !Number.isInteger(errno) || errno <= 0) return null;
  const name = getSystemErrorName(-errno);
  return name.startsWith('E') ? name : `errno ${errno}`;
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null;
