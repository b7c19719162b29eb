import type { Command } from 'commander';
import type { Answer } from '../client/answer.ts';
import { type Cli, openSession } from '../client/cli.ts';

export function registerHosts(program: Command, cli: Cli): void {
  const hosts = program
    .command('hosts')
    .description('the machines with an agent')
    .addHelpText('after', '\nExample:\n  holdfast hosts list');
  hosts
    .command('list')
    .description('list hosts')
    .addHelpText('after', '\nExample:\n  holdfast hosts list --output json')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      output.list(
        await client.list('hosts', {}),
        [
          ['HOST', (h: Answer) => h.id],
          ['NAME', (h: Answer) => h.name],
          ['SITE', (h: Answer) => h.site.name],
          ['ONLINE', (h: Answer) => (h.online ? 'yes' : 'no')],
          [
            'LAST SEEN',
            (h: Answer) => output.time(h.lastSeenAt) ?? 'never',
            (h: Answer) => output.ago(h.lastSeenAt) ?? 'never',
          ],
          ['AGENT', (h: Answer) => h.agentVersion],
        ],
        'There are no hosts.',
      );
    });
}
