import { ERRORS, type ErrorDefinition } from '../../catalog/errors.ts';
import { shellWord } from '../../domain/core/shell-word.ts';
import type { JobAnswer } from '../client/api-types.ts';
import type { ReceivedProblem } from './exit.ts';

type About = Pick<JobAnswer, 'id'> &
  Partial<Pick<JobAnswer, 'planId' | 'repositoryId'>> & { readonly host?: { readonly name: string } | null };

/** The advice of a job's outcome, with what it is about in the place of `JOB`, `PLAN`, `NAME` and `HOST`, so that it can be pasted. */
export function adviceFor({ id, planId, repositoryId, host }: About, text: string): string {
  const known: readonly (readonly [where: RegExp, what: string | null | undefined])[] = [
    [/(?<=^holdfast jobs \w+ )JOB\b/, id],
    [/(?<=^holdfast plans \w+ )PLAN\b/, planId],
    [/(?<=^holdfast repositories \w+ )NAME\b/, repositoryId],
    [/(?<= --host )HOST\b/, host?.name],
  ];
  const filled = (command: string) =>
    known.reduce((said, [where, what]) => (what ? said.replace(where, () => shellWord(what)) : said), command);
  return text.replace(/(?<=`)holdfast [^`]+(?=`)/g, filled);
}

const HELP: Readonly<Record<string, ErrorDefinition>> = ERRORS;

/** What to type about a refusal of the API; empty when its help is for who writes requests. */
export function problemAdvice({ code = '', detail = '', jobId }: ReceivedProblem): string {
  const help = Object.hasOwn(HELP, code) ? HELP[code]!.help : '';
  // A detail that names a command itself knows more.
  if (!help.includes('`holdfast ') || detail.includes('holdfast ')) return '';
  return adviceFor({ id: jobId ?? 'JOB' }, help);
}
