import { parsePublicId } from '../../lib/ids.ts';
import type { JobKind } from './define-kind.ts';
import type { Subject } from './subject.ts';

// Parameters stand in a contravariant place, so the kinds have no common type but this one; they are validated before use.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyKind = JobKind<any>;
// biome-ignore lint/suspicious/noExplicitAny: as above: its checks take its own facts
export type AnySubject = Subject<any>;

/** The kinds and subjects that a process knows. Handed in where a database is opened, so that a test has a list of its own. */
export interface KindRegistry {
  readonly all: readonly AnyKind[];
  /** What brings others along stands before them. */
  readonly subjects: readonly AnySubject[];
  byKey(key: string): JobKind | null;
  subject(noun: string): AnySubject;
  /** The uuids that a job of this kind names itself, by noun. */
  asked(kind: JobKind, params: Record<string, unknown>, hostId: string | null): Record<string, string>;
}

export function kindRegistry(all: readonly AnyKind[], subjects: readonly AnySubject[]): KindRegistry {
  const byKey = new Map(all.map((kind) => [kind.key, kind]));
  const byNoun = new Map(subjects.map((subject) => [subject.noun, subject]));
  const subject = (noun: string): AnySubject => {
    const found = byNoun.get(noun);
    if (!found) throw new Error(`there is no subject ${noun}`);
    return found;
  };
  for (const { noun, brings } of subjects)
    for (const brought of brings)
      if (subjects.indexOf(subject(brought)) < subjects.indexOf(subject(noun)))
        throw new Error(`${noun} brings ${brought} along and has to stand before it in the list`);
  for (const kind of all) for (const noun of Object.keys(kind.subjects)) subject(noun);
  return {
    all,
    subjects,
    byKey: (key) => byKey.get(key) ?? null,
    subject,
    asked(kind, params, hostId) {
      const ids = Object.entries(kind.subjects).map(([noun, source]) => {
        if (source.in === 'target') return [noun, hostId];
        const text = params[source.field];
        return [noun, typeof text === 'string' ? parsePublicId(subject(noun).id, text) : null];
      });
      return Object.fromEntries(ids.filter(([, id]) => id !== null));
    },
  };
}
