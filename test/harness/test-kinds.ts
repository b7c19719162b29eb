import { onTestFinished } from 'vitest';
import type { JobKind } from '../../src/kinds/define-kind.ts';
import { kindByKey } from '../../src/kinds/index.ts';

/**
 * Makes another kind of a kind for the length of a test, in this process: its worker and its gateway read the same list.
 * The list itself holds no test kinds.
 */
export function changeKind(key: string, changes: Partial<JobKind>): void {
  const kind = kindByKey(key)!;
  const before = { ...kind };
  onTestFinished(() => void Object.assign(kind, before));
  Object.assign(kind, changes);
}
