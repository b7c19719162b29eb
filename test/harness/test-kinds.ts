import { onTestFinished } from 'vitest';
import type { JobRegistry } from '../../src/db/core/job-registry.ts';
import type { Tx } from '../../src/db/core/transaction.ts';
import { JOB_REGISTRY } from '../../src/db/job-registry.ts';
import type { JobKind } from '../../src/kinds/core/define-kind.ts';
import { type AnyKind, kindRegistry } from '../../src/kinds/core/kind-registry.ts';
import { KINDS } from '../../src/kinds/index.ts';

/** The product's registry with copies of its kinds, which a test may change, and kinds that only tests have. */
export function testRegistry(more: readonly AnyKind[] = []): JobRegistry<Tx> {
  return { ...JOB_REGISTRY, kinds: kindRegistry([...KINDS.map((kind) => ({ ...kind })), ...more]) };
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
