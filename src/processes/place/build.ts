import { readFileSync } from 'node:fs';

/** Which program this is. */
export function buildOf(): { version: string; commit: string | null } {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return { version: (JSON.parse(text) as { version: string }).version, commit: null };
}
