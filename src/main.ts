import { readFileSync } from 'node:fs';
import { setGlobalProxyFromEnv } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Cli } from './cli/client/cli.ts';
import { asTypedHere, commandHere } from './cli/client/here.ts';
import { EXIT } from './cli/output/exit.ts';
import { standardStreams } from './cli/output/standard-streams.ts';
import { buildProgram, runProgram } from './cli/program.ts';
import { onCtrlC } from './cli/watch/ctrl-c.ts';
import { registerProcesses, SERVES } from './commands.ts';
import { processEnvironment } from './config/environment.ts';
import { nodeProxies } from './config/proxies.ts';
import { monotonicMs, systemClock } from './lib/clock.ts';
import { asError, Failure } from './lib/failure.ts';
import { systemRandom } from './lib/ids.ts';
import { redactText } from './lib/redact.ts';
import { isHangUpIgnored } from './processes/place/hang-up.ts';
import { StartProblem } from './processes/place/start-problem.ts';

/** The `holdfast` command. */
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
const environment = processEnvironment();
const streams = standardStreams(process.stdout, process.stderr, (lost) => {
  if (lost !== null) streams.err.write(`holdfast: ${lost.message}\n`);
  process.exit(lost?.exitCode ?? cli.exitCode);
});
const cli: Cli = {
  streams,
  env: environment,
  now: () => systemClock.now(),
  random: systemRandom,
  cwd: process.cwd(),
  command: commandHere({
    // npm runs us in its own folder and tells where the person stands.
    folder: (process.argv[2] === 'up' && environment.INIT_CWD) || process.cwd(),
    path: environment.PATH,
    project: fileURLToPath(new URL('..', import.meta.url)),
    node: process.execPath,
  }),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  onInterrupt: (listener) =>
    onCtrlC({ process, now: monotonicMs, endAtOnce: () => process.exit(EXIT.detached) }, listener),
  exitCode: EXIT.ok,
};
const proxies = nodeProxies(cli.env, process.execArgv, cli.env.HOLDFAST_BIND ?? '');
if (proxies !== null) setGlobalProxyFromEnv(proxies);
// The start script holds the other end. When it is killed, we end as if we had been told to.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
if (isHangUpIgnored(cli.env)) process.on('SIGHUP', () => {});

try {
  const program = buildProgram(cli, version);
  registerProcesses(program, {
    env: cli.env,
    version,
    print: (line) => void streams.out.write(`${asTypedHere(line, cli.command)}\n`),
  });
  program.hook('preAction', (_program, command) => {
    if (SERVES.has(command.name())) streams.serve();
  });
  const code = await runProgram(program, cli, process.argv.slice(2));
  process.exitCode = code === EXIT.ok && !streams.isWhole ? EXIT.output : code;
} catch (thrown) {
  const error = asError(thrown);
  // These two were written for people; anything else is a mistake of ours, and its stack is what helps.
  const words =
    error instanceof StartProblem || error instanceof Failure
      ? error.message
      : redactText(error.stack ?? error.message);
  streams.err.write(`holdfast: ${asTypedHere(words, cli.command)}\n`);
  process.exitCode = 1;
}
