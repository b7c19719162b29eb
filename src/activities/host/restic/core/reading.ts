import type { ItemFailure } from '../../../../domain/jobs/outcome.ts';
import type { ResticMessage } from './decode.ts';
import { isUndecodable } from './undecodable-names.ts';

const MAX_FAILURES = 100;
/** Beyond so many items the same one may count twice: memory matters more than the exact figure then. */
const MAX_REMEMBERED = 50_000;
const MAX_TEXTS = 50;

/** What a run of restic said, gathered while it speaks; bounded whatever it says. */
export class ResticReading {
  counts: Readonly<Record<string, number>> | null = null;
  snapshotId: string | null = null;
  resticId: string | null = null;
  failures: ItemFailure[] = [];
  /** Items that could not be read, each once. */
  itemErrors = 0;
  pathsMissing = 0;
  readonly #seen = new Set<string>();
  readonly #odd = new Map<string, number>();
  #exitError: string | null = null;
  #texts: string[] = [];

  /** False when it was said before: restic reports an item in the scan and again when it reads it. */
  take(message: ResticMessage): boolean {
    switch (message.type) {
      case 'summary':
        this.counts = message.counts;
        this.snapshotId = message.snapshotId;
        return true;
      case 'item-error':
        if (!(isUndecodable(message.item) ? this.#isAnother(message) : this.#isNew(message.item))) return false;
        this.itemErrors++;
        this.#fail({ code: message.code, item: message.item, message: message.message });
        return true;
      case 'path-missing':
        if (!this.#isNew(message.path)) return false;
        this.pathsMissing++;
        this.#fail({ code: 'path-missing', item: message.path, message: 'does not exist on the host' });
        return true;
      case 'exit-error':
        this.#exitError = message.message;
        return true;
      case 'initialized':
        this.resticId = message.id;
        return true;
      case 'text':
        this.#texts.push(message.text);
        if (this.#texts.length > MAX_TEXTS) this.#texts.shift();
        return true;
      default:
        return true;
    }
  }

  /** Why restic gave up, in its own words; what it said about single items is not in it. */
  get lastMessage(): string {
    // restic says of a failed ssh only that it ended; why, ssh said before.
    const ssh = this.#texts.filter((line) => line.startsWith('subprocess ssh:'));
    if (this.#exitError !== null) return [this.#exitError, ...ssh].join('\n');
    const fatal = this.#texts.findLastIndex((line) => line.startsWith('Fatal:'));
    return (fatal === -1 ? this.#texts : [...this.#texts.slice(fatal), ...ssh]).join('\n');
  }

  /** Everything of the last lines that was not a message, for commands that print a document. */
  get document(): string {
    return this.#texts.join('\n');
  }

  #isNew(item: string): boolean {
    if (this.#seen.has(item)) return false;
    if (this.#seen.size < MAX_REMEMBERED) this.#seen.add(item);
    return true;
  }

  /** Names with bytes that are no UTF-8 look the same; each part of restic's work says each of them once. */
  #isAnother({ item, during }: { readonly item: string; readonly during: string }): boolean {
    const said = (this.#odd.get(`${during} ${item}`) ?? 0) + 1;
    if (this.#odd.size < MAX_REMEMBERED) this.#odd.set(`${during} ${item}`, said);
    const known = this.#odd.get(item) ?? 0;
    if (said > known) this.#odd.set(item, said);
    return said > known;
  }

  #fail(failure: ItemFailure): void {
    if (this.failures.length < MAX_FAILURES) this.failures.push(failure);
  }
}
