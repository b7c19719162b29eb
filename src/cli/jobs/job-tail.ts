import type { Command } from 'commander';
import type { Schemas } from '../client/api-types.ts';
import { type Cli, openSession, type Session } from '../client/cli.ts';
import { adviceFor } from '../output/advice.ts';
import { CliError, EXIT, exitOfState } from '../output/exit.ts';
import { followJob, stateWords } from '../watch/follow.ts';
import { jobNext } from '../watch/show-job.ts';
import { count, jobId } from './arguments.ts';

const LINES = 20;
const OPEN: Schemas['JobState'][] = ['waiting', 'queued', 'running', 'paused', 'cancelling'];

/** The one line for "what is it doing?". */
export function jobTail(jobs: Command, cli: Cli): void {
  jobs
    .command('tail')
    .argument('[id]', 'id of the job; unless told, the newest that has not ended, else the newest')
    .option('--tail <n>', 'with how many of the last lines to begin', count, LINES)
    .description('watch a job: its log and progress as they come, until it has ended')
    .addHelpText(
      'after',
      '\nEnds with the exit code of the job. Ctrl-C ends the watching, not the job.\n\nExamples:\n  holdfast jobs tail\n  holdfast jobs tail job_... --output json | jq -r "select(.event == \\"line\\").data.text"',
    )
    .action(async (id: string | undefined, options: { tail: number }, command: Command) => {
      const session = openSession(cli, command);
      const last = await followJob(cli, session, id === undefined ? await newest(session) : jobId(id), options.tail);
      cli.exitCode = exitOfState(last.state) ?? EXIT.ok;
      const { sentence = '', next: advice = '' } = last.outcome ?? {};
      session.output.note([`${stateWords(last)}.`, sentence, adviceFor(last, advice)].filter(Boolean).join(' '));
      for (const next of jobNext(last)) session.output.note(`  ${next}`);
    });
}

async function newest({ client }: Session): Promise<string> {
  const [job] = [
    ...(await client.listUpTo(1, 'jobs', { state: OPEN })).items,
    ...(await client.listUpTo(1, 'jobs', {})).items,
  ];
  if (job) return job.id;
  throw new CliError(EXIT.usage, 'There are no jobs. Start one: holdfast jobs start noop --host local --follow');
}
