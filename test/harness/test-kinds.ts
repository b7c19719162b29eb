import { onTestFinished } from 'vitest';
import type { JobKind } from '../../src/kinds/core/define-kind.ts';
import { kindByKey } from '../../src/kinds/index.ts';

/**
 * Makes another kind of a kind for the length of a test, in this process: its worker and its gateway read the same list.
 * The list itself holds no test kinds.
 */
export function changeKind(key: string, changes: Partial<JobKind>): void {
  onTestFinished(changeKindUntil(key, changes));
}

/** Makes another kind of it until the function is called that this answers, for tests beside each other. */
export function changeKindUntil(key: string, changes: Partial<JobKind>): () => void {
  const kind = kindByKey(key)!;
  const before = { ...kind };
  Object.assign(kind, changes);
  return () => void Object.assign(kind, before);
}
