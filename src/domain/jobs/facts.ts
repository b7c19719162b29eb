/** What accept, begin and claim load once, in one statement, for the rules to look at. Ids are uuids. */
export interface SubjectFact {
  readonly id: string;
  readonly name: string;
}

/** The one subject that jobs themselves know, because it carries them out. */
export interface HostFact extends SubjectFact {
  readonly siteId: string;
  /** The cap of its site; null: none. */
  readonly siteMaxJobs: number | null;
  readonly online: boolean;
  /** Versioned activity names that the host's agent said it can do. */
  readonly activities: readonly string[];
  readonly epoch: number;
}

/** By noun. Null: it was asked for and is not there; left out: nobody asked. */
export interface SubjectFacts {
  readonly host?: HostFact | null;
  readonly [noun: string]: SubjectFact | null | undefined;
}

export interface JobFacts {
  readonly organizationId: string;
  readonly jobId: string;
  readonly subjects: SubjectFacts;
}
