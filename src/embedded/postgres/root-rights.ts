import { StartProblem } from '../../processes/place/start-problem.ts';

/** What root does for PostgreSQL's account, by the bit of each right in the kernel's list. */
const NEEDED: Readonly<Record<string, bigint>> = {
  CHOWN: 0n,
  DAC_OVERRIDE: 1n,
  KILL: 5n,
  SETGID: 6n,
  SETUID: 7n,
};

/** Those of them that are missing in the text of /proc/self/status: containers and service managers take some from root. */
export function missingRights(status: string): string[] {
  const held = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  if (held === undefined) return [];
  const bits = BigInt(`0x${held}`);
  return Object.keys(NEEDED).filter((name) => ((bits >> NEEDED[name]!) & 1n) === 0n);
}

export function refuseBoundRoot(status: string): void {
  const missing = missingRights(status);
  if (missing.length === 0) return;
  throw new StartProblem(
    `PostgreSQL refuses to run as root, and this root may not look after the files and processes of another account: it lacks ${missing.map((name) => `CAP_${name}`).join(', ')}`,
    'CapEff in /proc/self/status',
    `Start Holdfast as another user than root, or give it those rights (for a container: ${missing.map((name) => `--cap-add ${name}`).join(' ')}).`,
  );
}
