import type { Command } from 'commander';
import { readConfig } from '../../config/config.ts';
import type { Environment } from '../../config/environment.ts';
import { Failure } from '../../lib/failure.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import { CliError, EXIT, type ExitCode } from '../output/exit.ts';
import { type Format, Output, type Streams } from '../output/output.ts';
import { ApiClient } from './client.ts';
import { whereabouts, withDataFolderHere } from './data-folder-here.ts';
import { readProfile } from './profile.ts';

/** What every command is given. */
export interface Cli {
  readonly streams: Streams;
  readonly env: Environment;
  readonly now: () => Date;
  readonly random: RandomBytes;
  /** How `holdfast` is written where the person stands. */
  readonly command: string;
  /** The folder that relative paths start from. */
  readonly cwd: string;
  readonly sleep: (ms: number) => Promise<void>;
  /** Has Ctrl-C call this instead of ending the program, until the answer is called. */
  readonly onInterrupt: (listener: () => void) => () => void;
  /** How the command ends when it ends well. */
  exitCode: ExitCode;
}

export interface Session {
  readonly client: ApiClient;
  readonly output: Output;
  readonly dataDir: string;
}

/** The API and the output as the global options say. */
export function openSession(cli: Cli, command: Command): Session {
  const { output } = command.optsWithGlobals() as { output?: Format };
  const config = configOf(withDataFolderHere(cli.env, whereabouts(cli.cwd)));
  return {
    client: new ApiClient(readProfile(config), cli.random),
    output: new Output(output ?? 'table', cli),
    dataDir: config.dataDir,
  };
}

function configOf(env: Environment) {
  try {
    return readConfig(env);
  } catch (thrown) {
    throw thrown instanceof Failure ? new CliError(EXIT.usage, thrown.message) : thrown;
  }
}
