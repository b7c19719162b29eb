import type { RawBuilder } from 'kysely';
import type { SubjectFact } from '../../domain/jobs/facts.ts';
import type { Subject } from '../../kinds/core/subject.ts';

/** How a subject is loaded, as a part of the one statement that loads all of them. The alias of a table is its subject's noun. */
export interface SubjectTable {
  readonly table: string;
  /** Rows with a time here are gone. */
  readonly goneAt: string | null;
  /** Fields beside the row's own, as jsonb. `loads` says whether a noun is in the statement too. */
  readonly more?: (orgId: string, loads: (noun: string) => boolean) => RawBuilder<unknown>;
  /** From the row as `to_jsonb` gives it. */
  readonly factOf: (row: never) => SubjectFact;
}

/** By noun. */
export type SubjectTables = Readonly<Record<string, SubjectTable>>;

interface TableDefinition<Row, Fact> extends Omit<SubjectTable, 'factOf' | 'goneAt'> {
  readonly goneAt?: string;
  readonly factOf: (row: Row) => Fact;
}

export function tableOf<Row, Fact extends SubjectFact>(
  { noun }: Subject<Fact>,
  definition: TableDefinition<Row, Fact>,
): SubjectTables {
  return { [noun]: { goneAt: null, ...definition } };
}
