import type { Outcome, OutcomeDefinition } from '../../domain/jobs/outcome.ts';
import { plural } from '../core/plural.ts';

const ended = (
  state: 'partial' | 'failed',
  sentence: (outcome: Outcome) => string,
  next: string,
): OutcomeDefinition => ({ state, sentence: (outcome) => `${sentence(outcome)}${aside(outcome)}`, next });

const CORRECT = '`holdfast plans edit PLAN --path PATH`';
const CHANGE = '`holdfast plans edit PLAN --exclude PATTERN`';

/** How a backup ends that did not protect what its plan says. The failures name each path and what is the matter with it. */
export const COVER_OUTCOMES = {
  'nothing-saved': ended(
    'partial',
    () =>
      'The snapshot holds no file: there is none in the paths of the plan, or its excludes leave out all. It is no restore point.',
    `Mount what belongs there, or correct the paths (${CORRECT}) or the excludes (${CHANGE}) of the plan.`,
  ),
  'sources-empty': ended(
    'partial',
    ({ counts }) =>
      `Nothing was saved: ${plural(counts.pathsEmpty, 'path')} of the plan ${counts.pathsEmpty === 1 ? 'is an empty folder' : 'are empty folders'}. No snapshot was made, so one from before stays the newest.`,
    `Mount what belongs there, or correct the paths with ${CORRECT}.`,
  ),
  'everything-gone': ended(
    'partial',
    ({ counts }) =>
      `Nothing was saved, although the last restore point of the plan holds ${plural(counts.filesBefore, 'file')}. This is no restore point.`,
    `Look at the host whether something is not mounted, was moved or was deleted; restore it, or correct the paths with ${CORRECT}.`,
  ),
  'nothing-readable': ended(
    'failed',
    () => 'Nothing of the paths of the plan could be read.',
    `Let the account of the agent read them, or correct the paths with ${CORRECT}.`,
  ),
  'some-path-unreadable': ended(
    'partial',
    ({ counts }) =>
      `A snapshot was made, but nothing of ${plural(counts.pathsUnreadable, 'path')} of the plan could be read.`,
    `Look which they are: \`holdfast jobs show JOB\`. Let the account of the agent read them, or correct the paths with ${CORRECT}.`,
  ),
  'some-path-empty': ended(
    'partial',
    ({ counts }) =>
      `A snapshot was made, but ${plural(counts.pathsEmpty, 'path')} of the plan ${counts.pathsEmpty === 1 ? 'is an empty folder' : 'are empty folders'}.`,
    `Mount what belongs there, or correct the paths with ${CORRECT}.`,
  ),
  'link-not-followed': ended(
    'partial',
    () => 'A snapshot was made, but of a path that is a symbolic link only the link itself was saved.',
    `See where it leads: \`holdfast jobs show JOB\`. Name the folder there instead: ${CORRECT}.`,
  ),
  'plan-refused': ended(
    'failed',
    () => 'The plan cannot be backed up as it is: restic would not understand a path or an exclude as it is meant.',
    `See what it is: \`holdfast jobs show JOB\`. Correct it: ${CORRECT}, or ${CHANGE}.`,
  ),
  'own-data': ended(
    'failed',
    () => 'A path of the plan lies in the data folder of Holdfast or in the repository itself; nothing was backed up.',
    `See which it is: \`holdfast jobs show JOB\`. Take it out of the plan: ${CORRECT}.`,
  ),
  'command-too-long': ended(
    'failed',
    () => 'The paths and excludes of the plan are more than this host takes for one program.',
    `Give fewer or shorter ones (${CORRECT}, ${CHANGE}), or raise the limit of the agent's stack (ulimit -s).`,
  ),
} as const satisfies Record<string, OutcomeDefinition>;

/** Ends after which nothing can be restored that was not there before, though the job is no failure. */
export const SAVED_NOTHING: readonly string[] = [
  'nothing-saved',
  'sources-empty',
  'everything-gone',
] satisfies (keyof typeof COVER_OUTCOMES)[];

/** What else is to be known about what a backup covers. */
export function aside({ counts, refs }: Outcome): string {
  const followed = refs.followed === undefined ? '' : ` Links were followed: ${refs.followed}.`;
  const leftOut = refs.leftOut === undefined ? '' : ` Left out: ${refs.leftOut}.`;
  const cache = counts.withoutCache ? " It ran without restic's cache, whose disk is full." : '';
  return followed + leftOut + cache;
}
