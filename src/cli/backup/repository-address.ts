import type { Command } from 'commander';
import { type Cli, openSession } from '../client/cli.ts';
import { find } from '../client/find.ts';

export function addAddressCommand(repositories: Command, cli: Cli): void {
  repositories
    .command('address')
    .argument('<name|id>', 'the repository')
    .argument('<address>', 'where it lies from now on')
    .description('correct the address of a repository; nothing is moved, and password and snapshots stay')
    .addHelpText('after', '\nExample:\n  holdfast repositories address main /mnt/backup/restic')
    .action(async (named: string, url: string, _options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      const repository = await find(client, 'repository', named);
      const changed = await client.put(`repositories/${repository.id}/address`, { url }, repository.version);
      output.facts(changed, [
        ['Repository', changed.id],
        ['Name', changed.name],
        ['Address', changed.url],
        ['State', changed.state],
      ]);
    });
}
