import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptContext, LineHandler } from '../../../../agent/attempt/attempt-context.ts';
import { withTimeout } from '../../../../agent/programs/with-timeout.ts';
import type { KnownRepository } from '../../../../kinds/backup/known-repository.ts';
import type { TroubleCode } from '../../../../kinds/backup/restic-outcomes.ts';
import { openCommand, type RepositoryAccess, type ResticDeps } from './command.ts';
import { troubleInWords, troubleOf } from './outcome.ts';
import { processOutput } from './process-output.ts';
import { ResticReading } from './reading.ts';
import { StallGuard } from './stall.ts';

/** Either what stands in the way, or what was learnt of the repository that is there. */
export type Seen =
  | { readonly trouble: null; readonly refs: Readonly<Record<string, string>> }
  | { readonly trouble: TroubleCode };

/** restic from 0.17 on gives a dead storage up after a quarter of an hour; older ones, and ssh, wait for ever. */
const LOOK_LIMIT_MS = 20 * 60_000;

const NOTHING_KNOWN: KnownRepository = { resticId: null, configDigest: null, wasReady: false };
/** Folders of a repository that have no file before it was made. */
const FOLDERS_WITH_FILES = ['keys', 'snapshots', 'index'];

/**
 * Is the repository at the address the one that the row knows? Asked before anything is written there. In a folder the
 * config file's bytes answer it: they are never written again, and no other repository has the same. Else restic opens
 * the repository for it and reads the id, which takes a key derivation (docs/adr/022-repository-identity.md).
 */
export async function recognise(
  context: AttemptContext,
  deps: ResticDeps,
  access: RepositoryAccess,
  known: KnownRepository = NOTHING_KNOWN,
  limitMs?: number,
): Promise<Seen> {
  const digest = await configDigest(access.repositoryUrl, context.signal);
  if (digest !== null && digest === known.configDigest) return { trouble: null, refs: {} };
  const seen = await openRepository(context, deps, access, known, limitMs);
  if (seen.trouble !== null || isKnown(seen.refs.resticId, known)) return seen;
  context.log(`The repository there has the id ${seen.refs.resticId}; the one that is known has ${known.resticId}.`);
  return { trouble: 'repository-changed' };
}

/** Opens the repository with its password and learns its id, without a lock. */
export async function openRepository(
  context: AttemptContext,
  deps: ResticDeps,
  access: RepositoryAccess,
  known: KnownRepository = NOTHING_KNOWN,
  limitMs = LOOK_LIMIT_MS,
): Promise<Seen> {
  const reading = new ResticReading();
  let config = '';
  const guard = new StallGuard({ stallMs: limitMs, hopelessMs: limitMs });
  const words = processOutput(context, reading, guard);
  const onLine: LineHandler = (stream, line, cut) => {
    if (stream === 'out') config += line.slice(0, 1_000);
    else words(stream, line, cut);
  };
  const end = await context.run(openCommand(deps, access), onLine, guard.signal).finally(() => guard.end());
  context.note(null);
  if (end.stopped) {
    context.signal.throwIfAborted();
    return { trouble: troubleInWords(guard.words) ?? 'repository-unreachable' };
  }
  if (end.exitCode !== 0)
    return { trouble: await precisely(context, troubleOf(end, reading), access.repositoryUrl, known.wasReady) };
  const resticId = /"id": ?"([0-9a-f]{64})"/.exec(config)?.[1];
  const digest = await configDigest(access.repositoryUrl, context.signal);
  const refs = { ...(resticId && { resticId }), ...(digest && { configDigest: digest }) };
  return { trouble: null, refs };
}

/** Releases that printed a short id left such a one behind; an id that could not be read proves nothing. */
const isKnown = (resticId: string | undefined, { resticId: known }: KnownRepository): boolean =>
  known === null || resticId === undefined || resticId === known;

/** That there is no repository, in the words that fit: never made, gone, or without the file that says so. */
async function precisely(
  { signal }: AttemptContext,
  trouble: TroubleCode,
  url: string,
  wasReady: boolean,
): Promise<TroubleCode> {
  if (trouble !== 'repository-missing') return trouble;
  if (await holdsRepositoryFiles(url, signal)) return 'repository-without-config';
  return wasReady ? 'repository-missing' : 'repository-uninitialised';
}

/** Only for a repository in a folder of this host; of others this is not known. */
export async function holdsRepositoryFiles(url: string, signal: AbortSignal): Promise<boolean> {
  if (!url.startsWith('/')) return false;
  const filesIn = (name: string) => readdir(join(url, name)).catch(() => []);
  const names = await withTimeout<string[][]>(url, () => Promise.all(FOLDERS_WITH_FILES.map(filesIn)), [], signal);
  return names.some((files) => files.length > 0);
}

async function configDigest(url: string, signal: AbortSignal): Promise<string | null> {
  if (!url.startsWith('/')) return null;
  const config = await withTimeout(url, () => readFile(join(url, 'config')).catch(() => null), null, signal);
  return config === null ? null : createHash('sha256').update(config).digest('hex');
}
