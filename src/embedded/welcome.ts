import type { Config } from '../config/config.ts';
import { shellWord } from '../domain/core/shell-word.ts';
import type { Env } from '../processes/place/start-problem.ts';
import type { ProgressOutput } from './progress-output.ts';
import type { Started } from './start-all.ts';

/** What a person can do now. */
export function welcome(
  { apiUrl, temporalUiUrl, setupToken }: Started,
  config: Config,
  env: Env,
  output: ProgressOutput,
): void {
  const people = config.publicUrl ?? apiUrl;
  output.step('Holdfast is ready');
  output.line('');
  output.line(`  API          ${people}/api/v1`);
  output.line(`  API docs     ${people}/api/v1/docs`);
  if (temporalUiUrl !== null) output.line(`  Temporal UI  ${temporalUiUrl}`);
  output.line(`  Data folder  ${config.dataDir}`);
  if (setupToken !== null) {
    output.line('');
    output.line('  Set-up link of the owner, good once and for an hour:');
    output.line(`  ${people}/setup#token=${setupToken}`);
  }
  output.line('');
  output.line('  Next, in another terminal:');
  // The other terminal does not have the variable of this one, and the command would look elsewhere.
  if (env.HOLDFAST_DATA) output.line(`    export HOLDFAST_DATA=${shellWord(config.dataDir)}`);
  output.line('    holdfast jobs list          every job, with how it ended');
  output.line('    holdfast backup now <PATH>  backs up a folder of this machine now');
  output.line('    holdfast hosts list         the machines, and which of them are online');
  output.line('');
  output.line('  Ctrl-C stops everything in order.');
}
