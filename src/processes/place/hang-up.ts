import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Environment } from '../../config/environment.ts';

const SIGHUP_BIT = 1n;

const read = (file: string): string => {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
};

/** Parent and session of a process: fields 4 and 6 of its stat. */
function placeOf(pid: string): { parent: string; session: string } | null {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' ? null : { parent: fields[1]!, session: fields[3]! };
}

/** A script under nohup, or with `trap '' HUP`, has told all that it starts; we see it on the script itself. */
function isIgnoredAbove(): boolean {
  const own = placeOf('self');
  for (let at = own; at !== null && at.parent !== '0'; ) {
    const above = placeOf(at.parent);
    if (above?.session !== own?.session) return false;
    const ignored = /^SigIgn:\s*([0-9a-f]+)$/m.exec(read(`/proc/${at.parent}/status`))?.[1] ?? '0';
    if ((BigInt(`0x${ignored}`) & SIGHUP_BIT) !== 0n) return true;
    at = above;
  }
  return false;
}

/** GNU nohup leaves `/dev/null` opened for writing in place of a terminal as standard input; nothing else does. */
function hasInputOfNohup(): boolean {
  const flags = Number.parseInt(/^flags:\s*([0-7]+)$/m.exec(read('/proc/self/fdinfo/0'))?.[1] ?? '0', 8);
  return (flags & 3) === 1;
}

/**
 * Whether we were started so as to outlive the terminal (nohup). Node sets ignored signals back when it starts, and
 * with it npm before us, so the fact itself is gone: what nohup and the shells leave behind has to tell.
 */
export function isHangUpIgnored(env: Environment): boolean {
  return basename(env._ ?? '') === 'nohup' || hasInputOfNohup() || isIgnoredAbove();
}
