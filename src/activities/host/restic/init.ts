import type { AttemptBody, AttemptContext } from '../../../agent/attempt/attempt-context.ts';
import { secretOf, workOf } from '../../../agent/attempt/work.ts';
import { InitWork } from '../../../kinds/backup/init-repository.ts';
import type { InitCode } from '../../../kinds/backup/restic-outcomes.ts';
import { initCommand, type RepositoryAccess, type ResticDeps } from './core/command.ts';
import { holdsRepositoryFiles, openRepository, recognise, type Seen } from './core/identity.ts';
import { endedAs, troubleOf } from './core/outcome.ts';
import { processOutput } from './core/process-output.ts';
import { ResticReading } from './core/reading.ts';

/** What restic says when a repository is there: the config file, or (no config but keys) the key. All versions exit 1. */
const THERE_ALREADY = /config file already exists|already initialized|already contains/i;

/** Makes the repository. restic itself refuses to make a second one, which leaves no gap between a look and the deed. */
export function initBody(deps: ResticDeps): AttemptBody {
  return async (context) => {
    const answer = await context.claim();
    const work = workOf(InitWork, answer);
    const access = { repositoryUrl: work.repositoryUrl, password: secretOf(answer, 'password') };
    if (work.mayMake === false) return foundAs(await recognise(context, deps, access, work.known));
    const reading = new ResticReading();
    const hadFiles = await holdsRepositoryFiles(access.repositoryUrl, context.signal);
    const end = hadFiles ? null : await context.run(initCommand(deps, access), processOutput(context, reading));
    if (end?.stopped) throw context.signal.reason;
    if (end?.exitCode === 0) {
      const refs = await idOfMade(context, deps, access, reading.resticId);
      return endedAs('initialised' satisfies InitCode, refs);
    }
    if (end !== null && !THERE_ALREADY.test(reading.lastMessage)) return endedAs(troubleOf(end, reading));
    const seen = await openRepository(context, deps, access);
    // It has keys, or files of its own, and yet no config: whoever made it anew would lose what is there.
    const noConfig = seen.trouble === 'repository-missing' || seen.trouble === 'repository-uninitialised';
    return foundAs(noConfig ? { trouble: 'repository-without-config' } : seen);
  };
}

/** It is made: neither a cancel nor a storage that fails from now on may end the job as if it were not. */
async function idOfMade(context: AttemptContext, deps: ResticDeps, access: RepositoryAccess, printed: string | null) {
  const seen = await openRepository(context, deps, access).catch(() => null);
  if (seen?.trouble === null) return seen.refs;
  return printed === null ? {} : { resticId: printed };
}

const foundAs = (seen: Seen) =>
  seen.trouble === null ? endedAs('already-initialised' satisfies InitCode, seen.refs) : endedAs(seen.trouble);
