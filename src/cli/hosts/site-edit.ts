import type { Command } from 'commander';
import type { Answer } from '../client/answer.ts';
import { type Cli, openSession } from '../client/cli.ts';
import { find } from '../client/find.ts';
import type { Output } from '../output/output.ts';

function siteFacts(output: Output, site: Answer): void {
  output.facts(site, [
    ['Site', site.id],
    ['Name', site.name],
    ['Cap', site.maxJobs ?? 'none of its own'],
    ['Created', output.time(site.createdAt)],
  ]);
}

/** `create`, `show`, `edit` and `remove` of a site. */
export function addSiteCommands(sites: Command, cli: Cli): void {
  sites
    .command('create')
    .argument('<name>', 'what people call it')
    .description('make a site')
    .addHelpText('after', '\nExample:\n  holdfast sites create berlin')
    .action(async (name: string, _options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      siteFacts(output, await client.post('sites', { name }, { creates: true }));
    });
  sites
    .command('show')
    .argument('<name|id>', 'the site')
    .description('show one site')
    .addHelpText('after', '\nExample:\n  holdfast sites show berlin')
    .action(async (text: string, _options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      siteFacts(output, await find(client, 'site', text));
    });
  sites
    .command('edit')
    .argument('<name|id>', 'the site')
    .requiredOption('--name <name>', 'what people call it from now on')
    .description('rename a site')
    .addHelpText('after', '\nExample:\n  holdfast sites edit berlin --name berlin-north')
    .action(async (text: string, { name }: { name: string }, command: Command) => {
      const { client, output } = openSession(cli, command);
      const { id, version } = await find(client, 'site', text);
      siteFacts(output, await client.patch(`sites/${id}`, { name }, { ifVersion: version }));
    });
  sites
    .command('remove')
    .argument('<name|id>', 'the site')
    .description('remove a site that never had a host')
    .addHelpText('after', '\nExample:\n  holdfast sites remove berlin')
    .action(async (text: string, _options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      const site = await find(client, 'site', text);
      await client.delete(`sites/${site.id}`);
      output.facts({ removed: site }, [['Removed', `site ${site.name}`]]);
    });
}
