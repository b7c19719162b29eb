import type { Command } from 'commander';
import { type Cli, openSession } from '../cli.ts';
import type { Answer } from '../client.ts';
import { addCapCommand } from './cap.ts';
import { addInitCommand, addUnlockCommand } from './repository-jobs.ts';

export function registerRepositories(program: Command, cli: Cli): void {
  const repositories = program.command('repositories').description('where backups go');
  repositories
    .command('list')
    .description('list repositories')
    .addHelpText('after', '\nExample:\n  holdfast repositories list')
    .action(async (_options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      output.list(
        await client.list('repositories', {}),
        [
          ['REPOSITORY', (r: Answer) => r.id],
          ['NAME', (r: Answer) => r.name],
          ['STATE', (r: Answer) => r.state],
          ['LEARNT', (r: Answer) => output.ago(r.stateAt)],
          ['CAP', (r: Answer) => r.maxJobs],
          ['ADDRESS', (r: Answer) => r.url],
          ['PASSWORD', (r: Answer) => (r.hasPassword ? 'set' : 'missing')],
        ],
        'There are no repositories. Make one: holdfast repositories create main /srv/restic',
      );
    });
  repositories
    .command('create')
    .argument('<name>', 'what people call it')
    .argument('<address>', 'absolute path, rest:https://..., sftp:user@host:/path or s3:https://host/bucket')
    .description('register a repository; a password is made and shown this once')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast repositories create main /srv/restic\n  holdfast repositories create vault rest:https://backup.example.org/vault',
    )
    .action(async (name: string, url: string, _options: unknown, command: Command) => {
      const { client, output } = openSession(cli, command);
      const made = await client.post('repositories', { name, url }, { creates: true });
      output.facts(made, [
        ['Repository', made.id],
        ['Name', made.name],
        ['Address', made.url],
      ]);
      if (output.format === 'table' && made.password) output.secret(keepPassword(made.password));
    });
  addInitCommand(repositories, cli);
  addUnlockCommand(repositories, cli);
  addCapCommand(repositories, cli, 'repository');
}

export const keepPassword = (password: string): string =>
  `Password (keep it outside of this system; it is not shown again): ${password}`;
