import type { Cli, Session } from './cli.ts';
import type { Answer } from './client.ts';
import { EXIT, exitOfState } from './exit.ts';
import { followJob } from './follow.ts';
import { showJob } from './show-job.ts';
import { waitForJob } from './wait.ts';

/** Shows a job that was started: as it is now, or as it ended when the command was told to wait for that or to show its log. */
export async function showToEnd(
  cli: Cli,
  session: Session,
  job: Answer,
  how: { readonly wait?: boolean; readonly follow?: boolean },
): Promise<Answer> {
  const { output } = session;
  if (how.follow) {
    const last = await followJob(cli, session, job.id);
    // For programs the last event is the result.
    if (output.format === 'table') showJob(output, last);
    cli.exitCode = exitOfState(last.state) ?? EXIT.ok;
    return last;
  }
  const last = how.wait ? await waitForJob(cli, session, job.id) : job;
  showJob(output, last);
  if (how.wait) cli.exitCode = exitOfState(last.state) ?? EXIT.ok;
  return last;
}
