import { asError } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';

interface Loop {
  /** Ends after the round that is under way. */
  stop(): Promise<void>;
}

/**
 * Does a round each `periodMs`, never two at once; a round that throws is logged and the next one comes as usual. A round
 * may answer `again` to be followed at once, when it found more than it took.
 */
export function startLoop(name: string, periodMs: number, log: Log, round: () => Promise<'again' | 'rest'>): Loop {
  let stopped = false;
  let wake = () => {};
  const done = (async () => {
    let failures = 0;
    while (!stopped) {
      try {
        if ((await round()) === 'again') continue;
        failures = 0;
      } catch (thrown) {
        // The first one is news; of a database that stays away each minute is enough.
        if (failures++ % 60 === 0) log.error({ loop: name, failures, err: asError(thrown) }, 'loop round failed');
      }
      if (stopped) break;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, periodMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  })();
  return {
    stop() {
      stopped = true;
      wake();
      return done;
    },
  };
}
