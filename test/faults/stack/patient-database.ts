import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const WITHIN_MS = 90_000;
const DEADLOCK = '40P01';

/** Looks at the rows whenever the server is there: a statement that met a dead server is asked again. For reading, and for arranging. */
export class PatientDatabase {
  readonly #pool: pg.Pool;
  readonly #held = new Set<pg.PoolClient>();

  constructor(url: string) {
    this.#pool = new pg.Pool({ connectionString: url, max: 3, connectionTimeoutMillis: 3_000 });
    this.#pool.on('error', () => {});
  }

  async rows<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const end = Date.now() + WITHIN_MS;
    for (;;) {
      try {
        return (await this.#pool.query(text, [...values])).rows as Row[];
      } catch (thrown) {
        // A statement that is wrong stays wrong; 57P is the server going away, 53300 one that is full.
        const { code = '' } = thrown as { code?: string };
        if ((/^[0-9A-Z]{5}$/.test(code) && !/^(?:57P|08|53300)/.test(code)) || Date.now() > end) throw thrown;
        await sleep(200);
      }
    }
  }

  /** A transaction that this statement opens, held until the answer is called. One that met a deadlock is opened again. */
  async hold(text: string): Promise<() => Promise<void>> {
    const end = Date.now() + WITHIN_MS;
    for (;;) {
      const client = await this.#pool.connect();
      this.#held.add(client);
      const giveBack = async (last: 'commit' | 'rollback') => {
        await client.query(last);
        this.#held.delete(client);
        client.release();
      };
      try {
        await client.query(`begin; ${text}`);
        return () => giveBack('commit');
      } catch (thrown) {
        await giveBack('rollback');
        if ((thrown as { code?: string }).code !== DEADLOCK || Date.now() > end) throw thrown;
      }
    }
  }

  /** What is still held is let go: a pool ends only when it has all its connections, and a scenario that failed gave none back. */
  async close(): Promise<void> {
    for (const client of this.#held) client.release(true);
    this.#held.clear();
    await this.#pool.end();
  }
}
