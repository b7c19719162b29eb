import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyPluginAsync, RawServerDefault } from 'fastify';
import type { Kysely } from 'kysely';
import type { Database } from '../../db/core/database.ts';
import type { Clock } from '../../lib/clock.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import type { Keyring } from '../../lib/seal.ts';
import type { WorkflowEngine } from '../../temporal/workflow-engine.ts';
import type { StreamLimits } from './stream-limits.ts';

/** A Fastify plugin: the routes of one thing, and what they are made of. */
export type Routes = FastifyPluginAsync<ApiParts, RawServerDefault, TypeBoxTypeProvider>;

/** Everything the API is made of. Handed in once, by whoever starts it. */
export interface ApiParts {
  readonly settings: {
    /** Base address of Temporal's UI for links, or null when people cannot reach one. */
    readonly temporalUiUrl: string | null;
    readonly temporalNamespace: string;
    /** The migrations that this program knows, oldest first; `readyz` compares. */
    readonly migrations: readonly string[];
    /** PEM texts; null: plain HTTP. */
    readonly tls: { readonly cert: string; readonly key: string } | null;
    /** Where Holdfast itself keeps data on this machine; no plan of its own host may name them. */
    readonly ownFolders?: readonly string[];
    /** Addresses of proxies whose forwarded headers are believed. */
    readonly trustedProxy: readonly string[];
    /** Other limits of streams than the usual ones. */
    readonly streams?: Partial<StreamLimits>;
  };
  /** On the `api` login. */
  readonly database: Database;
  /** On the `auth` login: finds who holds a key, before any organisation is known. */
  readonly authDb: Kysely<unknown>;
  readonly engine: Pick<WorkflowEngine, 'startRuns' | 'tellCancel' | 'describe' | 'state' | 'probe'>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  /** Holds the key that seals. */
  readonly keyring: Keyring;
  readonly build: { readonly version: string; readonly commit: string | null };
}
