import { refusePlan } from '../../../../domain/backup/plan-paths.ts';
import type { AttemptResult, ItemFailure } from '../../../../domain/jobs/outcome.ts';
import type { BackupWork } from '../../../../kinds/backup/backup.ts';
import type { BackupCode } from '../../../../kinds/backup/restic-outcomes.ts';
import type { Sources } from './sources.ts';

const MAX_FAILURES = 100;
/** As much as an outcome may carry in one reference. */
const MAX_REF_LENGTH = 1_000;

/** The end of a backup that is not even tried: what the plan says cannot be done as it is meant. */
export function refusedResult(work: Pick<BackupWork, 'paths' | 'excludes'>): AttemptResult | null {
  const refused = refusePlan(work.paths, work.excludes);
  if (refused === null) return null;
  const [, field, at] = refused.pointer.split('/');
  const item = (field === 'paths' ? work.paths : work.excludes)[Number(at)] ?? `${field} of the plan`;
  return endedWith('plan-refused', [{ code: 'not-understood', item, message: refused.message }]);
}

/** The end of a backup for which restic is not started, or null when there is something to save. */
export function withoutRestic(sources: Sources): AttemptResult | null {
  if (sources.own !== null) return endedWith('own-data', [sources.own]);
  if (sources.worthwhile) return null;
  const absent = sources.absent.map((item) => ({ code: 'path-missing', item, message: 'does not exist on the host' }));
  const failures = [...absent, ...sources.failures];
  const pathsEmpty = count(failures, 'path-empty');
  const code = pathsEmpty > 0 ? 'sources-empty' : 'all-paths-missing';
  return endedWith(code, failures, { pathsEmpty, pathsMissing: failures.length - pathsEmpty });
}

/** What restic came to, with what it was not asked to look at. */
export function withSources(result: AttemptResult, sources: Sources, withoutCache: boolean): AttemptResult {
  const { outcome } = result;
  const unreached = count(sources.failures, 'link-broken') + count(sources.failures, 'path-silent');
  const failures = [...sources.failures, ...result.failures].slice(0, MAX_FAILURES);
  const failureCount = result.failureCount + sources.failures.length;
  const counts = {
    ...outcome.counts,
    failures: failureCount,
    pathsMissing: (outcome.counts.pathsMissing ?? 0) + unreached,
    pathsEmpty: count(failures, 'path-empty'),
    pathsUnreadable: result.failures.filter(({ code, item }) => code !== 'path-missing' && sources.paths.includes(item))
      .length,
    linksNotFollowed: count(failures, 'link-not-followed'),
    ...(withoutCache && { withoutCache: 1 }),
  };
  const refs = { ...outcome.refs, ...refsOf(sources) };
  return { outcome: { code: coverCode(outcome.code, counts), counts, refs }, failures, failureCount };
}

const MADE_A_SNAPSHOT: readonly string[] = [
  'succeeded',
  'succeeded-without-summary',
  'partial',
  'some-path-missing',
] satisfies BackupCode[];

function coverCode(code: string, counts: Readonly<Record<string, number>>): string {
  if (!MADE_A_SNAPSHOT.includes(code)) return code;
  const has = (name: string) => (counts[name] ?? 0) > 0;
  const itemErrors =
    (counts.failures ?? 0) - (counts.pathsMissing ?? 0) - (counts.pathsEmpty ?? 0) - (counts.linksNotFollowed ?? 0);
  if (counts.filesProcessed === 0) return itemErrors > 0 ? 'nothing-readable' : 'nothing-saved';
  if (has('pathsUnreadable')) return 'some-path-unreadable';
  if (code === 'partial') return code;
  if (has('pathsMissing')) return 'some-path-missing';
  if (has('linksNotFollowed')) return 'link-not-followed';
  return has('pathsEmpty') ? 'some-path-empty' : code;
}

/** For the log, before restic says anything. */
export function wordsAbout({ followed, leftOut, failures, own }: Sources): string[] {
  return [
    ...followed.map((link) => `A path is a symbolic link, and what it leads to is backed up: ${link}`),
    ...leftOut.map(({ path, what }) => `Left out: ${path} (${what})`),
    ...[...failures, ...(own ? [own] : [])].map(({ item, message }) => `${item} ${message}`),
  ];
}

function refsOf({ followed, leftOut }: Sources): Record<string, string> {
  const ours = leftOut.map(({ path, what }) => `${path} (${what})`);
  return {
    ...(followed.length > 0 && { followed: listed(followed) }),
    ...(ours.length > 0 && { leftOut: listed(ours) }),
  };
}

/** As many as fit, and how many there are beside them. */
function listed(texts: readonly string[]): string {
  let fits = texts.length;
  const said = () => texts.slice(0, fits).join(', ') + (fits < texts.length ? ` and ${texts.length - fits} more` : '');
  while (fits > 1 && said().length > MAX_REF_LENGTH) fits--;
  return said().slice(0, MAX_REF_LENGTH);
}

const count = (failures: readonly ItemFailure[], code: string): number =>
  failures.filter((failure) => failure.code === code).length;

function endedWith(
  code: BackupCode,
  failures: readonly ItemFailure[],
  counts: Readonly<Record<string, number>> = {},
): AttemptResult {
  const outcome = { code, counts: { ...counts, failures: failures.length }, refs: {} };
  return { outcome, failures: failures.slice(0, MAX_FAILURES), failureCount: failures.length };
}
