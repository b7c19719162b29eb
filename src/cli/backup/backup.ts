import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { HostAnswer, PlanAnswer, RepositoryAnswer } from '../client/api-types.ts';
import { type Cli, openSession, type Session } from '../client/cli.ts';
import { find, lookFor } from '../client/find.ts';
import { adviceFor } from '../output/advice.ts';
import { CliError, EXIT, exitOfState } from '../output/exit.ts';
import { showToEnd } from '../watch/show-to-end.ts';
import { waitForJob } from '../watch/wait.ts';
import { keepPassword } from './repository-password.ts';

interface NowOptions {
  host: string;
  repository?: string;
  wait: boolean;
  follow?: boolean;
}

export function registerBackup(program: Command, cli: Cli): void {
  const backup = program
    .command('backup')
    .description('back up folders')
    .addHelpText('after', '\nExample:\n  holdfast backup now /etc');
  backup
    .command('now')
    .argument('<path>', 'the folder; relative to here when the host is this machine')
    .option('--host <name|id>', 'the host whose folder it is', 'local')
    .option('--repository <name|id>', 'where it goes; unless told, a repository in the data folder')
    .option('--follow', 'show its log meanwhile')
    .option('--no-wait', 'do not wait for the end')
    .description('back up a folder now, making what is missing for that')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast backup now /etc\n  holdfast backup now /srv/data --host db-1 --repository main',
    )
    .action((path: string, options: NowOptions, command: Command) => now(cli, path, options, command));
}

async function now(cli: Cli, given: string, options: NowOptions, command: Command): Promise<void> {
  const session = openSession(cli, command);
  const { client, output } = session;
  // An empty variable in a script: it would mean the folder that one stands in.
  if (given.trim() === '') throw new CliError(EXIT.usage, 'The path is empty. Give the folder to back up.');
  const host = await find(client, 'host', options.host);
  if (host.name !== 'local' && !given.startsWith('/'))
    throw new CliError(EXIT.usage, `"${given}" is relative; the path on host ${host.name} has to start with "/".`);
  const path = resolve(cli.cwd, given);
  const repository = await repositoryFor(session, host, options.repository);
  await initialise(cli, session, host, repository);
  const plan = await planFor(session, host, repository, path);
  const job = await client.post('jobs', { kind: 'backup', params: { planId: plan.id } }, { creates: true });
  const last = await showToEnd(cli, session, job, options);
  if (output.format === 'json') return;
  output.line('');
  output.line('Next:');
  output.say(options.wait ? `  holdfast jobs logs ${last.id}` : `  holdfast jobs tail ${last.id}`);
  output.say(`  holdfast jobs start backup --plan ${plan.id} --follow`);
  output.say('  holdfast jobs list --kind backup');
}

/** The one that was named, else one in the data folder that belongs to this host; made when it is missing. */
async function repositoryFor(
  { client, output, dataDir }: Session,
  host: HostAnswer,
  named: string | undefined,
): Promise<RepositoryAnswer> {
  if (named !== undefined) return await find(client, 'repository', named);
  const found = await lookFor(client, 'repository', host.name);
  if (found) return found;
  if (host.name !== 'local')
    throw new CliError(EXIT.usage, `Say where the backup goes: --repository. See "holdfast repositories list".`);
  const made = await client.post(
    'repositories',
    { name: host.name, url: join(dataDir, 'repositories', host.name) },
    { creates: true },
  );
  output.note(`Made the repository ${made.name} in ${made.url}`);
  if (made.password) output.secret(keepPassword(made.password));
  if (made.passwordNote) output.note(made.passwordNote);
  return made;
}

/** Only a repository that nobody has seen working is initialised; what was ready once and is away is never made anew here. */
async function initialise(cli: Cli, session: Session, host: HostAnswer, repository: RepositoryAnswer): Promise<void> {
  if (repository.readyAt !== null) return;
  const body = { kind: 'init', target: { hostId: host.id }, params: { repositoryId: repository.id } };
  const job = await session.client.post('jobs', body, { creates: true });
  const ended = await waitForJob(cli, session, job.id);
  if (ended.state === 'succeeded') return;
  const { sentence = '', next = '' } = ended.outcome ?? {};
  throw new CliError(
    exitOfState(ended.state) ?? EXIT.jobFailed,
    `${ended.title} ended as ${ended.state}. ${sentence} ${adviceFor(ended, next)}`.trim(),
  );
}

async function planFor(
  { client, output }: Session,
  host: HostAnswer,
  repository: RepositoryAnswer,
  path: string,
): Promise<PlanAnswer> {
  const plans = await client.list('plans', { hostId: host.id, repositoryId: repository.id });
  const found = plans.find((plan) => plan.paths.length === 1 && plan.paths[0] === path && plan.excludes.length === 0);
  if (found) return found;
  const body = { name: planName(path, plans), hostId: host.id, repositoryId: repository.id, paths: [path] };
  const made = await client.post('plans', body, { creates: true });
  output.note(`Made the plan ${made.name}`);
  return made;
}

/** The path is the name people look for; one that is too long or taken gets a mark of its own. */
function planName(path: string, plans: readonly PlanAnswer[]): string {
  if (path.length <= 100 && !plans.some((plan) => plan.name === path)) return path;
  return `${path.slice(0, 85)} ${createHash('sha256').update(path).digest('hex').slice(0, 8)}`;
}
