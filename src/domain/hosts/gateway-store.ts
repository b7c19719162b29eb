import type { Static } from 'typebox';
import type { AttemptReport, Hello, ReportAnswer } from '../jobs/agent-protocol.ts';

/** What an agent says of itself when it comes. */
export type HelloFacts = Omit<Static<typeof Hello>, 'protocol'>;

/** The agent on the other end of a call, once its credential was found good. Ids are uuids. */
export interface HostIdentity {
  readonly orgId: string;
  readonly hostId: string;
  readonly hostName: string;
}

/** What the gateway's signed ticket says of an attempt. Ids are uuids. */
export interface AttemptTicket {
  readonly jobId: string;
  readonly runNo: number;
  /** Temporal's id of the run: the fence lets no other run of the same number claim. */
  readonly runId: string;
  readonly attempt: number;
  readonly activity: string;
}

export interface SealedSecret {
  readonly name: string;
  readonly table: string;
  readonly row: string;
  readonly column: string;
  readonly version: number;
  readonly sealed: Buffer;
}

export type ClaimVerdict =
  | { readonly verdict: 'claimed'; readonly work: unknown; readonly secrets: readonly SealedSecret[] }
  /** The job has ended, is being cancelled, or belongs to another run or host. */
  | { readonly verdict: 'refused'; readonly reason: string };

export interface PresenceBeat extends HostIdentity {
  readonly epoch: number;
  /** Public ids. */
  readonly runningJobs: readonly string[];
  /** A beat that could not be written for a while still says that the host was there then, not now. */
  readonly arrivedAt: Date;
}

/** What became of beats: the others were written. */
export interface BeatsLeft {
  /** The database was away, or busy with their organisation. */
  readonly again: readonly PresenceBeat[];
  /** Their values are refused by the database, and always would be. */
  readonly dropped: readonly PresenceBeat[];
  /** Why, where there are any. */
  readonly thrown: unknown;
}

/** A run of a job that is under way on a host, and the numbers of its attempts that may have touched the world. */
export interface HostRun {
  readonly jobId: string;
  readonly runNo: number;
  readonly claimedAttempts: readonly number[];
}

/** The gateway's memory. The one implementation is `db/hosts/gateway-store.ts`; every call is one transaction. */
export interface GatewayStore {
  /** By the SHA-256 of the whole credential; null when unknown or revoked. Looked up at every connection's first call, kept for at most 5 s. */
  authenticate(orgId: string, hostId: string, credentialHash: Buffer): Promise<HostIdentity | null>;
  /** Raises the host's epoch, stores what the agent says of itself, starts its lease. */
  hello(host: HostIdentity, hello: HelloFacts, address: string): Promise<{ epoch: number }>;
  /** The host's epoch and the command queue bound to it; for agents with an older epoch. */
  epoch(host: HostIdentity): Promise<{ epoch: number; commandQueue: string | null }>;
  bindCommandQueue(host: HostIdentity, epoch: number, queue: string): Promise<boolean>;
  /**
   * Renews leases, many hosts in one statement per organisation. Beats of an older epoch renew nothing. An organisation, and in
   * it a host, that cannot be written keeps no other from it. Does not throw.
   */
  beats(beats: readonly PresenceBeat[]): Promise<BeatsLeft>;
  /** The runs under way on the host, for an agent that has just started. */
  hostRuns(host: HostIdentity): Promise<readonly HostRun[]>;
  claim(host: HostIdentity, ticket: AttemptTicket, tokenHash: Buffer): Promise<ClaimVerdict>;
  report(host: HostIdentity, ticket: AttemptTicket, tokenHash: Buffer, report: AttemptReport): Promise<ReportAnswer>;
  /** This gateway takes beats; `justStarted` until that was written once. */
  heartbeat(justStarted: boolean): Promise<void>;
  /** An audit row for something an agent tried and may not, so many times since the last one. Rate-limited by the caller. */
  refused(host: HostIdentity, what: string, detail: string, times: number): Promise<void>;
  /** An audit row that says that so many refusals since then could not be written. */
  auditGap(orgId: string, events: number, since: Date): Promise<void>;
}
