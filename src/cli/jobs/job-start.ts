import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Cli, openSession } from '../client/cli.ts';
import type { ApiClient } from '../client/client.ts';
import { find } from '../client/find.ts';
import { showToEnd } from '../watch/show-to-end.ts';

interface StartOptions {
  host?: string;
  plan?: string;
  repository?: string;
  param: Record<string, string>;
  wait?: boolean;
  follow?: boolean;
  ifBusy?: 'queue' | 'refuse';
}

/** The JSON Schema of the parameters of a kind, as far as it is read here. */
interface ParamsSchema {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>;
}

function collectParam(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Give it as name=value.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

export function jobStart(jobs: Command, cli: Cli): void {
  jobs
    .command('start')
    .argument('<kind>', 'what to do; "holdfast jobs kinds" lists them')
    .option('--host <name|id>', 'the host to do it on')
    .option('--plan <name|id>', 'the plan it is about')
    .option('--repository <name|id>', 'the repository it is about')
    .option('--param <name=value>', 'a parameter of the kind; can be repeated', collectParam, {})
    .addOption(new Option('--if-busy <way>', 'what to do when the host is busy').choices(['queue', 'refuse']))
    .option('--wait', 'wait for the end, and end with its exit code')
    .option('--follow', 'show its log meanwhile, and end with its exit code')
    .description('start a job')
    .addHelpText(
      'after',
      '\nExamples:\n  holdfast jobs start noop --host local --wait\n  holdfast jobs start backup --plan etc --follow',
    )
    .action((kind: string, options: StartOptions, command: Command) => start(cli, kind, options, command));
}

async function start(cli: Cli, kind: string, options: StartOptions, command: Command): Promise<void> {
  const session = openSession(cli, command);
  const { client } = session;
  const host = options.host === undefined ? null : await find(client, 'host', options.host);
  const params: Record<string, unknown> = await typedParams(client, kind, options.param);
  const within: Record<string, string> = host ? { hostId: host.id } : {};
  if (options.plan !== undefined) params.planId = (await find(client, 'plan', options.plan, within)).id;
  if (options.repository !== undefined) params.repositoryId = (await find(client, 'repository', options.repository)).id;
  const body = {
    kind,
    params,
    // A plan names its host itself; --host then only says which plan of that name is meant.
    ...(host && options.plan === undefined ? { target: { hostId: host.id } } : {}),
    ...(options.ifBusy === undefined ? {} : { ifBusy: options.ifBusy }),
  };
  const job = await client.post('jobs', body, { creates: true });
  await showToEnd(cli, session, job, options);
}

/** Parameters from the command line are text; the kind says which of them are numbers. */
async function typedParams(
  client: ApiClient,
  kind: string,
  texts: Record<string, string>,
): Promise<Record<string, unknown>> {
  if (Object.keys(texts).length === 0) return {};
  const { items } = await client.get('job-kinds');
  const schema = items.find(({ key }) => key === kind)?.params as ParamsSchema | undefined;
  const properties = schema?.properties ?? {};
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, typed(properties[name]?.type, text)]));
}

function typed(type: string | undefined, text: string): unknown {
  if ((type === 'integer' || type === 'number') && text.trim() !== '' && Number.isFinite(Number(text)))
    return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
