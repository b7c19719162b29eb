import { MIGRATION_NAMES } from '../../migrations/index.ts';
import { buildApp } from '../../src/api/app.ts';
import type { App } from '../../src/api/core/app-type.ts';
import type { ApiParts } from '../../src/api/core/parts.ts';
import type { StreamLimits } from '../../src/api/core/stream-limits.ts';
import { openAuthDb } from '../../src/db/access/auth-db.ts';
import { openDatabase } from '../../src/db/core/database.ts';
import { openOrm } from '../../src/db/core/orm.ts';
import type { StartOrder } from '../../src/db/jobs/start-orders.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/ids.ts';
import { createLogger } from '../../src/lib/log.ts';
import { newKeyring } from '../../src/lib/seal.ts';
import { type KeyOptions, organization, personWithKey, type TestOrganization } from '../factories.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { testRegistry } from '../harness/test-kinds.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of many shapes are looked into
  readonly body: any;
}

export interface Asked {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** An API on a database of its own, with an engine that only remembers. */
export interface ApiBench {
  readonly app: App;
  readonly database: TestDatabase;
  readonly org: TestOrganization;
  readonly key: string;
  readonly parts: ApiParts;
  readonly passed: StartOrder[];
  readonly cancelled: { jobId: string; runNo: number }[];
  /** Everything the API logged, as text. */
  readonly logged: () => string;
  ask(method: string, path: string, asked?: Asked): Promise<Answer>;
  newKey(options?: KeyOptions, orgId?: string): Promise<string>;
  /** Of every table: how many rows it holds. To show that a refusal wrote nothing. */
  counts(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

export async function startApi(more?: (app: App) => void, streams: Partial<StreamLimits> = {}): Promise<ApiBench> {
  const database = await createTestDatabase();
  const api = await openOrm({
    url: database.urls.api,
    poolMax: 10,
    transactionTimeoutMs: 15_000,
    applicationName: 'test api',
  });
  const auth = openAuthDb({ url: database.urls.auth, poolMax: 10, applicationName: 'test auth' });
  const lines: string[] = [];
  const passed: StartOrder[] = [];
  const cancelled: { jobId: string; runNo: number }[] = [];
  const parts: ApiParts = {
    settings: {
      temporalUiUrl: 'http://127.0.0.1:8233',
      temporalNamespace: 'test',
      migrations: MIGRATION_NAMES,
      tls: null,
      trustedProxy: [],
      ownFolders: ['/opt/holdfast/data'],
      streams,
    },
    database: openDatabase(api, { clock: systemClock, random: systemRandom, registry: testRegistry() }),
    authDb: auth,
    engine: {
      startRuns: async (starts) => {
        passed.push(...starts);
      },
      tellCancel: async (jobId, runNo) => {
        cancelled.push({ jobId, runNo });
        return true;
      },
      describe: async () => null,
      state: () => ({ ok: true, since: new Date(), detail: null }),
      probe: async () => ({ ok: true, since: new Date(), detail: null }),
    },
    clock: systemClock,
    random: systemRandom,
    log: createLogger({
      level: 'debug',
      pretty: false,
      process: 'api',
      destination: { write: (line) => lines.push(line) },
    }),
    keyring: newKeyring(systemClock, systemRandom),
    build: { version: '0.0.0', commit: null },
  };
  const app = await buildApp(parts, more);
  const org = await organization(database.owner);
  const { key } = await personWithKey(database.owner, org.id);
  return {
    app,
    database,
    org,
    key,
    parts,
    passed,
    cancelled,
    logged: () => lines.join(''),
    ask: (method, path, asked = {}) => ask(app, key, method, path, asked),
    newKey: async (options, orgId = org.id) => (await personWithKey(database.owner, orgId, options)).key,
    counts: () => countRows(database),
    async close() {
      await app.close();
      await parts.database.close();
      await auth.destroy();
      await database.drop();
    },
  };
}

async function ask(app: App, ownKey: string, method: string, path: string, asked: Asked): Promise<Answer> {
  const key = asked.key === undefined ? ownKey : asked.key;
  const raw = typeof asked.body === 'string' || asked.body === undefined;
  const answer = await app.inject({
    method: method as 'GET',
    url: path.startsWith('/') ? path : `/api/v1/${path}`,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(asked.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...asked.headers,
    },
    ...(asked.body === undefined ? {} : { payload: raw ? (asked.body as string) : JSON.stringify(asked.body) }),
  });
  const isJson = /json/.test(String(answer.headers['content-type'] ?? ''));
  return {
    status: answer.statusCode,
    headers: answer.headers as Record<string, string>,
    text: answer.body,
    body: isJson && answer.body !== '' ? JSON.parse(answer.body) : null,
  };
}

async function countRows({ owner }: TestDatabase): Promise<Record<string, number>> {
  const tables = await owner.query(
    `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  );
  const counts: Record<string, number> = {};
  for (const { relname } of tables.rows)
    counts[relname] = Number((await owner.query(`select count(*) from "${relname}"`)).rows[0].count);
  return counts;
}
