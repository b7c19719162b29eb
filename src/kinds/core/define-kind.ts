import type { Static, TSchema } from 'typebox';
import type { Permission } from '../../catalog/permissions.ts';
import type { JobFacts } from '../../domain/jobs/facts.ts';
import type { KeyWish } from '../../domain/jobs/lock.ts';
import type { OutcomeTable } from '../../domain/jobs/outcome.ts';
import type { Repeat } from '../../domain/jobs/repeat.ts';
import type { Failure } from '../../lib/failure.ts';
import type { SubjectSource } from './subject-source.ts';

/** Where the activity of a kind runs: on the host's main or quick queue, or in the control plane itself. */
export type Lane = 'main' | 'quick' | 'control';

/** A secret that the claim hands out: the column of the row that it is sealed for, and the name the activity knows it by. */
export interface SecretRef {
  readonly name: string;
  readonly table: string;
  readonly row: string;
  readonly column: string;
}

/** How an attempt is ended: the signal the program understands, how long it may take, and who cleans up. */
export interface StopProtocol {
  readonly signal: 'SIGINT' | 'SIGTERM';
  readonly graceMs: number;
  readonly cleanUp: string | null;
}

/** The part of it that a single program is under. */
export type ProgramStop = Pick<StopProtocol, 'signal' | 'graceMs'>;

export interface KindLimits {
  /** How long the network may be away before the attempt counts as lost. */
  readonly heartbeatTimeoutMs: number;
  readonly runTimeoutMs: number;
  /** A job that waits longer than this ends as `timed_out`. */
  readonly queueDeadlineMs: number;
  /** What one attempt may log; the rest is counted and said as `N lines dropped`. A line counts its bytes and 32. */
  readonly logBytes: number;
}

/** A kind of job: data and pure functions, nothing else. Everything else about jobs is written once and reads this. */
export interface JobKind<Params extends TSchema = TSchema, Work = unknown> {
  /** Also the workflow type that Temporal shows. */
  readonly key: string;
  readonly title: string;
  readonly description: string;
  /** Versioned name of the activity that does it. */
  readonly activity: string;
  readonly lane: Lane;
  readonly repeat: Repeat;
  /** Schedules of this kind run as the organisation, not as their owner. */
  readonly custodial: boolean;
  /** What a caller sends beside the target. Every field has a title; unknown fields are refused. */
  readonly params: Params;
  /** What the job is about, by noun of a subject, and where a request names it. */
  readonly subjects: Readonly<Record<string, SubjectSource>>;
  readonly permission: Permission;
  /** A rule of this kind alone, looked at last: why it is not accepted, or null. */
  readonly refuse?: (facts: JobFacts, params: Static<Params>) => Failure | null;
  readonly keys: (facts: JobFacts) => readonly KeyWish[];
  readonly limits: KindLimits;
  readonly stop: StopProtocol;
  readonly secrets: (facts: JobFacts) => readonly SecretRef[];
  /** What the host needs to know to do it, without secrets; handed out at the claim, so that history holds references only. */
  readonly work: (facts: JobFacts, params: Static<Params>) => Work;
  /** What the job does, in words: Temporal's summary, console title, audit text. */
  readonly sentence: (facts: JobFacts) => string;
  readonly outcomes: OutcomeTable;
}

export function defineKind<Params extends TSchema, Work>(kind: JobKind<Params, Work>): JobKind<Params, Work> {
  return kind;
}
