import type { Command } from 'commander';
import type { RepositoryAnswer } from '../client/api-types.ts';
import { type Cli, openSession } from '../client/cli.ts';
import { readSecret } from '../client/secret-input.ts';
import { addCapCommand } from '../hosts/cap.ts';
import { addAddressCommand } from './repository-address.ts';
import { addInitCommand, addUnlockCommand } from './repository-jobs.ts';
import { addPasswordCommand, keepPassword } from './repository-password.ts';

export function registerRepositories(program: Command, cli: Cli): void {
  const repositories = program
    .command('repositories')
    .description('where backups go')
    .addHelpText('after', '\nExample:\n  holdfast repositories list');
  repositories
    .command('list')
    .description('list repositories')
    .addHelpText('after', '\nExample:\n  holdfast repositories list')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      output.list(
        await client.list('repositories', {}),
        [
          ['REPOSITORY', (r: RepositoryAnswer) => r.id],
          ['NAME', (r: RepositoryAnswer) => r.name],
          ['STATE', (r: RepositoryAnswer) => r.state],
          ['LEARNT', (r: RepositoryAnswer) => output.ago(r.stateAt)],
          ['CAP', (r: RepositoryAnswer) => r.maxJobs],
          ['ADDRESS', (r: RepositoryAnswer) => r.url],
          ['PASSWORD', (r: RepositoryAnswer) => (r.hasPassword ? 'set' : 'missing')],
        ],
        'There are no repositories. Make one: holdfast repositories create main /srv/restic',
      );
    });
  addCreateCommand(repositories, cli);
  addInitCommand(repositories, cli);
  addUnlockCommand(repositories, cli);
  addPasswordCommand(repositories, cli);
  addAddressCommand(repositories, cli);
  addCapCommand(repositories, cli, 'repository');
}

function addCreateCommand(repositories: Command, cli: Cli): void {
  repositories
    .command('create')
    .argument('<name>', 'what people call it')
    .argument('<address>', 'absolute path, rest:https://..., sftp:user@host:/path or s3:https://host/bucket')
    .option('--password-file <file|->', 'the password it has already; unless told, one is made and shown this once')
    .description('register a repository; nothing is written to its storage yet')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast repositories create main /srv/restic\n  holdfast repositories create vault rest:https://backup.example.org/vault\n  holdfast repositories create old /srv/old --password-file /etc/restic/password',
    )
    .action(async (name: string, url: string, options: { passwordFile?: string }, command: Command) => {
      const { client, output } = openSession(cli, command);
      const { passwordFile } = options;
      const password = passwordFile === undefined ? {} : { password: await readSecret(passwordFile, cli.cwd) };
      const made = await client.post('repositories', { name, url, ...password }, { creates: true });
      output.facts(made, [
        ['Repository', made.id],
        ['Name', made.name],
        ['Address', made.url],
      ]);
      if (output.format === 'table' && made.password) output.secret(keepPassword(made.password));
      if (made.passwordNote) output.note(made.passwordNote);
    });
}
