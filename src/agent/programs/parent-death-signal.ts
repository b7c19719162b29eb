import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { runProgram } from './run-program.ts';

const PLACES = ['/usr/bin/setpriv', '/bin/setpriv'];
const ASKED_WITHIN_MS = 5_000;

/**
 * util-linux's `setpriv --pdeathsig KILL` makes a program die with the agent; root is not needed. Without it (other
 * systems, RHEL 8 and BusyBox, whose setpriv does not know the option) a program outlives a `kill -9` of the agent until
 * the start-up sweep finds it by HOLDFAST_JOB_ID in its environment; under systemd the unit's cgroup takes it along anyway.
 */
export async function findSetpriv(places: readonly string[] = PLACES): Promise<string | null> {
  for (const place of places) if ((await isThere(place)) && (await knowsTheOption(place))) return place;
  return null;
}

const isThere = (place: string): Promise<boolean> =>
  access(place, constants.X_OK).then(
    () => true,
    () => false,
  );

/** Asked once at the start: found out at a job, each job would fail with what setpriv says. */
async function knowsTheOption(file: string): Promise<boolean> {
  const end = await runProgram(
    { file, args: ['--pdeathsig', 'KILL', '--version'], env: {} },
    {
      signal: AbortSignal.timeout(ASKED_WITHIN_MS),
      stop: { signal: 'SIGTERM', graceMs: 1_000 },
      onLine: () => {},
      maxLineBytes: 1_024,
      setpriv: null,
    },
  );
  return end.exitCode === 0;
}
