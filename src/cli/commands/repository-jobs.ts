import type { Command } from 'commander';
import { type Cli, openSession } from '../cli.ts';
import { find } from '../find.ts';
import { showToEnd } from '../show-to-end.ts';

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
