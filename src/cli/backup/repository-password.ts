import { type Command, Option } from 'commander';
import { type Cli, openSession } from '../client/cli.ts';
import { find } from '../client/find.ts';
import { readSecret } from '../client/secret-input.ts';
import { CliError, EXIT } from '../output/exit.ts';

interface PasswordOptions {
  file?: string;
  new?: boolean;
}

/** Shown this once: redaction would hide what the person has to keep. */
export const keepPassword = (password: string): string =>
  `Password (keep it outside of this system; it is not shown again): ${password}`;

export function addPasswordCommand(repositories: Command, cli: Cli): void {
  repositories
    .command('password')
    .argument('<name|id>', 'the repository')
    .addOption(
      new Option('--file <file|->', 'the password as it is, but for one line end; "-" reads standard input').conflicts(
        'new',
      ),
    )
    .option('--new', 'make one and show it this once; only before the repository was made')
    .description('set the password that the repository is opened with')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast repositories password main --file /etc/restic/password\n  pass show restic | holdfast repositories password main --file -',
    )
    .action((named: string, options: PasswordOptions, command: Command) => setPassword(cli, named, options, command));
}

async function setPassword(cli: Cli, named: string, options: PasswordOptions, command: Command): Promise<void> {
  const { client, output } = openSession(cli, command);
  const repository = await find(client, 'repository', named);
  if (options.file === undefined && !options.new)
    throw new CliError(EXIT.usage, 'Say where the password comes from: --file FILE, or --new to have one made.');
  if (options.new && repository.readyAt !== null)
    throw new CliError(
      EXIT.usage,
      `${repository.name} was ready before: it opens with the password it was made with. Give that one: holdfast repositories password ${repository.name} --file FILE`,
    );
  const password =
    options.file === undefined
      ? Buffer.from(cli.random(24)).toString('base64url')
      : await readSecret(options.file, cli.cwd);
  // Two who change it at once: the later one is told, and looks.
  const changed = await client.put(`repositories/${repository.id}/credentials`, { password }, repository.version);
  output.facts(changed, [
    ['Repository', changed.id],
    ['Name', changed.name],
    ['State', changed.state],
    ['Password', 'set; jobs that start from now on use it'],
  ]);
  if (options.new) output.secret(keepPassword(password));
}
