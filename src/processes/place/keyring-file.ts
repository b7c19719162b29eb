import type { Clock } from '../../lib/clock.ts';
import { Failure } from '../../lib/failure.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import { type KeyPurpose, type Keyring, newKeyring, parseKeyring } from '../../lib/seal.ts';
import { readIfThere, writeSecretFile } from './data-folder.ts';

/** Makes the keyring at the very first start. A keyring that is there is only checked. */
export function ensureKeyring(file: string, clock: Clock, random: RandomBytes): void {
  const text = readIfThere(file);
  if (text === null) writeSecretFile(file, newKeyring(clock, random).toFileText());
  else parse(text, file);
}

/** The keys that a process holds, and no others. */
export function readKeyring(file: string, purposes: readonly KeyPurpose[]): Keyring {
  const text = readIfThere(file);
  if (text === null)
    throw new Failure(
      'keyring-missing',
      `There is no keyring at ${file}. Run "holdfast migrate", which makes it, or set HOLDFAST_KEYRING_FILE.`,
      { fault: 'operator' },
    );
  return parse(text, file).only(purposes);
}

function parse(text: string, file: string): Keyring {
  try {
    return parseKeyring(text);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    throw new Failure(thrown.code, `${thrown.message} (${file})`, { fault: 'operator', cause: thrown });
  }
}
