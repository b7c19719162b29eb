import type { Command } from 'commander';
import { type Cli, openSession } from '../cli.ts';
import type { Answer } from '../client.ts';
import { find } from '../find.ts';

interface CreateOptions {
  host: string;
  repository: string;
  exclude?: string[];
}

export function registerPlans(program: Command, cli: Cli): void {
  const plans = program.command('plans').description('which folders go where');
  plans
    .command('list')
    .option('--host <name|id>', 'only of this host')
    .description('list plans')
    .action(async (options: { host?: string }, command: Command) => {
      const { client, output } = openSession(cli, command);
      const hostId = options.host === undefined ? undefined : (await find(client, 'host', options.host)).id;
      output.list(
        await client.list('plans', { hostId }),
        [
          ['PLAN', (p: Answer) => p.id],
          ['NAME', (p: Answer) => p.name],
          ['HOST', (p: Answer) => p.host.name],
          ['REPOSITORY', (p: Answer) => p.repository.name],
          ['PATHS', (p: Answer) => p.paths.join(' ')],
        ],
        'There are no plans. Make one with its first backup: holdfast backup now /etc',
      );
    });
  plans
    .command('create')
    .argument('<name>', 'what people call it')
    .argument('<paths...>', 'absolute paths on the host')
    .requiredOption('--host <name|id>', 'the host whose folders they are')
    .requiredOption('--repository <name|id>', 'where they go')
    .option('--exclude <pattern...>', 'what to leave out, as restic takes it')
    .description('make a plan')
    .action(async (name: string, paths: string[], options: CreateOptions, command: Command) => {
      const { client, output } = openSession(cli, command);
      const host = await find(client, 'host', options.host);
      const repository = await find(client, 'repository', options.repository);
      const body = { name, hostId: host.id, repositoryId: repository.id, paths, excludes: options.exclude ?? [] };
      const made = await client.post('plans', body, { creates: true });
      output.facts(made, [
        ['Plan', made.id],
        ['Name', made.name],
        ['Host', made.host.name],
        ['Repository', made.repository.name],
        ['Paths', made.paths.join(' ')],
      ]);
    });
}
