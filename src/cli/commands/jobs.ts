import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Cli, openSession } from '../cli.ts';
import type { Answer, ApiClient } from '../client.ts';
import { CliError, EXIT, exitOfState } from '../exit.ts';
import { find } from '../find.ts';
import { showJob } from '../show-job.ts';
import { waitForJob } from '../wait.ts';
import { jobLogs } from './job-logs.ts';

interface StartOptions {
  host?: string;
  plan?: string;
  repository?: string;
  param: Record<string, string>;
  wait?: boolean;
  ifBusy?: string;
}

function collectParam(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Give it as name=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

export const count = (text: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Give a number from 1.');
  return Number(text);
};

export function registerJobs(program: Command, cli: Cli): void {
  const jobs = program.command('jobs').description('start, watch and cancel jobs');
  jobs
    .command('start')
    .argument('<kind>', 'what to do; "holdfast jobs kinds" lists them')
    .option('--host <name|id>', 'the host to do it on')
    .option('--plan <name|id>', 'the plan it is about')
    .option('--repository <name|id>', 'the repository it is about')
    .option('--param <name=value>', 'a parameter of the kind; can be repeated', collectParam, {})
    .addOption(new Option('--if-busy <way>', 'what to do when the host is busy').choices(['queue', 'refuse']))
    .option('--wait', 'wait for the end, and end with its exit code')
    .description('start a job')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast jobs start noop --host local --wait\n  holdfast jobs start backup --plan etc --wait',
    )
    .action((kind: string, options: StartOptions, command: Command) => start(cli, kind, options, command));
  registerLooking(jobs, cli);
}

function registerLooking(jobs: Command, cli: Cli): void {
  jobs
    .command('list')
    .option('--state <state...>', 'only in these states')
    .option('--kind <kind>', 'only of this kind')
    .option('--host <name|id>', 'only of this host')
    .option('--limit <n>', 'how many at most', count, 20)
    .description('list jobs, newest first')
    .action((options: ListOptions, command: Command) => list(cli, options, command));
  jobs
    .command('show')
    .argument('<id>', 'id of the job')
    .description('show one job')
    .action(async (id: string, _options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      showJob(output, await client.get(`jobs/${jobId(id)}`));
    });
  jobLogs(jobs, cli);
  jobs
    .command('cancel')
    .argument('<id>', 'id of the job')
    .option('--reason <text>', 'why; shown with the job')
    .option('--wait', 'wait until it has ended')
    .description('cancel a job')
    .action((id: string, options: { reason?: string; wait?: boolean }, command: Command) =>
      cancel(cli, id, options, command),
    );
  jobs
    .command('kinds')
    .description('list the kinds of jobs')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      const columns = [
        ['KIND', (k: Answer) => k.key],
        ['TARGET', (k: Answer) => k.target],
        ['WHAT', (k: Answer) => k.description],
      ] as const;
      output.list((await client.get('job-kinds')).items, columns, 'There are no kinds.');
    });
}

/** Checked here, so that a typing error is no request to another address. */
export function jobId(text: string): string {
  if (!/^job_[0-9a-z]{26}$/.test(text)) throw new CliError(EXIT.usage, `"${text}" is not the id of a job (job_...).`);
  return text;
}

async function start(cli: Cli, kind: string, options: StartOptions, command: Command): Promise<void> {
  const session = openSession(cli, command);
  const { client, output } = session;
  const host = options.host === undefined ? null : await find(client, 'host', options.host);
  const params: Record<string, unknown> = await typedParams(client, kind, options.param);
  const within: Record<string, string> = host ? { hostId: host.id } : {};
  if (options.plan !== undefined) params.planId = (await find(client, 'plan', options.plan, within)).id;
  if (options.repository !== undefined) params.repositoryId = (await find(client, 'repository', options.repository)).id;
  const body = {
    kind,
    params,
    // A plan names its host itself; --host then only says which plan of that name is meant.
    ...(host && options.plan === undefined ? { target: { hostId: host.id } } : {}),
    ...(options.ifBusy === undefined ? {} : { ifBusy: options.ifBusy }),
  };
  const job = await client.post('jobs', body, { creates: true });
  const last = options.wait ? await waitForJob(cli, session, job.id) : job;
  showJob(output, last);
  if (options.wait) cli.exitCode = exitOfState(last.state) ?? EXIT.ok;
}

/** Parameters from the command line are text; the kind says which of them are numbers. */
async function typedParams(
  client: ApiClient,
  kind: string,
  texts: Record<string, string>,
): Promise<Record<string, unknown>> {
  if (Object.keys(texts).length === 0) return {};
  const { items } = await client.get('job-kinds');
  const properties = items.find((k: Answer) => k.key === kind)?.params.properties ?? {};
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, typed(properties[name]?.type, text)]));
}

function typed(type: string | undefined, text: string): unknown {
  if ((type === 'integer' || type === 'number') && text.trim() !== '' && Number.isFinite(Number(text)))
    return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

interface ListOptions {
  state?: string[];
  kind?: string;
  host?: string;
  limit: number;
}

async function list(cli: Cli, options: ListOptions, command: Command): Promise<void> {
  const { client, output } = openSession(cli, command);
  const host = options.host === undefined ? null : await find(client, 'host', options.host);
  const states = (options.state ?? []).map((state) => `&state=${encodeURIComponent(state)}`).join('');
  const items = await client.list('jobs', { kind: options.kind, hostId: host?.id }, options.limit, states);
  output.list(
    items,
    [
      ['JOB', (j: Answer) => j.id],
      ['STATE', (j: Answer) => j.state],
      ['WHAT', (j: Answer) => j.title],
      ['ACCEPTED', (j: Answer) => output.time(j.times.acceptedAt)],
      ['WHY', (j: Answer) => j.outcome?.sentence ?? j.waitsFor ?? ''],
    ],
    'There are no jobs. Start one: holdfast jobs start noop --host local --wait',
  );
}

async function cancel(
  cli: Cli,
  id: string,
  options: { reason?: string; wait?: boolean },
  command: Command,
): Promise<void> {
  const session = openSession(cli, command);
  const body = options.reason === undefined ? {} : { reason: options.reason };
  const job = await session.client.post(`jobs/${jobId(id)}/cancel`, body);
  showJob(session.output, options.wait ? await waitForJob(cli, session, job.id) : job);
}
