import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../catalog/errors.ts';
import { registerProcesses } from '../../commands.ts';
import { COMMON_OUTCOMES } from '../../kinds/core/conclude.ts';
import { KINDS } from '../../kinds/index.ts';
import type { Cli } from '../client/cli.ts';
import { COMMANDS } from '../client/here.ts';
import { buildProgram } from '../program.ts';
import { adviceFor, problemAdvice } from './advice.ts';
import { commandsIn, wordsOf } from './commands-in.fixture.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The real commands, which do nothing. */
function program(): Command {
  let said = '';
  const out = { write: (text: string) => (said += text) };
  const cli = { streams: { out, err: out }, env: {}, command: 'holdfast', exitCode: 0 } as unknown as Cli;
  const built = buildProgram(cli, '0.0.0');
  registerProcesses(built, { env: {}, print: () => {} });
  for (const command of leavesOf(built)) command.action(() => {});
  built.hook('preAction', () => {});
  return built;
}

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf);
}

/** Groups of commands too: people ask them for help first. */
function allOf(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...allOf(one)]);
}

const nameOf = (command: Command): string =>
  command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

/** Null when the command line is one, else what is wrong with it. */
async function wrongWith(command: string): Promise<string | null> {
  try {
    await program().parseAsync(wordsOf(command), { from: 'user' });
    return null;
  } catch (error) {
    return `holdfast ${command}: ${(error as Error).message}`;
  }
}

const wrongIn = async (texts: Iterable<string>) => {
  const commands = [...new Set([...texts].flatMap(commandsIn))];
  return { commands, wrong: (await Promise.all(commands.map(wrongWith))).filter((w) => w !== null) };
};

/** What we say when something is not well. */
const ADVICE: string[] = [
  ...[COMMON_OUTCOMES, ...KINDS.map(({ outcomes }) => outcomes)].flatMap((table) =>
    Object.values(table).map(({ next }) => next),
  ),
  ...Object.values(ERRORS).map(({ help }) => help),
];

/** What a sentence may advise, and the command that does it. */
const DOABLE: readonly (readonly [says: RegExp, command: string])[] = [
  [/\bstart (?:it|the job) again\b|\bto be done again\b/i, 'jobs again'],
  [/\blogs?\b/i, 'jobs logs'],
  [/\bcancel\b/i, 'jobs cancel'],
  [/\bpaths of the plan\b/i, 'plans edit'],
  [/\bexclude\b/i, 'plans edit'],
  [/\bremove the plan\b/i, 'plans remove'],
  [/\bhost is up\b/i, 'hosts list'],
  [/\bfailures\b/i, 'jobs show'],
  [/\bcorrect (?:its|the) address\b/i, 'repositories address'],
  [/\b(?:right|its) password\b|\bpassword it was made with\b/i, 'repositories password'],
  [/\b(?:make|begin) (?:the repository|anew)\b/i, 'repositories init'],
  [/\bunlock|\bknown to be dead\b/i, 'repositories unlock'],
];

const unnamed = (sentence: string) =>
  DOABLE.filter(([says, command]) => says.test(sentence) && !sentence.includes(`holdfast ${command}`)).map(
    ([, command]) => `"${sentence}" does not name "holdfast ${command}"`,
  );

describe('RUN-23, UX-2: every command that we print is one', () => {
  test('in outcomes and errors', async () => {
    const { commands, wrong } = await wrongIn(ADVICE);
    expect(wrong).toEqual([]);
    expect(commands.length).toBeGreaterThan(10);
  });

  test('in every text of the program', async () => {
    const files = globSync('src/**/*.ts', { cwd: ROOT }).filter(
      (file) => !/\.(?:test|fixture)\.ts$|cli\/output\/advice\.ts$/.test(file),
    );
    const texts = files.flatMap((file) =>
      readFileSync(join(ROOT, file), 'utf8')
        .split('\n')
        .filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line) && !NO_SENTENCE.test(line)),
    );
    const { commands, wrong } = await wrongIn(texts);
    expect(wrong).toEqual([]);
    expect(commands.length).toBeGreaterThan(40);
  });

  test('in README and documentation', async () => {
    const files = ['README.md', ...globSync('docs/*.md', { cwd: ROOT })];
    const { commands, wrong } = await wrongIn(files.map((file) => readFileSync(join(ROOT, file), 'utf8')));
    expect(wrong).toEqual([]);
    expect(commands.length).toBeGreaterThan(10);
  });

  test('and one that is none is seen', async () => {
    const { wrong } = await wrongIn([
      'Run holdfast plans burn NAME, then look.',
      'See "holdfast hosts lst".',
      'Try `holdfast plans remove`.',
      'say(`npx holdfast jobs logs $' + '{id} --tial 5`);',
    ]);
    expect(wrong.map((one) => one.split(': error')[0])).toEqual([
      'holdfast plans burn NAME',
      'holdfast hosts lst',
      'holdfast plans remove',
      'holdfast jobs logs X --tial 5',
    ]);
  });
});

