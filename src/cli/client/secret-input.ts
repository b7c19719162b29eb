import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { CliError, EXIT } from '../output/exit.ts';

/** More is no password but the wrong file. */
const MOST_BYTES = 4_096;

/** A secret from a file, or from standard input for `-`: byte for byte, but for one line end behind it. */
export async function readSecret(
  from: string,
  cwd: string,
  stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean } = process.stdin,
): Promise<string> {
  const bytes = from === '-' ? await piped(stdin) : await fromFile(resolve(cwd, from), from);
  if (bytes.length > MOST_BYTES)
    throw new CliError(
      EXIT.usage,
      `${nameOf(from)} holds ${bytes.length} bytes; a password has at most ${MOST_BYTES}.`,
    );
  try {
    // A byte order mark is part of it, like every other byte.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.replace(/\r?\n$/, '');
  } catch {
    throw new CliError(EXIT.usage, `${nameOf(from)} is not UTF-8, so the password cannot be kept byte for byte.`);
  }
}

const nameOf = (from: string): string => (from === '-' ? 'Standard input' : `The file ${from}`);

async function piped(stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }): Promise<Buffer> {
  // Typed at a terminal it would be shown there, and nothing ever asks a question.
  if (stdin.isTTY)
    throw new CliError(EXIT.usage, 'Standard input is a terminal: give the password by a pipe or a file.');
  return await buffer(stdin);
}

async function fromFile(path: string, given: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw new CliError(EXIT.usage, `The file ${given} cannot be read: ${(thrown as NodeJS.ErrnoException).code}.`);
  }
}
