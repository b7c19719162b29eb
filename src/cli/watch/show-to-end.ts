import type { JobAnswer } from '../client/api-types.ts';
import type { Cli, Session } from '../client/cli.ts';
import { EXIT, exitOfState } from '../output/exit.ts';
import { followJob } from './follow.ts';
import { showJob } from './show-job.ts';
import { waitForJob } from './wait.ts';

/** Shows a job that was started: as it is now, or as it ended when the command was told to wait for that or to show its log. */
export async function showToEnd(
  cli: Cli,
  session: Session,
  job: JobAnswer,
  how: { readonly wait?: boolean; readonly follow?: boolean },
): Promise<JobAnswer> {
  const { output } = session;
  if (how.follow) {
    const last = await followJob(cli, session, job.id);
    // Before anything is printed: a reader that went away changes nothing about how the job ended.
    cli.exitCode = exitOfState(last.state) ?? EXIT.ok;
    // For programs the last event is the result.
    if (output.format === 'table') showJob(output, last);
    return last;
  }
  const last = how.wait ? await waitForJob(cli, session, job.id) : job;
  if (how.wait) cli.exitCode = exitOfState(last.state) ?? EXIT.ok;
  showJob(output, last);
  return last;
}
