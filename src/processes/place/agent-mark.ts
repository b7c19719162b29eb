import type { RandomBytes } from '../../lib/ids.ts';
import { readIfThere, writeSecretFile } from './data-folder.ts';

/** The random word by which an agent finds the programs of the agent before; made once, readable by its own account only. */
export function ownMark(file: string, random: RandomBytes): string {
  const kept = readIfThere(file)?.trim();
  if (kept && /^[0-9a-f]{32}$/.test(kept)) return kept;
  const mark = Buffer.from(random(16)).toString('hex');
  writeSecretFile(file, `${mark}\n`);
  return mark;
}
