import { readNamespace } from '../../db/instance/instance.ts';
import { noteNamespace } from '../../db/instance/note-namespace.ts';
import { FIRST_RUN, type RunCursor, runsUnderWay } from '../../db/jobs/run/runs-under-way.ts';
import type { LoopParts } from '../core/loop-parts.ts';
import { replaceLost } from '../jobs/lost-runs.ts';

/** How many rows a round of reconcile takes: it holds its lease (3 s) from round to round. */
const BATCH = 100;

/**
 * Notices that Temporal has another database than before, by its namespace's uuid, and then gives every run that was lost
 * with the old one another. The new uuid is written down last: a worker that dies on the way leaves it to the next, which
 * finds the runs that were replaced already alive.
 */
export class EngineWatch {
  readonly #parts: LoopParts;
  #cursor: RunCursor = FIRST_RUN;
  #replaced = 0;

  constructor(parts: LoopParts) {
    this.#parts = parts;
  }

  /** Throws while Temporal or our namespace is away. */
  async round(): Promise<'again' | 'rest'> {
    const { database, engine, log } = this.#parts;
    const found = await engine.namespaceId();
    const known = await database.acrossOrganizations('engine: known namespace', readNamespace);
    if (known === found) return 'rest';
    const page =
      known === null
        ? []
        : await database.acrossOrganizations('engine: runs', (tx) => runsUnderWay(tx, this.#cursor, BATCH));
    if (this.#cursor === FIRST_RUN && known !== null)
      log.warn({ known, found }, 'Temporal namespace changed: replacing its runs');
    this.#replaced += await replaceLost(this.#parts, page);
    this.#cursor = page.at(-1) ?? FIRST_RUN;
    if (page.length === BATCH) return 'again';
    const replaced = this.#replaced;
    this.#cursor = FIRST_RUN;
    this.#replaced = 0;
    await database.acrossOrganizations('engine: note namespace', (tx) => noteNamespace(tx, known, found));
    if (known !== null) log.warn({ replaced }, 'runs of the old Temporal namespace replaced');
    return 'rest';
  }
}
