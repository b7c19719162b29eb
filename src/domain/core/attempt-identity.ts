/** Whose attempt it is, as the gateway's ticket says. Ids are uuids. */
export interface AttemptIdentity {
  readonly orgId: string;
  readonly hostId: string;
  readonly jobId: string;
  readonly runNo: number;
  /** Temporal's, of the run that the attempt belongs to. */
  readonly runId: string;
  readonly attempt: number;
  readonly activity: string;
  readonly tokenHash: Buffer;
}
