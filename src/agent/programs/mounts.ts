import { readFile } from 'node:fs/promises';

/** Mount points of this host by their path: what is mounted there now, and what `/etc/fstab` says belongs there. */
export interface Mounts {
  /** By path: the type of the file system, for example `fuse.sshfs`. */
  readonly present: ReadonlyMap<string, string>;
  readonly wanted: ReadonlySet<string>;
}

export async function readMounts(mountInfo = '/proc/self/mountinfo', fstab = '/etc/fstab'): Promise<Mounts> {
  const [present, wanted] = await Promise.all([read(mountInfo), read(fstab)]);
  return { present: presentIn(present), wanted: wantedIn(wanted) };
}

const read = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

/** `36 35 98:0 /root /mount/point options - type source`: what is mounted last at a place is what one sees there. */
function presentIn(text: string): Map<string, string> {
  const found = text.split('\n').map((line) => /^\S+ \S+ \S+ \S+ (\S+) .* - (\S+) /.exec(line));
  return new Map(found.flatMap((match) => (match ? [[unescaped(match[1]!), match[2]!]] : [])));
}

/** What is mounted by hand or on demand may well be absent. */
function wantedIn(text: string): Set<string> {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const kept = lines.filter(
    ([source = '#', place = '', , options = '']) =>
      !source.startsWith('#') && place.startsWith('/') && !/\b(noauto|x-systemd\.automount)\b/.test(options),
  );
  return new Set(kept.map(([, place]) => unescaped(place!)));
}

/** Blanks stand in both files as `\040`. */
const unescaped = (text: string): string =>
  text.replace(/\\(\d{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
