import { type Command, Option } from 'commander';
import { JOB_STATES } from '../../domain/jobs/job-state.ts';
import type { JobAnswer, Schemas } from '../client/api-types.ts';
import { type Cli, openSession } from '../client/cli.ts';
import type { ApiClient } from '../client/client.ts';
import { find } from '../client/find.ts';
import { CliError, EXIT } from '../output/exit.ts';
import { none } from '../output/none.ts';
import { showJob } from '../watch/show-job.ts';
import { waitForJob } from '../watch/wait.ts';
import { count, jobId } from './arguments.ts';
import { jobAgain } from './job-again.ts';
import { jobLogs } from './job-logs.ts';
import { jobStart } from './job-start.ts';
import { jobTail } from './job-tail.ts';

const RUN_URL_WITHIN_MS = 1_000;

export function registerJobs(program: Command, cli: Cli): void {
  const jobs = program
    .command('jobs')
    .description('start, watch and cancel jobs')
    .addHelpText('after', '\nExample:\n  holdfast jobs tail');
  jobStart(jobs, cli);
  jobAgain(jobs, cli);
  registerLooking(jobs, cli);
}

function registerLooking(jobs: Command, cli: Cli): void {
  jobs
    .command('list')
    .addOption(new Option('--state <state...>', 'only in these states').choices(JOB_STATES))
    .option('--kind <kind>', 'only of this kind')
    .option('--host <name|id>', 'only of this host')
    .option('--limit <n>', 'how many at most', count, 20)
    .description('list jobs, newest first')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast jobs list --state failed partial --host local\n  holdfast jobs list --output json',
    )
    .action((options: ListOptions, command: Command) => list(cli, options, command));
  jobs
    .command('show')
    .argument('<id>', 'id of the job')
    .description('show one job')
    .addHelpText('after', '\nExample:\n  holdfast jobs show job_...')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      const [job, url] = await Promise.all([client.get(`jobs/${jobId(id)}`), runUrl(client, id)]);
      showJob(output, job, url);
    });
  jobLogs(jobs, cli);
  jobTail(jobs, cli);
  jobs
    .command('cancel')
    .argument('<id>', 'id of the job')
    .option('--reason <text>', 'why; shown with the job')
    .option('--wait', 'wait until its process is gone and it has ended')
    .description('cancel a job')
    .addHelpText('after', '\nExample:\n  holdfast jobs cancel job_... --reason "wrong folder" --wait')
    .action((id: string, options: { reason?: string; wait?: boolean }, command: Command) =>
      cancel(cli, id, options, command),
    );
  jobs
    .command('kinds')
    .description('list the kinds of jobs')
    .addHelpText('after', '\nExample:\n  holdfast jobs kinds')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      const columns = [
        ['KIND', (k: Schemas['JobKind']) => k.key],
        ['TARGET', (k: Schemas['JobKind']) => k.target],
        ['WHAT', (k: Schemas['JobKind']) => k.description],
      ] as const;
      output.list((await client.get('job-kinds')).items, columns, 'There are no kinds.');
    });
}

/** The page of its run in Temporal's UI. None while Temporal does not answer: the job itself is not to wait for that. */
async function runUrl(client: ApiClient, id: string): Promise<string | null> {
  try {
    const parts = await client.open(`jobs/${id}/engine`, {}, AbortSignal.timeout(RUN_URL_WITHIN_MS));
    const { runId, url } = (await new Response(ReadableStream.from(parts)).json()) as Schemas['JobEngine'];
    return runId === null ? null : url;
  } catch {
    return null;
  }
}

interface ListOptions {
  state?: Schemas['JobState'][];
  kind?: string;
  host?: string;
  limit: number;
}

async function list(cli: Cli, options: ListOptions, command: Command): Promise<void> {
  const { client, output } = openSession(cli, command);
  const host = options.host === undefined ? null : await find(client, 'host', options.host);
  const query = { state: options.state, kind: options.kind, hostId: host?.id };
  const { items, cut } = await client.listUpTo(options.limit, 'jobs', query);
  output.list(
    items,
    [
      ['JOB', (j: JobAnswer) => j.id],
      ['STATE', (j: JobAnswer) => j.state],
      ['WHAT', (j: JobAnswer) => j.title],
      ['ACCEPTED', (j: JobAnswer) => output.time(j.times.acceptedAt), (j: JobAnswer) => output.ago(j.times.acceptedAt)],
      ['WHY', (j: JobAnswer) => j.outcome?.sentence ?? j.waitsFor ?? ''],
    ],
    none('jobs', 'Start one: holdfast jobs start noop --host local --wait', {
      'in state': options.state?.join(' or '),
      'of kind': options.kind,
      'of host': host?.name,
    }),
  );
  if (cut) output.note(`There are more. These are the newest ${items.length}; --limit ${items.length * 5} shows more.`);
}

async function cancel(
  cli: Cli,
  id: string,
  options: { reason?: string; wait?: boolean },
  command: Command,
): Promise<void> {
  const session = openSession(cli, command);
  const body = options.reason === undefined ? {} : { reason: options.reason };
  const job = await session.client.post(`jobs/${jobId(id)}/cancel`, body).catch(sayItHasEnded);
  const last = options.wait ? await waitForJob(cli, session, job.id) : job;
  // To be cancelled is what was wanted, so this is no failure of the job; but another end came first.
  const missed = options.wait === true && last.state !== 'cancelled';
  if (missed) cli.exitCode = EXIT.notCancelled;
  showJob(session.output, last);
  if (missed) session.output.note(`The job was not cancelled: it ended as ${last.state} before.`);
}

function sayItHasEnded(thrown: unknown): never {
  if (!(thrown instanceof CliError) || thrown.problem.code !== 'job-already-finished') throw thrown;
  throw new CliError(EXIT.notCancelled, thrown.message, { problem: thrown.problem });
}
