import type { Command } from 'commander';
import type { HostAnswer, RepositoryAnswer } from '../client/api-types.ts';
import { type Cli, openSession, type Session } from '../client/cli.ts';
import { find, lookFor } from '../client/find.ts';
import { CliError, EXIT } from '../output/exit.ts';
import { showToEnd } from '../watch/show-to-end.ts';

interface InitOptions {
  host: string;
  confirm?: string;
}

export function addInitCommand(repositories: Command, cli: Cli): void {
  repositories
    .command('init')
    .argument('<name|id>', 'the repository')
    .requiredOption('--host <name|id>', 'the host that makes it')
    .option('--confirm <text>', 'for one that was ready before: the text that the refusal without it names')
    .description('make the repository at its address, or find that it is there')
    .addHelpText('after', '\nExample:\n  holdfast repositories init main --host local')
    .action(async (named: string, options: InitOptions, command: Command) => {
      const session = openSession(cli, command);
      const repository = await find(session.client, 'repository', named);
      const host = await find(session.client, 'host', options.host);
      const params = {
        repositoryId: repository.id,
        ...(options.confirm === undefined ? {} : { confirm: options.confirm }),
      };
      const body = { kind: 'init', target: { hostId: host.id }, params };
      const job = await session.client.post('jobs', body, { creates: true });
      await showToEnd(cli, session, job, { wait: true });
    });
}

export function addUnlockCommand(repositories: Command, cli: Cli): void {
  repositories
    .command('unlock')
    .argument('<name|id>', 'the repository')
    .option('--host <name|id>', 'the host that does it; unless told, one whose plans use the repository')
    .description('remove stale and damaged locks; those of living processes stay')
    .addHelpText('after', '\nExample:\n  holdfast repositories unlock main')
    .action(async (named: string, options: { host?: string }, command: Command) => {
      const session = openSession(cli, command);
      const repository = await find(session.client, 'repository', named);
      const host =
        options.host === undefined
          ? await hostFor(session, repository)
          : await find(session.client, 'host', options.host);
      const body = { kind: 'unlock', target: { hostId: host.id }, params: { repositoryId: repository.id } };
      const job = await session.client.post('jobs', body, { creates: true });
      await showToEnd(cli, session, job, { wait: true });
    });
}

/** A host that reaches the repository: the first online one of its plans, else this machine. */
async function hostFor({ client }: Session, repository: RepositoryAnswer): Promise<HostAnswer> {
  const plans = await client.list('plans', { repositoryId: repository.id });
  const names = [...new Set<string>(plans.map((plan) => plan.host.name))];
  for (const name of names) {
    const host = await find(client, 'host', name);
    if (host.online) return host;
  }
  const local = names.length === 0 ? await lookFor(client, 'host', 'local') : null;
  if (local) return local;
  const which = names.length === 0 ? 'No plan uses it' : `No host of its plans is online (${names.join(', ')})`;
  throw new CliError(EXIT.usage, `${which}: say which host does it with --host.`);
}
