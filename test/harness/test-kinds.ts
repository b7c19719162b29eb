import { onTestFinished } from 'vitest';
import type { EndHandler, JobRegistry } from '../../src/db/core/job-registry.ts';
import type { SubjectTables } from '../../src/db/core/subject-table.ts';
import type { Tx } from '../../src/db/core/transaction.ts';
import { JOB_REGISTRY } from '../../src/db/job-registry.ts';
import type { JobKind } from '../../src/kinds/core/define-kind.ts';
import { type AnyKind, type AnySubject, kindRegistry } from '../../src/kinds/core/kind-registry.ts';
import { KINDS, SUBJECTS } from '../../src/kinds/index.ts';

/** What only tests have. */
export interface Additions {
  readonly kinds: readonly AnyKind[];
  readonly subjects: readonly AnySubject[];
  readonly tables: SubjectTables;
  readonly ends: readonly EndHandler<Tx>[];
}

/** The product's registry with copies of its kinds, which a test may change, and what only tests have. */
export function testRegistry({ kinds, subjects, tables, ends }: Partial<Additions> = {}): JobRegistry<Tx> {
  return {
    ...JOB_REGISTRY,
    kinds: kindRegistry([...KINDS.map((kind) => ({ ...kind })), ...(kinds ?? [])], [...(subjects ?? []), ...SUBJECTS]),
    tables: { ...JOB_REGISTRY.tables, ...tables },
    ends: [...JOB_REGISTRY.ends, ...(ends ?? [])],
  };
}

interface HasRegistry {
  readonly registry: JobRegistry<Tx>;
}

/** Makes another kind of a kind for the length of a test, in all that was opened with this registry. */
export function changeKind(stage: HasRegistry, key: string, changes: Partial<JobKind>): void {
  const kind = stage.registry.kinds.byKey(key)!;
  const before = { ...kind };
  onTestFinished(() => void Object.assign(kind, before));
  Object.assign(kind, changes);
}
