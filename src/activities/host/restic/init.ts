import type { AttemptResult } from '../../../domain/outcome.ts';
import { InitWork } from '../../../kinds/init-repository.ts';
import type { InitCode } from '../../../kinds/restic-outcomes.ts';
import type { AttemptBody, AttemptContext } from '../attempt-context.ts';
import { secretOf, workOf } from '../work.ts';
import { initCommand, openCommand, type RepositoryAccess, type ResticDeps } from './command.ts';
import { troubleOf } from './outcome.ts';
import { ResticReading } from './reading.ts';
import { listen } from './speak.ts';

/** What restic says when a repository is there: the config file, or (no config but keys) the key. All versions exit 1. */
const THERE_ALREADY = /config file already exists|already initialized|already contains/i;

/** Makes the repository. restic itself refuses to make a second one, which leaves no gap between a look and the deed. */
export function initBody(deps: ResticDeps): AttemptBody {
  return async (context) => {
    const answer = await context.claim();
    const access = { ...workOf(InitWork, answer), password: secretOf(answer, 'password') };
    const reading = new ResticReading();
    const end = await context.run(initCommand(deps, access), listen(context, reading));
    if (end.exitCode === 0) return result('initialised', reading.resticId ?? idInText(reading.document));
    if (end.stopped) throw context.signal.reason;
    if (THERE_ALREADY.test(reading.lastWords)) return await open(context, deps, access);
    return result(troubleOf(end, reading), null);
  };
}

async function open(context: AttemptContext, deps: ResticDeps, access: RepositoryAccess): Promise<AttemptResult> {
  const reading = new ResticReading();
  const end = await context.run(openCommand(deps, access), (_stream, line) => {
    reading.take({ type: 'text', text: line });
  });
  if (end.stopped) throw context.signal.reason;
  if (end.exitCode === 0) return result('already-initialised', idInText(reading.document));
  context.log(reading.document, 'err');
  return result(troubleOf(end, reading), null);
}

/** From the config as JSON (over several lines), or from 0.14's "created restic repository 0931f49ecd at ...". */
function idInText(text: string): string | null {
  return /"id": ?"([0-9a-f]+)"|created restic repository ([0-9a-f]+)/.exec(text)?.slice(1).find(Boolean) ?? null;
}

function result(code: InitCode, resticId: string | null): AttemptResult {
  const refs: Record<string, string> = resticId === null ? {} : { resticId };
  return { outcome: { code, counts: {}, refs }, failures: [], failureCount: 0 };
}
