/** What accept, begin and claim load once, in one statement, for the rules to look at. Ids are uuids. */
export interface HostFact {
  readonly id: string;
  readonly siteId: string;
  /** The cap of its site; null: none. */
  readonly siteMaxJobs: number | null;
  readonly name: string;
  readonly online: boolean;
  /** Versioned activity names that the host's agent said it can do. */
  readonly activities: readonly string[];
  readonly epoch: number;
}

export interface RepositoryFact {
  readonly id: string;
  readonly name: string;
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

export interface PlanFact {
  readonly id: string;
  readonly name: string;
  readonly hostId: string;
  readonly repositoryId: string;
  readonly paths: readonly string[];
  readonly excludes: readonly string[];
}

export interface JobFacts {
  readonly organizationId: string;
  readonly jobId: string;
  readonly host: HostFact | null;
  readonly repository: RepositoryFact | null;
  readonly plan: PlanFact | null;
}
