import { constants } from 'node:fs';
import { access } from 'node:fs/promises';

const PLACES = ['/usr/bin/setpriv', '/bin/setpriv'];

/**
 * util-linux's `setpriv --pdeathsig KILL` makes a program die with the agent; root is not needed. Without it (other
 * systems, BusyBox without that option) a program outlives a `kill -9` of the agent until the start-up sweep finds it
 * by HOLDFAST_JOB_ID in its environment; under systemd the unit's cgroup takes it along anyway.
 */
export async function findSetpriv(places: readonly string[] = PLACES): Promise<string | null> {
  for (const place of places) {
    try {
      await access(place, constants.X_OK);
      return place;
    } catch {
      // the next place
    }
  }
  return null;
}
