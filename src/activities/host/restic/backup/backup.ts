import type { AttemptBody, AttemptContext, LineHandler } from '../../../../agent/attempt/attempt-context.ts';
import { secretOf, workOf } from '../../../../agent/attempt/work.ts';
import { withTimeout } from '../../../../agent/programs/with-timeout.ts';
import { BackupWork } from '../../../../kinds/backup/backup.ts';
import { CacheGuard, cacheFolder, isCacheFull } from '../core/cache-space.ts';
import { type BackupOptions, backupCommand, type RepositoryAccess, type ResticDeps } from '../core/command.ts';
import { recognise } from '../core/identity.ts';
import { backupResult, endedAs, leftALock, madeSnapshot, troubleInWords } from '../core/outcome.ts';
import { processOutput } from '../core/process-output.ts';
import { ResticReading } from '../core/reading.ts';
import { STALL_LIMITS, StallGuard } from '../core/stall.ts';
import { withLock } from '../locks/describe-lock.ts';
import { LOCK_RETRY_MS, retryWhileLocked } from '../locks/lock-retry.ts';
import { unlockStale } from '../locks/unlock.ts';
import { refusedResult, withoutRestic, withSources, wordsAbout } from './covered.ts';
import { explainFailures } from './explain-failures.ts';
import { readSources } from './sources.ts';

/** One restic process per backup where the repository is a folder: a look at it would cost a key derivation (0.2-0.7 s). */
export function backupBody(deps: ResticDeps, options: BackupOptions = {}): AttemptBody {
  return async (context) => {
    const answer = await context.claim();
    const work = workOf(BackupWork, answer);
    const refused = refusedResult(work);
    if (refused !== null) return refused;
    const sources = await readSources(work, [deps.dataDir, ...deps.ownFolders], context.signal);
    for (const line of wordsAbout(sources)) context.log(line);
    const access = { repositoryUrl: work.repositoryUrl, password: secretOf(answer, 'password') };
    const seen = await recognise(context, deps, access, work.known, options.lookLimitMs);
    if (seen.trouble !== null) return endedAs(seen.trouble);
    const nothing = withoutRestic(sources);
    if (nothing !== null) return nothing;
    const given = { ...work, paths: [...sources.paths], excludes: [...work.excludes, ...sources.excludes] };
    const { end, reading, stalled, words, lock, withoutCache } = await retryWhileLocked(
      context,
      access.repositoryUrl,
      options.lockRetryMs ?? LOCK_RETRY_MS,
      () => pastFullCache(context, deps, access, given, options),
    );
    if (end.stopped && !madeSnapshot(end, reading) && context.signal.aborted) throw context.signal.reason;
    if (stalled && !madeSnapshot(end, reading))
      return endedAs(troubleInWords(words) ?? 'repository-stalled', seen.refs);
    const result = withSources(withLock(backupResult(end, reading, seen.refs), lock), sources, withoutCache);
    return {
      ...result,
      failures: await withTimeout('failures', () => explainFailures(result.failures), [...result.failures], null),
    };
  };
}

/** Without its cache restic is slower, and works: a full disk there does not keep anything from being saved. */
async function pastFullCache(
  context: AttemptContext,
  deps: ResticDeps,
  access: RepositoryAccess,
  work: BackupWork,
  options: BackupOptions,
) {
  let withoutCache = await isCacheFull(deps.dataDir);
  for (;;) {
    if (withoutCache) context.log(`The disk of ${cacheFolder(deps.dataDir)} is full: restic runs without its cache.`);
    const ran = await runBackup(context, deps, access, work, { ...options, withoutCache });
    if (!ran.cacheFull || withoutCache || context.signal.aborted || madeSnapshot(ran.end, ran.reading))
      return { ...ran, withoutCache };
    withoutCache = true;
  }
}

async function runBackup(
  context: AttemptContext,
  deps: ResticDeps,
  access: RepositoryAccess,
  work: BackupWork,
  options: BackupOptions,
) {
  const reading = new ResticReading();
  const guard = new StallGuard(options.stallLimits ?? STALL_LIMITS);
  const cache = new CacheGuard(deps.dataDir);
  const words = processOutput(context, reading, guard);
  const onLine: LineHandler = (stream, line, cut) => {
    cache.heard(line);
    words(stream, line, cut);
  };
  const end = await context
    .run(backupCommand(deps, access, work, options), onLine, AbortSignal.any([guard.signal, cache.signal]))
    .finally(() => guard.end());
  if (leftALock(end)) await unlockStale(context, deps, access);
  return { end, reading, stalled: guard.signal.aborted, words: guard.words, cacheFull: cache.signal.aborted };
}
