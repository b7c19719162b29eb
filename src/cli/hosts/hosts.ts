import type { Command } from 'commander';
import type { HostAnswer } from '../client/api-types.ts';
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
          ['HOST', (h: HostAnswer) => h.id],
          ['NAME', (h: HostAnswer) => h.name],
          ['SITE', (h: HostAnswer) => h.site.name],
          ['ONLINE', (h: HostAnswer) => (h.online ? 'yes' : 'no')],
          [
            'LAST SEEN',
            (h: HostAnswer) => output.time(h.lastSeenAt) ?? 'never',
            (h: HostAnswer) => output.ago(h.lastSeenAt) ?? 'never',
          ],
          ['AGENT', (h: HostAnswer) => h.agentVersion],
        ],
        'There are no hosts.',
      );
    });
}
