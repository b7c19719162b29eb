import { type Mask, maskOf } from '../../lib/mask.ts';
import { safeText } from '../../lib/safe-text.ts';

/** A shorter one would hide nothing but the text, and be told by its holes. */
const SHORTEST = 4;

/** Masks secrets in lines that were made safe: a secret with control characters in it looks different there. */
export function maskLines(secrets: readonly string[]): Mask {
  return maskOf(
    secrets.flatMap((secret) => [secret, ...secret.split(/\r?\n/).map(safeText)]),
    SHORTEST,
  );
}
