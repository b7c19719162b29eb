import { isUtf8 } from 'node:buffer';
import { readdir } from 'node:fs/promises';

/** What restic's JSON holds in the place of each byte that is no UTF-8: names that differ in such bytes only look the same. */
const LOST = '\ufffd';
const MOST_CANDIDATES = 100;

export const isUndecodable = (name: string): boolean => name.includes(LOST);

/** The paths that restic could mean by this one, as a shell takes them (`$'/a/\xff'`), in the order of their bytes. */
export async function undecodableNames(path: string): Promise<string[]> {
  let found: Buffer[] = [Buffer.from('/')];
  for (const part of path.split('/').filter((text) => text !== '')) {
    const next = await Promise.all(found.map((folder) => below(folder, part)));
    found = next.flat().slice(0, MOST_CANDIDATES);
  }
  return found.map(quoted);
}

async function below(folder: Buffer, part: string): Promise<Buffer[]> {
  const inFolder = (name: Buffer) =>
    Buffer.concat([folder, folder.length > 1 ? Buffer.from('/') : Buffer.alloc(0), name]);
  if (!isUndecodable(part)) return [inFolder(Buffer.from(part))];
  const names = await readdir(folder, { encoding: 'buffer' }).catch(() => []);
  return names
    .filter((name) => asResticShows(name) === part)
    .sort(Buffer.compare)
    .map(inFolder);
}

/** Go puts one mark for each byte that belongs to no letter; Node's decoder may put one for several. */
const asResticShows = (bytes: Buffer): string => pieces(bytes).map((piece) => (isUtf8(piece) ? piece.toString() : LOST)).join(''); // biome-ignore format: one line

function quoted(bytes: Buffer): string {
  const text = pieces(bytes).map((piece) =>
    isUtf8(piece) ? piece.toString().replace(/[\\']/g, String.raw`\$&`) : `\\x${piece.toString('hex')}`,
  );
  return `$'${text.join('')}'`;
}

/** Letters, and single bytes that belong to none. */
function pieces(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += found.at(-1)!.length) {
    const letter = [1, 2, 3, 4].map((size) => bytes.subarray(at, at + size)).find((piece) => isUtf8(piece));
    found.push(letter ?? bytes.subarray(at, at + 1));
  }
  return found;
}
