import { Command, CommanderError, Option } from 'commander';
import { registerBackup } from './backup/backup.ts';
import { registerPlans } from './backup/plans.ts';
import { registerRepositories } from './backup/repositories.ts';
import type { Cli } from './client/cli.ts';
import { asTypedHere } from './client/here.ts';
import { registerHosts } from './hosts/hosts.ts';
import { registerSites } from './hosts/sites.ts';
import { registerJobs } from './jobs/jobs.ts';
import { CliError, EXIT, EXIT_HELP } from './output/exit.ts';
import { registerSchedules } from './schedules/schedules.ts';

/** The commands that talk to the API. Those that run processes are added by whoever starts them. */
export function buildProgram(cli: Cli, version: string): Command {
  const program = new Command('holdfast')
    .description('Jobs, backups and alerts for fleets of hosts')
    .version(version)
    .addOption(new Option('--output <format>', 'how results are printed').choices(['table', 'json']).default('table'))
    .addHelpText('after', `${EXIT_HELP}\n\nExamples:\n  holdfast backup now /etc\n  holdfast jobs list --output json`)
    .configureOutput({
      writeOut: (text) => cli.streams.out.write(asTypedHere(text, cli.command)),
      writeErr: (text) => cli.streams.err.write(asTypedHere(text, cli.command)),
    })
    .showHelpAfterError('(add --help for what can be said)')
    .exitOverride();
  registerBackup(program, cli);
  registerJobs(program, cli);
  registerSites(program, cli);
  registerHosts(program, cli);
  registerRepositories(program, cli);
  registerPlans(program, cli);
  registerSchedules(program, cli);
  return program;
}

/** Runs one command line; answers the exit code. What goes wrong is one message, never a stack. */
export async function runProgram(program: Command, cli: Cli, args: readonly string[]): Promise<number> {
  try {
    await program.parseAsync([...args], { from: 'user' });
    return cli.exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (thrown instanceof CliError) {
      cli.streams.err.write(`holdfast: ${asTypedHere(thrown.message, cli.command)}\n`);
      return thrown.exitCode;
    }
    throw thrown;
  }
}
