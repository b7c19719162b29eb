import type { Command } from 'commander';
import { type Cli, openSession } from '../client/cli.ts';
import { find } from '../client/find.ts';
import { CliError, EXIT } from '../output/exit.ts';

const NOUNS = {
  repository: { path: 'repositories', where: 'against a repository', example: 'holdfast repositories cap main 4' },
  site: { path: 'sites', where: 'at a site', example: 'holdfast sites cap main 20' },
} as const;

/** `cap <name|id> <jobs|none>` for what has a cap. What fits as a number the API says. */
export function addCapCommand(parent: Command, cli: Cli, noun: keyof typeof NOUNS): void {
  const { path, where, example } = NOUNS[noun];
  parent
    .command('cap')
    .argument('<name|id>', `the ${noun}`)
    .argument('<jobs>', 'a number from 1, or "none"')
    .description(`set how many jobs run at once ${where}; those that run go on`)
    .addHelpText('after', `\nExample:\n  ${example}`)
    .action(async (name: string, jobs: string, _options: unknown, command: Command) => {
      const maxJobs = readCap(jobs);
      const { client, output } = openSession(cli, command);
      const { id } = await find(client, noun, name);
      const changed = await client.patch(`${path}/${id}`, { maxJobs });
      output.facts(changed, [
        [`${noun[0]!.toUpperCase()}${noun.slice(1)}`, changed.id],
        ['Name', changed.name],
        ['Cap', changed.maxJobs ?? 'none of its own'],
      ]);
    });
}

function readCap(text: string): number | null {
  if (text === 'none') return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CliError(EXIT.usage, `"${text.slice(0, 40)}" is neither a number of jobs nor "none".`);
}
