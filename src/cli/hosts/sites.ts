import type { Command } from 'commander';
import type { Answer } from '../client/answer.ts';
import { type Cli, openSession } from '../client/cli.ts';
import { addCapCommand } from './cap.ts';
import { addSiteCommands } from './site-edit.ts';

export function registerSites(program: Command, cli: Cli): void {
  const sites = program
    .command('sites')
    .description('the places where hosts are')
    .addHelpText('after', '\nExample:\n  holdfast sites list');
  sites
    .command('list')
    .description('list sites')
    .addHelpText('after', '\nExample:\n  holdfast sites list')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      output.list(
        await client.list('sites', {}),
        [
          ['SITE', (s: Answer) => s.id],
          ['NAME', (s: Answer) => s.name],
          ['CAP', (s: Answer) => s.maxJobs],
        ],
        'There are no sites.',
      );
    });
  addSiteCommands(sites, cli);
  addCapCommand(sites, cli, 'site');
}
