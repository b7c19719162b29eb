// The API on its own, to be killed. Told by its first argument; says its address when it listens.
import { MIGRATION_NAMES } from '../../../migrations/index.ts';
import { serveApi } from '../../../src/api/core/serve.ts';
import { openAuthDb } from '../../../src/db/access/auth-db.ts';
import { openDatabase } from '../../../src/db/core/database.ts';
import { openOrm } from '../../../src/db/core/orm.ts';
import { JOB_REGISTRY } from '../../../src/db/job-registry.ts';
import { systemClock as clock } from '../../../src/lib/clock.ts';
import { systemRandom as random } from '../../../src/lib/ids.ts';
import { createLogger } from '../../../src/lib/log.ts';
import { newKeyring } from '../../../src/lib/seal.ts';
import type { TemporalTarget } from '../../../src/temporal/connection.ts';
import { openWorkflowEngine } from '../../../src/temporal/workflow-engine.ts';

export interface ApiOrder {
  readonly urls: { readonly api: string; readonly auth: string };
  readonly temporal: TemporalTarget;
  readonly port: number;
  /** kill -9 of itself in the moment between the commit of a start and its way to Temporal. */
  readonly diesBeforeStart: boolean;
}

const order = JSON.parse(process.argv[2]!) as ApiOrder;
const log = createLogger({ level: 'fatal' as never, pretty: false, process: 'api' });
const target = order.temporal;
const real = openWorkflowEngine({ target, clock, log });
const engine = order.diesBeforeStart
  ? { ...real, startRuns: async () => void process.kill(process.pid, 'SIGKILL') }
  : real;
const api = await serveApi(
  {
    settings: {
      temporalUiUrl: null,
      temporalNamespace: target.namespace,
      migrations: MIGRATION_NAMES,
      tls: null,
      trustedProxy: [],
    },
    database: openDatabase(
      await openOrm({
        url: order.urls.api,
        poolMax: 10,
        transactionTimeoutMs: 15_000,
        applicationName: 'holdfast api',
      }),
      { clock, random, registry: JOB_REGISTRY },
    ),
    authDb: openAuthDb({ url: order.urls.auth, poolMax: 5, applicationName: 'holdfast auth' }),
    engine,
    clock,
    random,
    log,
    keyring: newKeyring(clock, random),
    build: { version: '0.0.0', commit: null },
  },
  { host: '127.0.0.1', port: order.port },
);
// Whoever started us was killed.
process.once('disconnect', () => process.exit(1));
process.send!({ port: Number(new URL(api.url).port) });
