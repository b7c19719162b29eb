import { setTimeout as sleep } from 'node:timers/promises';
import type { AttemptBody } from '../../agent/attempt/attempt-context.ts';
import { workOf } from '../../agent/attempt/work.ts';
import { NoopWork } from '../../kinds/core/noop.ts';

export function noopBody(hostName: string): AttemptBody {
  return async (context) => {
    const work = workOf(NoopWork, await context.claim());
    if (work.message !== '') context.log(work.message, 'out');
    for (let i = 1; i <= work.logLines; i++) {
      context.log(`line ${i} of ${work.logLines}`, 'out');
      if (i % 100 === 0) await context.logRoom();
    }
    // Throws an AbortError when stopped; the attempt puts the reason of the stop in its place.
    await sleep(work.sleepMs, undefined, { signal: context.signal });
    context.log(`${hostName} answers`);
    const counts = { logLines: work.logLines, sleptMs: work.sleepMs };
    return { outcome: { code: 'succeeded', counts, refs: {} }, failures: [], failureCount: 0 };
  };
}
