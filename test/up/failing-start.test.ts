import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';

test('RUN-3: a server whose start fails ends, whatever it had opened by then', async () => {
  const child = fork(join(import.meta.dirname, 'failing-start.ts'), { silent: true });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = text(child.stderr!);
  // Without an end of its own it lives for ever; the bound is for a busy machine.
  const [code] = await Promise.race([once(child, 'exit'), sleep(30_000, ['still alive'], { ref: false })]);
  expect(code).toBe(1);
  expect(await said).toContain('the workflows cannot be bundled');
});
