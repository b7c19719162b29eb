import type { Client } from '@temporalio/client';
import type { TemporalTarget } from '../../../src/temporal/connection.ts';

/** Where starts are tried: a database with an organisation, a Temporal, and a worker that runs beside. */
export interface Place {
  readonly urls: { readonly api: string; readonly auth: string };
  readonly temporal: TemporalTarget;
  readonly client: Client;
  /** The superuser's view, for looking only. */
  rows<Row>(text: string, values: readonly unknown[]): Promise<Row[]>;
  readonly org: string;
  readonly apiKey: string;
}

/** What clients were answered: by Idempotency-Key, the public ids of the jobs. One that was not answered is there without any. */
export type Answers = ReadonlyMap<string, readonly string[]>;
