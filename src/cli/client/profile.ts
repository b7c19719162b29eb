import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { withoutSlash } from '../../config/web-url.ts';
import { CliError, EXIT } from '../output/exit.ts';

/** Which API, with which key. */
export interface Profile {
  readonly url: string;
  readonly apiKey: string;
  /** Where the key was found; said when it is refused. */
  readonly keyFrom?: string;
}

/** From the environment, else from the `cli.json` that the first start wrote into the data folder. */
export function readProfile(config: Config): Profile {
  const { url, apiKey } = config.cli;
  if (url !== null && apiKey !== null) return { url, apiKey, keyFrom: 'HOLDFAST_API_KEY' };
  const file = join(config.dataDir, 'cli.json');
  const kept = readFile(file);
  if (kept === null && (url === null || apiKey === null))
    throw new CliError(
      EXIT.unreachable,
      `No API is known: there is no ${file}. Start one with "holdfast up", set HOLDFAST_DATA to its data folder, or set HOLDFAST_URL and HOLDFAST_API_KEY.`,
    );
  return {
    url: url ?? kept!.url,
    apiKey: apiKey ?? kept!.apiKey,
    keyFrom: apiKey === null ? file : 'HOLDFAST_API_KEY',
  };
}

function readFile(file: string): Profile | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  try {
    const { url, apiKey } = JSON.parse(text) as Partial<Profile>;
    if (typeof url === 'string' && typeof apiKey === 'string') return { url: withoutSlash(url), apiKey };
  } catch {
    // Said below, without the text: it holds a key.
  }
  throw new CliError(EXIT.usage, `${file} is not of the form {"url": "...", "apiKey": "..."}.`);
}
