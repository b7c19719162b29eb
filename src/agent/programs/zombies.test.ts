import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { untilReaped } from './zombies.ts';

test('a dead process that nobody has collected is waited for, and told when it stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'collect-'));
  // A name of our own: other tests have their dead.
  const name = `dead-${process.pid}`;
  symlinkSync('/bin/sleep', join(folder, name));
  // The shell becomes a program that never collects the child it has.
  const parent = spawn('/bin/sh', ['-c', `"${folder}/${name}" 0.01 & exec tail -f /dev/null`], { stdio: 'ignore' });
  try {
    await expect.poll(() => untilReaped([name], 0), { timeout: 15_000 }).toBe(false);
    expect(await untilReaped([name], 100)).toBe(false);
    const gone = untilReaped([name], 15_000);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(await gone).toBe(true);
  } finally {
    parent.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});
