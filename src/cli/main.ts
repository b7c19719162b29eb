import { readFileSync } from 'node:fs';
import { processEnvironment } from '../config/environment.ts';
import { systemClock } from '../lib/clock.ts';
import { asError, Failure } from '../lib/failure.ts';
import { systemRandom } from '../lib/ids.ts';
import { redactText } from '../lib/redact.ts';
import type { Cli } from './cli.ts';
import { EXIT } from './exit.ts';
import { registerProcesses } from './processes.ts';
import { buildProgram, runProgram } from './program.ts';
import { StartProblem } from './up/start-problem.ts';

/** The `holdfast` command. */
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const cli: Cli = {
  streams: { out: process.stdout, err: process.stderr },
  env: processEnvironment(),
  now: () => systemClock.now(),
  random: systemRandom,
  cwd: process.cwd(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  onInterrupt(listener) {
    process.on('SIGINT', listener);
    return () => process.off('SIGINT', listener);
  },
  exitCode: EXIT.ok,
};
// A reader that went away (`| head`) is no error.
process.stdout.on('error', () => process.exit(EXIT.ok));

try {
  const program = buildProgram(cli, version);
  registerProcesses(program, { env: cli.env, version, say: (line) => void process.stdout.write(`${line}\n`) });
  process.exitCode = await runProgram(program, cli, process.argv.slice(2));
} catch (thrown) {
  const error = asError(thrown);
  // These two were written for people; anything else is a mistake of ours, and its stack is what helps.
  const words =
    error instanceof StartProblem || error instanceof Failure
      ? error.message
      : redactText(error.stack ?? error.message);
  process.stderr.write(`holdfast: ${words}\n`);
  process.exitCode = 1;
}
