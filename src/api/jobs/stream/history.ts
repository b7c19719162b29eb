import type { Database } from '../../../db/core/database.ts';
import { type Lack, readStretch } from '../../../db/logs/log-pieces.ts';
import { advanced, type LogPosition, printPosition } from '../../../domain/logs/log-position.ts';
import { Turns } from '../../core/turns.ts';
import { pieceFrames } from './frames.ts';

export interface Stretch {
  readonly frames: readonly Buffer[];
  /** Behind them. */
  readonly position: LogPosition;
}

/** Of the pool's ten connections, so that a crowd that joins at once does not keep out other requests. */
const AT_ONCE = 3;

/** The lines before a feed's position, for those who come late. Many who ask for the same at once share one answer. */
export class History {
  readonly #database: Database;
  readonly #turns = new Turns(AT_ONCE);
  readonly #running = new Map<string, Promise<Stretch>>();

  constructor(database: Database) {
    this.#database = database;
  }

  read(orgId: string, lack: Lack): Promise<Stretch> {
    const key = `${lack.jobId} ${printPosition(lack.from)} ${printPosition(lack.to)}`;
    const running = this.#running.get(key) ?? this.#turns.take(() => this.#read(orgId, lack));
    this.#running.set(key, running);
    return running.finally(() => this.#running.delete(key));
  }

  async #read(orgId: string, lack: Lack): Promise<Stretch> {
    const { pieces, position } = await this.#database.inOrganization(orgId, (tx) => readStretch(tx, lack));
    let before = lack.from;
    const frames = pieces.map((piece) => {
      const framed = pieceFrames(piece, before);
      before = advanced(before, piece.run, piece.attempt, piece.next);
      return framed;
    });
    return { frames, position };
  }
}
