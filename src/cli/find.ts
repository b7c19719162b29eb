import type { Answer, ApiClient } from './client.ts';
import { CliError, EXIT } from './exit.ts';

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
  const { items: found } = await client.listUpTo(2, path, { ...query, name: text });
  if (found.length > 1)
    throw new CliError(
      EXIT.usage,
      `There are several ${noun}s named "${text}"; use the id, for example ${found[0].id}.`,
    );
  return found[0] ?? null;
}

export async function find(
  client: ApiClient,
  noun: FindableNoun,
  text: string,
  query: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const found = await lookFor(client, noun, text, query);
  if (found === null) throw new CliError(EXIT.usage, `There is no ${noun} "${text}". See: ${NOUNS[noun].list}`);
  return found;
}
