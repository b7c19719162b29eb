// A server process whose start opens something that would keep it alive, and then fails.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProcess } from '../../src/processes/process.ts';

// Never made: only its name is needed.
const env = { HOLDFAST_DATA: join(tmpdir(), 'holdfast-failing-start') };
await runProcess({ name: 'worker', env, dieWithParent: false, stopWithinMs: 500 }, async () => {
  setInterval(() => {}, 1_000);
  throw new Error('the workflows cannot be bundled');
}).catch((thrown: Error) => {
  // As main does: it says what was wrong and leaves the end to the process.
  process.stderr.write(`${thrown.message}\n`);
  process.exitCode = 1;
});
