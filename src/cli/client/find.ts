import { editDistance } from '../../config/nearest.ts';
import { CliError, EXIT } from '../output/exit.ts';
import type { Answer } from './answer.ts';
import type { ApiClient } from './client.ts';

/** What can be named by its id or by its name. */
const NOUNS = {
  site: { path: 'sites', list: 'holdfast sites list', id: /^site_[0-9a-z]{26}$/ },
  host: { path: 'hosts', list: 'holdfast hosts list', id: /^host_[0-9a-z]{26}$/ },
  repository: { path: 'repositories', list: 'holdfast repositories list', id: /^repo_[0-9a-z]{26}$/ },
  plan: { path: 'plans', list: 'holdfast plans list', id: /^plan_[0-9a-z]{26}$/ },
} as const;
export type FindableNoun = keyof typeof NOUNS;

/** The one that an id or a name means, or null when there is none. Names of plans count within their host. */
export async function lookFor(
  client: ApiClient,
  noun: FindableNoun,
  text: string,
  query: Readonly<Record<string, string>> = {},
): Promise<Answer | null> {
  const { path, id } = NOUNS[noun];
  if (id.test(text)) return await client.get(`${path}/${text}`);
  const { items: found } = await client.listUpTo(MOST_NAMED, path, { ...query, name: text });
  if (found.length > 1) {
    const ids = found.map((one) => (one.host ? `${one.id} (${one.host.name})` : one.id)).join(', ');
    throw new CliError(EXIT.usage, `There are several ${noun}s named "${text}"; use the id: ${ids}.`);
  }
  return found[0] ?? null;
}

export async function find(
  client: ApiClient,
  noun: FindableNoun,
  text: string,
  query: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const found = await lookFor(client, noun, text, query);
  if (found !== null) return found;
  const { items } = await client.listUpTo(200, NOUNS[noun].path, query);
  const there = [...new Set(items.map(({ name }) => name as string))];
  throw new CliError(EXIT.usage, `There is no ${noun} "${text}".${suggested(text, there)} See: ${NOUNS[noun].list}`);
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
