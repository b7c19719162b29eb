import type { RandomBytes } from '../../lib/ids.ts';

const FIRST_MS = 500;
const MOST_MS = 30_000;

/**
 * How long to wait before try number `attempt` + 1: doubles up to 30 s, and half of it is chance. When a gateway comes
 * back, ten thousand agents must not knock in the same second (500 TLS handshakes a second are what one process does).
 */
export function backoffMs(attempt: number, random: RandomBytes): number {
  const full = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10));
  const [high = 0, low = 0] = random(2);
  return full / 2 + ((high * 256 + low) / 65_536) * (full / 2);
}
