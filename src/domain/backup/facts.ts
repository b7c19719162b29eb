import type { SubjectFact } from '../jobs/facts.ts';

export interface RepositoryFact extends SubjectFact {
  readonly backend: string;
  /** Without user name and password. */
  readonly url: string;
  readonly hasPassword: boolean;
  /** How far a plan has taken it: to this host, to another host of the same site, or to neither. */
  readonly usedBy: 'host' | 'site' | null;
  /** restic's own id of it, and the digest of its config file where that can be read as a file; null until seen. */
  readonly resticId: string | null;
  readonly configDigest: string | null;
  /** A run has found it in order before: what is not there now was there. */
  readonly wasReady: boolean;
  readonly snapshotsKnown: number;
  /** Its cap; null: none of its own. */
  readonly maxJobs: number | null;
}

export interface PlanFact extends SubjectFact {
  readonly hostId: string;
  readonly repositoryId: string;
  readonly paths: readonly string[];
  readonly excludes: readonly string[];
}