/** Lines in which `holdfast` is followed by a word that is no command: labels of keys and connections; and one example for three. */
const NO_SENTENCE =
  /createHmac|hkdf|Buffer\.from\(`holdfast payload|applicationName|'holdfast start'|HOLDFAST_DATA=\S+ holdfast \$\{name\}/;

describe('UX-2: advice to do what Holdfast does names the command', () => {
  test('in outcomes and errors', () => {
    expect(ADVICE.flatMap(unnamed)).toEqual([]);
  });

  test('and advice without one is seen', () => {
    expect(unnamed('Correct the paths of the plan, then start it again.')).toHaveLength(2);
    expect(unnamed('Set the right password.')).toHaveLength(1);
    expect(unnamed('Read its log: `holdfast jobs logs JOB`.')).toHaveLength(0);
  });

  test('the commands it may name are there, or on their way', () => {
    const names = leavesOf(program()).map(nameOf);
    expect(DOABLE.map(([, command]) => command).filter((name) => !names.includes(name))).toEqual([]);
  });
});

test('`holdfast` before the first word of a command, and of no other, is replaced where it is printed', () => {
  const names = program().commands.map((command) => command.name());
  expect([...COMMANDS].sort()).toEqual(names.filter((name) => name !== 'programs').sort());
});

test('advice about a job can be pasted: it names the job, its plan, repository and host', () => {
  const job = { id: 'job_1', planId: 'plan_2', repositoryId: 'repo_3', host: { name: "db 'one'" } };
  const said = adviceFor(
    job,
    'See `holdfast jobs logs JOB --tail 5`, `holdfast plans edit PLAN --path PATH`, `holdfast repositories init NAME --host HOST`. NAME JOB',
  );
  expect(said).toBe(
    `See \`holdfast jobs logs job_1 --tail 5\`, \`holdfast plans edit plan_2 --path PATH\`, \`holdfast repositories init repo_3 --host 'db '\\''one'\\'''\`. NAME JOB`,
  );
  expect(adviceFor({ ...job, planId: null, host: null }, '`holdfast plans edit PLAN --host HOST`')).toBe(
    '`holdfast plans edit PLAN --host HOST`',
  );
});

test('UX-6: every command has an example in its help, and the example is one', async () => {
  for (const command of allOf(program())) {
    if (nameOf(command) === 'programs') continue;
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    const examples = help.split(/^Examples?:\n/m)[1] ?? '';
    expect(commandsIn(examples).length, `holdfast ${nameOf(command)} --help`).toBeGreaterThan(0);
    for (const example of commandsIn(examples)) expect(example.startsWith(nameOf(command)), example).toBe(true);
    expect((await wrongIn([examples])).wrong).toEqual([]);
  }
});

test('a refusal of the API is printed with the command that helps, unless it names one or the help is for who writes requests', () => {
  expect(problemAdvice({ code: 'plan-in-use', detail: 'The job has not ended.', jobId: 'job_1' })).toContain(
    '`holdfast jobs cancel job_1`',
  );
  expect(problemAdvice({ code: 'unknown-kind', detail: 'No.' })).toContain('`holdfast jobs kinds`');
  expect(problemAdvice({ code: 'unknown-kind', detail: 'See `holdfast jobs kinds`.' })).toBe('');
  for (const code of ['bad-json', 'nothing', 'toString']) expect(problemAdvice({ code })).toBe('');
});
