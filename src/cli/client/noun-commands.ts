import { type Command, Option } from 'commander';
import { CliError, EXIT } from '../output/exit.ts';
import type { Column, Output } from '../output/output.ts';
import type { BodyOf, Nouns } from './api-types.ts';
import { type Cli, openSession, type Session } from './cli.ts';
import { find, listOf } from './find.ts';

// biome-ignore lint/suspicious/noExplicitAny: options as commander read them; each noun knows its own
type Options = any;

type PlainNoun = 'site' | 'plan' | 'schedule';

/** What the commands of a plain noun follow from. */
interface NounCommands<Noun extends PlainNoun> {
  readonly noun: Noun;
  /** What they are, for the help. */
  readonly about: string;
  readonly hidden?: boolean;
  readonly columns: readonly Column<Nouns[Noun]>[];
  readonly none?: string;
  facts(row: Nouns[Noun], output: Output): Parameters<Output['facts']>[1];
  /** Flags and what they say, beside the name: those that create needs, those that it may have, those of edit. */
  readonly options: Readonly<Record<'needed' | 'create' | 'edit', Readonly<Record<string, string>>>>;
  /** What is sent for them. */
  body(options: Options, session: Session): Promise<object> | object;
  /** What stands behind `create` and `edit` in the help. */
  readonly examples: { readonly create: string; readonly edit: string };
  /** What remove says it does, where that is not all. */
  readonly removes?: string;
}

const withOptions = (command: Command, options: Readonly<Record<string, string>>, mandatory: boolean): Command => {
  for (const [flags, about] of Object.entries(options))
    command.addOption(new Option(flags, about).makeOptionMandatory(mandatory));
  return command;
};

/** `list`, `show`, `create`, `edit` and `remove`. */
export function addNounCommands<Noun extends PlainNoun>(program: Command, cli: Cli, of: NounCommands<Noun>): Command {
  const { noun, options } = of;
  const path = listOf<PlainNoun>(noun);
  const example = (words: string) => `\nExample:\n  ${['holdfast', path, words].join(' ')}`;
  const group = program.command(path, { hidden: of.hidden ?? false }).description(of.about);
  group.addHelpText('after', example('list'));
  const add = (name: string, description: string, shown: string) =>
    group
      .command(name)
      .description(description)
      .addHelpText('after', example(`${name} ${shown}`.trim()));
  const show = ({ output }: Session, row: Nouns[PlainNoun]) => output.facts(row, of.facts(row as Nouns[Noun], output));

  add('list', `list ${path}`, '').action(async (_: unknown, command: Command) => {
    const { client, output } = openSession(cli, command);
    output.list((await client.list(path)) as Nouns[Noun][], of.columns, of.none ?? `There are no ${path}.`);
  });
  add('show', `show one ${noun}`, 'NAME')
    .argument('<name|id>', `the ${noun}`)
    .action(async (text: string, _: unknown, command: Command) => {
      const session = openSession(cli, command);
      show(session, await find(session.client, noun, text));
    });
  const create = add('create', `make a ${noun}`, of.examples.create).argument('<name>', 'what people call it');
  withOptions(withOptions(create, options.needed, true), options.create, false).action(
    async (name: string, given: Options, command: Command) => {
      const session = openSession(cli, command);
      const body = { name, ...(await of.body(given, session)) } as BodyOf<'post', typeof path>;
      show(session, await session.client.post(path, body, { creates: true }));
    },
  );
  const edit = add('edit', `change a ${noun}`, of.examples.edit).argument('<name|id>', `the ${noun}`);
  edit.option('--name <name>', 'what people call it from now on');
  withOptions(edit, options.edit, false).action(async (text: string, { name, ...given }: Options, command: Command) => {
    const session = openSession(cli, command);
    const body = { ...(name === undefined ? {} : { name }), ...(await of.body(given, session)) };
    if (Object.keys(body).length === 0)
      throw new CliError(EXIT.usage, `Say what to change: ${edit.options.map(({ long }) => long).join(', ')}.`);
    const { id, version } = await find(session.client, noun, text);
    show(session, await session.client.patch(`${path}/${id}`, body, { ifVersion: version }));
  });
  addRemove(add('remove', of.removes ?? `remove a ${noun}`, 'NAME'), cli, noun);
  return group;
}

function addRemove(remove: Command, cli: Cli, noun: PlainNoun): void {
  remove.argument('<name|id>', `the ${noun}`).action(async (text: string, _: unknown, command: Command) => {
    const { client, output } = openSession(cli, command);
    const row = await find(client, noun, text);
    await client.delete(`${listOf(noun)}/${row.id}`);
    output.facts({ removed: row }, [['Removed', `${noun} ${row.name}`]]);
  });
}
