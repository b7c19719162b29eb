import type { Doors } from '../../db/doors.ts';
import { type LoggedJob, readStretch } from '../../db/queries/log-pieces.ts';
import { advanced, type LogPosition, printPosition } from '../../domain/log-position.ts';
import { pieceFrames } from './frames.ts';
import { Turns } from './turns.ts';

export interface Stretch {
  readonly frames: readonly Buffer[];
  /** Behind them. */
  readonly position: LogPosition;
}

/** Of the pool's ten connections, so that a crowd that joins at once does not keep out other requests. */
const AT_ONCE = 3;

/** The lines before a feed's position, for those who come late. Many who ask for the same at once share one answer. */
export class History {
  readonly #doors: Doors;
  readonly #turns = new Turns(AT_ONCE);
  readonly #running = new Map<string, Promise<Stretch>>();

  constructor(doors: Doors) {
    this.#doors = doors;
  }

  read(job: LoggedJob, from: LogPosition, to: LogPosition): Promise<Stretch> {
    const key = `${job.jobId} ${printPosition(from)} ${printPosition(to)}`;
    const running = this.#running.get(key) ?? this.#turns.take(() => this.#read(job, from, to));
    this.#running.set(key, running);
    return running.finally(() => this.#running.delete(key));
  }

  async #read(job: LoggedJob, from: LogPosition, to: LogPosition): Promise<Stretch> {
    const { pieces } = await this.#doors.inOrg(job.orgId, (tx) => readStretch(tx, job, from, to));
    let position = from;
    const frames = pieces.map((piece) => {
      const before = position;
      position = advanced(position, piece.run, piece.attempt, piece.next);
      return pieceFrames(piece, before);
    });
    return { frames, position };
  }
}
