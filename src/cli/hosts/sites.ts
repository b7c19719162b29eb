import type { Command } from 'commander';
import type { Cli } from '../client/cli.ts';
import { addNounCommands } from '../client/noun-commands.ts';
import { addCapCommand } from './cap.ts';

export function registerSites(program: Command, cli: Cli): void {
  const sites = addNounCommands(program, cli, {
    noun: 'site',
    about: 'the places where hosts are',
    columns: [
      ['SITE', ({ id }) => id],
      ['NAME', ({ name }) => name],
      ['CAP', ({ maxJobs }) => maxJobs],
    ],
    facts: ({ id, name, maxJobs, createdAt }, output) => [
      ['Site', id],
      ['Name', name],
      ['Cap', maxJobs ?? 'none of its own'],
      ['Created', output.time(createdAt)],
    ],
    options: { needed: {}, create: {}, edit: {} },
    body: () => ({}),
    examples: { create: 'berlin', edit: 'berlin --name berlin-north' },
    removes: 'remove a site that never had a host',
  });
  addCapCommand(sites, cli, 'site');
}
