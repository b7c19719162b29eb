import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asError } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';

/**
 * The task tokens of the attempts that run, one file each. What lies there at a start belongs to attempts that died
 * with the agent: telling the engine at once spares them a heartbeat time-out of up to 15 minutes.
 * A wrapped token is worth nothing without the host's credential, which lies on the same disk.
 */
export class TaskTokenStore {
  readonly #folder: string;
  readonly #log: Log;

  constructor(dataDir: string, log: Log) {
    this.#folder = join(dataDir, 'attempts');
    this.#log = log;
  }

  /** Keeps a token until the returned function is called. A full disk does not stop the attempt. */
  async keep(token: string): Promise<() => Promise<void>> {
    const path = join(this.#folder, `${createHash('sha256').update(token).digest('hex').slice(0, 32)}.token`);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(path, token, { mode: 0o600 });
    } catch (thrown) {
      this.#log.warn({ err: asError(thrown) }, 'task token write failed');
    }
    return () => rm(path, { force: true }).catch(() => {});
  }

  /** Hands every token that was left behind to `fail`, and forgets those for which it resolves. */
  async clear(fail: (token: Buffer) => Promise<void>): Promise<number> {
    const names = await readdir(this.#folder).catch(() => []);
    let failed = 0;
    for (const name of names.filter((one) => one.endsWith('.token'))) {
      const path = join(this.#folder, name);
      try {
        await fail(Buffer.from(await readFile(path, 'utf8'), 'base64'));
        await rm(path, { force: true });
        failed++;
      } catch (thrown) {
        this.#log.warn({ err: asError(thrown) }, 'failing an orphaned attempt failed: left to its heartbeat time-out');
      }
    }
    return failed;
  }
}
