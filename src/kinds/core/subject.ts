import type { Permission } from '../../catalog/permissions.ts';
import type { Can } from '../../domain/core/actor.ts';
import type { JobFacts, SubjectFact, SubjectFacts } from '../../domain/jobs/facts.ts';
import type { Failure } from '../../lib/failure.ts';
import type { IdNoun } from '../../lib/ids.ts';
import type { SecretRef } from './define-kind.ts';

/** What a job would do with its subjects, and who asks for it. */
export interface SubjectUse {
  readonly facts: JobFacts;
  readonly secrets: readonly SecretRef[];
  readonly can: Can;
}

interface SubjectDefinition<Fact extends SubjectFact> {
  /** Its key in `subjects` of a kind and in the facts of a job. */
  readonly noun: string;
  /** Which public ids name it. */
  readonly id: IdNoun;
  /** Who may not see it is told that there is no such one; a job brings along also what its caller may not see. */
  readonly read: Permission;
  /** Whether that permission can be given for the site of the job's host, or in the organisation only. */
  readonly readAt: 'site' | 'organization';
  /** Nouns that it brings along: its row names them in `<noun>_id`. They stand behind it in the list of subjects. */
  readonly brings: readonly string[];
  /** Why this principal may not have it used so, or null. */
  readonly forbids?: (fact: Fact, use: SubjectUse) => Failure | null;
  /** Why it cannot be used so now, or null. Looked at after all permissions. */
  readonly unready?: (fact: Fact, use: SubjectUse) => Failure | null;
}

/** Something that a job can be about. How it is loaded is said in the database room, in an area of the same name. */
export interface Subject<Fact extends SubjectFact = SubjectFact> extends SubjectDefinition<Fact> {
  /** Of a job whose kind has it as a subject, or has one that brings it along; accept has seen that it is there. */
  of(facts: JobFacts): Fact;
  /** Null where it is not there, or nobody asked. */
  in(subjects: SubjectFacts): Fact | null;
}

export function defineSubject<Fact extends SubjectFact>(definition: SubjectDefinition<Fact>): Subject<Fact> {
  const { noun } = definition;
  return {
    ...definition,
    of({ subjects }) {
      const fact = this.in(subjects);
      if (fact === null) throw new Error(`accepted without ${noun}`);
      return fact;
    },
    in: (subjects) => (subjects[noun] as Fact | null | undefined) ?? null,
  };
}
