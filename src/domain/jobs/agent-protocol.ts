import Type, { type TProperties } from 'typebox';
import { publicIdPattern } from '../../lib/ids.ts';
import type { AttemptResult } from './outcome.ts';

/** The service an agent calls beside Temporal's, on the same address: unary gRPC with these messages as JSON. */
export const AGENT_SERVICE = 'holdfast.agent.v1.Agent';
export const AGENT_METHODS = ['Hello', 'Beat', 'Claim', 'Report'] as const;
export type AgentMethod = (typeof AGENT_METHODS)[number];

/** Raised when an agent of the version before can no longer understand the messages. */
export const AGENT_PROTOCOL = 1;

/** Makes sure that a host runs nothing of a job and that nothing of it is left in the way; on the quick lane. */
export const QUIESCENCE_ACTIVITY = 'host.quiescence.v1';

/** What an attempt's token opens: the job's own work, or only what removes the traces of one that was stopped. */
export type AttemptClass = 'work' | 'cleanup';
export const attemptClass = (activity: string): AttemptClass => (activity === QUIESCENCE_ACTIVITY ? 'cleanup' : 'work');

/** Name of the Temporal header under which the gateway hands out the ticket of an attempt. */
export const TICKET_HEADER = 'holdfast-ticket';

export const BEAT_INTERVAL_MS = 10_000;
/** Presence is a lease: without a beat for this long the host counts as away. */
export const LEASE_MS = 25_000;

/** A line of a job's log: milliseconds since 1970, the stream, the text without its line end. */
export type LogLine = readonly [atMs: number, stream: 'out' | 'err' | 'sys', text: string];
export const MAX_LINE_BYTES = 16_384;
/** Lines of a job that has ended are taken this much longer: an agent that was cut off brings them when it is back. */
export const LATE_LOG_MS = 48 * 3_600_000;
/** At most this many lines and bytes travel in one report, and so stand in one chunk. */
export const MAX_CHUNK_LINES = 200;
export const MAX_CHUNK_BYTES = 256 * 1024;

/** What a message may weigh on the wire, by its type. A report holds a chunk in which every letter may be escaped once. */
export const MAX_MESSAGE_BYTES: Readonly<Record<AgentMethod, number>> = {
  Hello: 64 * 1024,
  Beat: 16 * 1024,
  Claim: 16 * 1024,
  Report: 1024 * 1024,
};

const text = (maxLength: number) => Type.String({ maxLength });
/** Messages are closed: what is in none of their fields would be stored and shown without anybody having looked at it. */
const Closed = <Fields extends TProperties>(fields: Fields) => Type.Object(fields, { additionalProperties: false });
/** PostgreSQL's `int`. */
const count = (minimum: number) => Type.Integer({ minimum, maximum: 2 ** 31 - 1 });
const base64 = (maxLength: number) => Type.String({ maxLength, pattern: '^[A-Za-z0-9+/]*={0,2}$' });

export const Hello = Closed({
  protocol: count(0),
  agentVersion: text(64),
  hostname: text(255),
  os: text(64),
  arch: text(32),
  programs: Type.Array(Closed({ name: text(32), version: text(64), path: text(4096) }), { maxItems: 32 }),
  powers: Type.Array(text(32), { maxItems: 32 }),
  /** Versioned names of the activities this agent can do. */
  activities: Type.Array(text(64), { maxItems: 200 }),
});
export interface HelloAnswer {
  readonly hostId: string;
  readonly hostName: string;
  /** Raised by each hello: of two agents with one credential, the one with the older number has to stop. */
  readonly epoch: number;
  readonly namespace: string;
  readonly mainQueue: string;
  readonly quickQueue: string;
}

