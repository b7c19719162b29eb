import { editDistance } from '../../config/nearest.ts';
import { ID_PREFIXES } from '../../lib/ids.ts';
import { CliError, EXIT } from '../output/exit.ts';
import type { Nouns } from './api-types.ts';
import type { ApiClient } from './client.ts';

type ListOf<Noun extends string> = Noun extends `${infer Head}y` ? `${Head}ies` : `${Noun}s`;
/** Within what a name counts. */
type Within = { readonly hostId?: string; readonly name?: string };

/** The list that a noun is one of: `sites`, `repositories`. It is the API's path and the command's word. */
export const listOf = <Noun extends keyof Nouns>(noun: Noun): ListOf<Noun> =>
  `${noun.replace(/y$/, 'ie')}s` as ListOf<Noun>;
const listCommand = (noun: keyof Nouns): string => ['holdfast', listOf(noun), 'list'].join(' ');

/** The one that an id or a name means, or null when there is none. Names of plans count within their host. */
export async function lookFor<Noun extends keyof Nouns>(
  client: ApiClient,
  noun: Noun,
  text: string,
  query: Within = {},
): Promise<Nouns[Noun] | null> {
  return (await lookForAny(client, noun, text, query)) as Nouns[Noun] | null;
}

async function lookForAny(
  client: ApiClient,
  noun: keyof Nouns,
  text: string,
  query: Within,
): Promise<Nouns[keyof Nouns] | null> {
  const path = listOf(noun);
  if (new RegExp(`^${ID_PREFIXES[noun]}_[0-9a-z]{26}$`).test(text)) return await client.get(`${path}/${text}`);
  const { items: found } = await client.listUpTo(MOST_NAMED, path, { ...query, name: text });
  if (found.length > 1) {
    const ids = found.map((one) => ('host' in one ? `${one.id} (${one.host.name})` : one.id)).join(', ');
    throw new CliError(EXIT.usage, `There are several ${noun}s named "${text}"; use the id: ${ids}.`);
  }
  return found[0] ?? null;
}

export async function find<Noun extends keyof Nouns>(
  client: ApiClient,
  noun: Noun,
  text: string,
  query: Within = {},
): Promise<Nouns[Noun]> {
  const found = await lookFor(client, noun, text, query);
  if (found !== null) return found;
  const { items } = await client.listUpTo(200, listOf<keyof Nouns>(noun), query);
  const there = [...new Set(items.map(({ name }) => name))];
  throw new CliError(EXIT.usage, `There is no ${noun} "${text}".${suggested(text, there)} See: ${listCommand(noun)}`);
}

const MOST_NAMED = 5;

/** Names that are almost the mistyped one; when there are none, all of a few. */
function suggested(text: string, there: readonly string[]): string {
  const near = there.filter((name) => editDistance(text.toLowerCase(), name.toLowerCase()) <= 1 + text.length / 4);
  const quoted = (names: readonly string[]) =>
    names
      .slice(0, MOST_NAMED)
      .map((name) => `"${name}"`)
      .join(', ');
  if (near.length > 0) return ` Did you mean ${quoted(near)}?`;
  return there.length > 0 && there.length <= MOST_NAMED ? ` There is ${quoted(there)}.` : '';
}
