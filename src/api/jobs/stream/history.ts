import type { Database } from '../../../db/core/database.ts';
import { type LogRange, readLogBatch } from '../../../db/logs/log-slices.ts';
import { advanced, type LogPosition, printPosition } from '../../../domain/logs/log-position.ts';
import { Semaphore } from '../../core/semaphore.ts';
import { sliceFrames } from './frames.ts';

interface FrameBatch {
  readonly frames: readonly Buffer[];
  /** Behind them. */
  readonly position: LogPosition;
}

/** Of the pool's ten connections, so that a crowd that joins at once does not keep out other requests. */
const AT_ONCE = 3;

/** The lines before a feed's position, for those who come late. Many who ask for the same at once share one answer. */
export class History {
  readonly #database: Database;
  readonly #semaphore = new Semaphore(AT_ONCE);
  readonly #running = new Map<string, Promise<FrameBatch>>();

  constructor(database: Database) {
    this.#database = database;
  }

  read(orgId: string, range: LogRange): Promise<FrameBatch> {
    const key = `${range.jobId} ${printPosition(range.from)} ${printPosition(range.to)}`;
    const running = this.#running.get(key) ?? this.#semaphore.take(() => this.#read(orgId, range));
    this.#running.set(key, running);
    return running.finally(() => this.#running.delete(key));
  }

  async #read(orgId: string, range: LogRange): Promise<FrameBatch> {
    const { slices, position } = await this.#database.inOrganization(orgId, (tx) => readLogBatch(tx, range));
    let before = range.from;
    const frames = slices.map((slice) => {
      const framed = sliceFrames(slice, before);
      before = advanced(before, slice.run, slice.attempt, slice.next);
      return framed;
    });
    return { frames, position };
  }
}
