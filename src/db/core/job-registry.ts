import type { Outcome } from '../../domain/jobs/outcome.ts';
import type { Conclusion } from '../../kinds/core/conclude.ts';
import type { JobKind } from '../../kinds/core/define-kind.ts';
import type { KindRegistry } from '../../kinds/core/kind-registry.ts';
import type { SubjectTables } from './subject-table.ts';

/** A job whose run has ended, and the uuids of what it was about, by noun. */
export interface EndingJob {
  readonly id: string;
  readonly kind: JobKind;
  readonly subjects: Readonly<Record<string, string>>;
}

/** What the end of a job means to an area. `Tx` is the transaction's type, which itself holds the registry. */
export interface EndHandler<Tx> {
  /** Rows may know more than the outcome says. Asked before anything is written. */
  readonly judge?: (tx: Tx, job: EndingJob, concluded: Conclusion) => Promise<Conclusion>;
  /** Writes what the host's outcome tells, in the same round trip as the end: it asks its statement at once, and reads nothing first. */
  readonly learn?: (tx: Tx, job: EndingJob, outcome: Outcome) => Promise<void>;
}

/** What areas hand to jobs, which know none of them. Every transaction in an organisation has it. */
export interface JobRegistry<Tx> {
  readonly kinds: KindRegistry;
  readonly tables: SubjectTables;
  readonly ends: readonly EndHandler<Tx>[];
}
