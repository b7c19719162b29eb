import type { Command } from 'commander';
import { whereabouts, withDataFolderHere } from './cli/client/data-folder-here.ts';
import { CliError, EXIT } from './cli/output/exit.ts';
import type { Format } from './cli/output/output.ts';
import { type Environment, processEnvironment } from './config/environment.ts';
import type { ProcessWorld } from './processes/process-world.ts';

interface Told {
  dieWithParent?: boolean;
}

/** Those that go on when nobody takes what they print. */
export const SERVES: ReadonlySet<string> = new Set(['up', 'api', 'worker', 'gateway', 'agent']);

const STOP_WITHIN_MS = { api: 4_000, worker: 10_000, gateway: 4_000 } as const;

/** Adds the commands that run processes. Each body is loaded when it is wanted: none pays for the others' memory. */
export function registerProcesses(program: Command, given: Partial<ProcessWorld> = {}): void {
  const { env = processEnvironment(), print = (line: string) => void process.stdout.write(`${line}\n`) } = given;
  const world: ProcessWorld = { env, print };
  program
    .command('up')
    .description('run all of Holdfast on this machine, with PostgreSQL and Temporal (what npm start does)')
    .addHelpText('after', '\nExample:\n  holdfast up --no-first-job')
    .option('--no-first-job', 'make no backup at the very first start')
    .action(async (options: { firstJob: boolean }) => {
      const { up } = await import('./embedded/up.ts');
      process.exit(await up({ ...world, firstJob: options.firstJob }));
    });
  serverCommand(program, env, 'api', 'run the API', async () => (await import('./processes/api.ts')).startApiProcess);
  serverCommand(
    program,
    env,
    'worker',
    'run the Temporal worker',
    async () => (await import('./processes/worker.ts')).startWorkerProcess,
  );
  serverCommand(
    program,
    env,
    'gateway',
    'run the gateway for agents',
    async () => (await import('./processes/gateway.ts')).startGatewayProcess,
  );
  hiddenOption(
    program
      .command('agent')
      .description('run the agent of this host')
      .addHelpText('after', '\nExample:\n  HOLDFAST_DATA=/var/lib/holdfast holdfast agent'),
  ).action(async (told: Told) => {
    const { runAgent } = await import('./processes/agent.ts');
    await runAgent({ env, dieWithParent: told.dieWithParent === true });
  });
  databaseCommands(program, world);
  auditCommand(program, world);
  uiCommand(program, world);
  program.command('programs', { hidden: true }).action(async () => {
    const { programsCommand } = await import('./embedded/programs-command.ts');
    await programsCommand(world);
  });
}

function databaseCommands(program: Command, world: ProcessWorld): void {
  program
    .command('migrate')
    .description('bring the database of DATABASE_URL to the schema of this program and make its logins')
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgres://owner@db.example.org/holdfast holdfast migrate')
    .action(async () => (await import('./processes/commands/migrate-command.ts')).migrateCommand(world));
  program
    .command('bootstrap')
    .description(
      "make the owner, the first organisation, the key of the command line, this host and, at TEMPORAL_ADDRESS, Temporal's namespace",
    )
    .addHelpText('after', '\nExample:\n  DATABASE_URL=postgres://owner@db.example.org/holdfast holdfast bootstrap')
    .action(async () => (await import('./processes/commands/bootstrap-command.ts')).bootstrapCommand(world));
}

function uiCommand(program: Command, world: ProcessWorld): void {
  program
    .command('temporal-ui')
    .description("print a link that opens Temporal's UI of this machine's Holdfast, once")
    .addHelpText('after', '\nExample:\n  holdfast temporal-ui')
    .action(async () => {
      const { temporalUiCommand } = await import('./embedded/temporal-ui-command.ts');
      temporalUiCommand({ ...world, env: withDataFolderHere(world.env, whereabouts(process.cwd())) });
    });
}

function auditCommand(program: Command, world: ProcessWorld): void {
  program
    .command('audit')
    .description('look after the audit')
    .addHelpText('after', '\nExample:\n  holdfast audit verify')
    .command('verify')
    .description('find altered, removed and unlinked events in the audit chain of every organisation')
    .addHelpText('after', '\nExample:\n  holdfast audit verify --output json')
    .action(async (_options: unknown, command: Command) => {
      const { auditVerifyCommand } = await import('./processes/commands/audit-command.ts');
      const { output } = command.optsWithGlobals() as { output?: Format };
      const here = withDataFolderHere(world.env, whereabouts(process.cwd()));
      const bad = await auditVerifyCommand({ ...world, env: here }, output ?? 'table');
      if (bad > 0)
        throw new CliError(
          EXIT.jobFailed,
          `The audit chain of ${bad === 1 ? 'an organisation' : `${bad} organisations`} was changed.`,
        );
    });
}

function serverCommand(
  program: Command,
  env: Environment,
  name: 'api' | 'worker' | 'gateway',
  about: string,
  load: () => Promise<Parameters<typeof import('./processes/process.ts').runProcess>[1]>,
): void {
  const example = `\nExample:\n  HOLDFAST_DATA=/var/lib/holdfast holdfast ${name}`;
  hiddenOption(program.command(name).description(about).addHelpText('after', example)).action(async (told: Told) => {
    const [{ runProcess }, start] = await Promise.all([import('./processes/process.ts'), load()]);
    await runProcess(
      { name, env, dieWithParent: told.dieWithParent === true, stopWithinMs: STOP_WITHIN_MS[name] },
      start,
    );
  });
}

/** Said by `up`, which holds our standard input as long as it lives. */
function hiddenOption(command: Command): Command {
  return command.addOption(command.createOption('--die-with-parent').hideHelp());
}
