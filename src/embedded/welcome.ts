import type { Config } from '../config/config.ts';
import { shellWord } from '../domain/core/shell-word.ts';
import type { Env } from '../processes/place/start-problem.ts';
import type { Say } from './say.ts';
import type { Started } from './start-all.ts';

/** What a person can do now. */
export function welcome({ apiUrl, temporalUiUrl, setupToken }: Started, config: Config, env: Env, say: Say): void {
  const people = config.publicUrl ?? apiUrl;
  say.step('Holdfast is ready');
  say.line('');
  say.line(`  API          ${people}/api/v1`);
  say.line(`  API docs     ${people}/api/v1/docs`);
  if (temporalUiUrl !== null) say.line(`  Temporal UI  ${temporalUiUrl}`);
  say.line(`  Data folder  ${config.dataDir}`);
  if (setupToken !== null) {
    say.line('');
    say.line('  Set-up link of the owner, good once and for an hour:');
    say.line(`  ${people}/setup#token=${setupToken}`);
  }
  say.line('');
  say.line('  Next, in another terminal:');
  // The other terminal does not have the variable of this one, and the command would look elsewhere.
  if (env.HOLDFAST_DATA) say.line(`    export HOLDFAST_DATA=${shellWord(config.dataDir)}`);
  say.line('    holdfast jobs list          every job, with how it ended');
  say.line('    holdfast backup now <PATH>  backs up a folder of this machine now');
  say.line('    holdfast hosts list         the machines, and which of them are online');
  say.line('');
  say.line('  Ctrl-C stops everything in order.');
}
