import { normalize } from 'node:path/posix';
import { type Mounts, readMounts } from '../../../../agent/programs/mounts.ts';
import { isWithin } from '../../../../domain/backup/plan-paths.ts';
import type { ItemFailure } from '../../../../domain/jobs/outcome.ts';
import { findOwnData, type OwnData, ownDataIn } from '../core/own-data.ts';
import { inspectPath, type PathState } from './inspect-path.ts';

/** What a plan comes to on this host, before restic is asked. */
export interface Sources {
  /** What restic is given: links with what they lead to. */
  readonly paths: readonly string[];
  /** Behind those of the plan, so that nothing takes them back. */
  readonly excludes: readonly string[];
  readonly failures: readonly ItemFailure[];
  /** The path that is our own data; nothing is backed up then. */
  readonly own: ItemFailure | null;
  /** `/srv/data -> /mnt/disk1/data` */
  readonly followed: readonly string[];
  readonly leftOut: readonly OwnData[];
  /** What is not there; restic says so too when it is started. */
  readonly absent: readonly string[];
  /** There is something of which a snapshot can be made. */
  readonly worthwhile: boolean;
}

interface Plan {
  readonly repositoryUrl: string;
  readonly paths: readonly string[];
  readonly excludes: readonly string[];
}

export async function readSources(plan: Plan, ownFolders: readonly string[], signal: AbortSignal): Promise<Sources> {
  const mounts = await readMounts();
  const gathered = new Gathered(plan, await findOwnData(ownFolders, plan.repositoryUrl, signal), mounts);
  for (const given of plan.paths) {
    const path = normalize(given).replace(/(?<=.)\/$/, '');
    gathered.add(path, await inspectPath(path, signal, mountOf(path, mounts) ?? path));
  }
  return gathered;
}

/** The mount that a path lies on; null for the root, where silence is the path's own (a link that leads to a dead mount). */
function mountOf(path: string, { present }: Mounts): string | null {
  const around = [...present.keys()].filter((mount) => mount !== '/' && isWithin(path, mount));
  return around.reduce<string | null>(
    (deepest, mount) => (mount.length > (deepest?.length ?? 0) ? mount : deepest),
    null,
  );
}

const FOREIGN = 'set by somebody who does not own that; name the folder itself, or let its owner or root set the link';

class Gathered implements Sources {
  readonly #plan: Plan;
  readonly #own: readonly OwnData[];
  readonly #mounts: Mounts;
  readonly #paths = new Set<string>();
  readonly #excludes = new Set<string>();
  readonly failures: ItemFailure[] = [];
  own: ItemFailure | null = null;
  readonly followed: string[] = [];
  readonly leftOut: OwnData[] = [];
  readonly absent: string[] = [];
  worthwhile = false;

  constructor(plan: Plan, own: readonly OwnData[], mounts: Mounts) {
    this.#plan = plan;
    this.#own = own;
    this.#mounts = mounts;
  }

  get paths(): readonly string[] {
    return [...this.#paths];
  }

  get excludes(): readonly string[] {
    return [...this.#excludes];
  }

  add(path: string, look: PathState): void {
    switch (look.is) {
      case 'silent':
        this.#fail('path-silent', path, 'does not answer; if it is a network mount, look at its server');
        break;
      case 'broken-link':
        this.#fail('link-broken', path, `is a symbolic link to ${look.target}, which cannot be reached`);
        break;
      case 'absent':
        this.absent.push(path);
        this.#paths.add(path);
        break;
      case 'unreadable':
        this.worthwhile = true;
        this.#paths.add(path);
        break;
      case 'there':
        this.#addFound(path, look);
    }
  }

  #addFound(path: string, { real, empty, link }: Extract<PathState, { is: 'there' }>): void {
    const foreign = link?.foreign ?? false;
    const own = foreign ? undefined : this.#own.find((data) => isWithin(real, data.path));
    if (own) {
      this.own ??= { code: 'own-data', item: path, message: `lies in ${own.path}: ${own.what}` };
      return;
    }
    this.#paths.add(path);
    if (foreign) this.#fail('link-not-followed', path, `is a symbolic link to ${real}, ${FOREIGN}`);
    else if (link) this.#follow(path, real);
    if (!foreign) this.#leaveOut(link ? real : path, real);
    if (empty) this.#fail('path-empty', path, this.#whyEmpty(real));
    else this.worthwhile = true;
  }

  /** restic stores a link as a link; what it leads to is a path of its own, for which the plan's excludes count as well. */
  #follow(path: string, real: string): void {
    this.#paths.add(real);
    this.followed.push(`${path} -> ${real}`);
    for (const exclude of this.#plan.excludes)
      if (exclude.startsWith(`${path}/`)) this.#excludes.add(asPattern(real) + exclude.slice(path.length));
  }

  #leaveOut(path: string, real: string): void {
    for (const data of ownDataIn(this.#own, path, real)) {
      this.#excludes.add(asPattern(data.path));
      this.leftOut.push(data);
    }
  }

  #whyEmpty(real: string): string {
    return this.#mounts.wanted.has(real) && !this.#mounts.present.has(real)
      ? 'is an empty folder: /etc/fstab mounts something here, and it is not mounted'
      : 'is an empty folder; if something is mounted here usually, mount it';
  }

  #fail(code: string, item: string, message: string): void {
    this.failures.push({ code, item, message });
  }
}

/** As a pattern of restic that fits this path only. */
const asPattern = (path: string): string => path.replace(/[\\*?[]/g, String.raw`\$&`);
