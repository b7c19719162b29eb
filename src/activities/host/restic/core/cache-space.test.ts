import { expect, test } from 'vitest';
import { CacheGuard, isCacheFull } from './cache-space.ts';

test('a cache that becomes full under restic is heard; a full repository is something else', () => {
  const line = (folder: string, why: string) =>
    `Load(<index/3dbfbc36e3>, 0, 0) returned error, retrying after 1.23s: Copy: write ${folder}/4758/index/3d/tmp-169: ${why}`;
  const guard = new CacheGuard('/var/lib/agent');
  guard.heard(line('/srv/repository', 'no space left on device'));
  guard.heard(line('/var/lib/agent/cache/restic', 'input/output error'));
  expect(guard.signal.aborted).toBe(false);
  guard.heard(line('/var/lib/agent/cache/restic', 'no space left on device'));
  expect(guard.signal.aborted).toBe(true);
});

test('a data folder that cannot be asked counts as full', async () => {
  expect(await isCacheFull('/proc/nowhere')).toBe(true);
  expect(await isCacheFull(process.cwd())).toBe(false);
});