export const Beat = Closed({
  epoch: count(0),
  /** The jobs of which a process runs on the host right now. */
  running: Type.Array(Closed({ jobId: Type.String({ pattern: publicIdPattern('job') }), attempt: count(1) }), {
    maxItems: 64,
  }),
});
export interface BeatAnswer {
  /** `superseded`: another agent came with the same credential; `revoked`: the credential is dead. Either way: stop. */
  readonly verdict: 'ok' | 'superseded' | 'revoked';
  /** The gateway itself does not reach the engine: this beat says nothing about heartbeats of attempts. */
  readonly engineAway: boolean;
}

const capability = {
  /** The task token as the gateway issued it, base64. */
  token: base64(4096),
  /** The ticket from the Temporal header, base64. */
  ticket: base64(2048),
};

export const Claim = Closed({ ...capability });
export interface ClaimAnswer {
  /** What to do, without secrets (the kind's `work`). */
  readonly work: unknown;
  /** Secret values by the names the kind gave them. Held in memory only. */
  readonly secrets: Readonly<Record<string, string>>;
}

export const Progress = Closed({
  /** 0 to 1, or null when it cannot be known yet. */
  fraction: Type.Union([Type.Number(), Type.Null()]),
  bytesDone: Type.Number(),
  bytesTotal: Type.Number(),
  filesDone: Type.Number(),
  filesTotal: Type.Number(),
  current: Type.Union([text(4096), Type.Null()]),
  ratePerSecond: Type.Union([Type.Number(), Type.Null()]),
  etaSeconds: Type.Union([Type.Number(), Type.Null()]),
  /** Why it does not move, in words of the program, and since when it says so. Left out by the release before. */
  note: Type.Optional(Type.Union([text(1_000), Type.Null()])),
  noteAt: Type.Optional(Type.Union([text(40), Type.Null()])),
});
export type Progress = Type.Static<typeof Progress>;

/** What an attempt says, as the gateway read it. `last`: no line comes behind these. */
export interface AttemptReport {
  readonly firstSeq: number;
  readonly lines: readonly LogLine[];
  readonly progress: Progress | null;
  readonly result: AttemptResult | null;
  readonly last: boolean;
}

export const Report = Closed({
  ...capability,
  /**
   * Sequence of the first line; the first report of an attempt starts at 0. One report is in flight at a time. A report
   * with nothing in it asks which number comes next.
   */
  firstSeq: Type.Integer({ minimum: 0, maximum: 2 ** 40 }),
  lines: Type.Array(Type.Tuple([Type.Number(), Type.Enum(['out', 'err', 'sys']), Type.String()]), {
    maxItems: MAX_CHUNK_LINES,
  }),
  progress: Type.Union([Progress, Type.Null()]),
  /** Once the attempt has ended: how, kept in case that the answer to Temporal is lost. Taken whatever becomes of the lines; read by `readAttemptResult`. */
  result: Type.Unknown(),
  /** No line comes behind these. */
  last: Type.Optional(Type.Boolean()),
});
export interface ReportMessage {
  readonly token: string;
  readonly ticket: string;
  readonly firstSeq: number;
  readonly lines: readonly LogLine[];
  readonly progress: Progress | null;
  readonly result: AttemptResult | null;
  readonly last?: boolean;
}
export interface ReportAnswer {
  /** The sequence the next report has to start with. When it is not `firstSeq` + lines, this one was not taken (or was taken before). */
  readonly nextSeq: number;
  /** The job has ended long ago or belongs to another run: stop sending. */
  readonly closed: boolean;
  /** The attempt has said more than it may: lines are counted and no longer kept. */
  readonly full: boolean;
}

/** The input of every host activity, as it stands in the (encrypted) history: references only. */
export interface HostActivityInput {
  readonly kind: string;
  /** Public id. */
  readonly jobId: string;
  readonly runNo: number;
  readonly attempt: number;
}

/** What the host has to know to end the remains of an attempt. */
export interface QuiescenceInput extends HostActivityInput {
  readonly stop: { readonly signal: 'SIGINT' | 'SIGTERM'; readonly graceMs: number };
  /** What removes the traces of a program that was killed, by the name the kind gives it. */
  readonly cleanUp: string | null;
}
