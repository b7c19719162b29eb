import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is yes; an ask that throws is a no. */
export async function untilTrue(what: string, ask: () => Promise<boolean> | boolean, withinMs = 60_000): Promise<void> {
  const end = Date.now() + withinMs;
  for (;;) {
    const there = await Promise.resolve()
      .then(ask)
      .catch(() => false);
    if (there) return;
    if (Date.now() > end) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await sleep(50);
  }
}
