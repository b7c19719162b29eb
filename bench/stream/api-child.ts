// The API in a process of its own, as `holdfast api` puts it together, but with an engine that passes nothing.
import { MIGRATION_NAMES } from '../../migrations/index.ts';
import { serveApi } from '../../src/api/core/serve.ts';
import { openAuthDb } from '../../src/db/access/auth-db.ts';
import { openDatabase } from '../../src/db/core/database.ts';
import { openOrm } from '../../src/db/core/orm.ts';
import { JOB_REGISTRY } from '../../src/db/job-registry.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/ids.ts';
import { createLogger } from '../../src/lib/log.ts';
import { newKeyring } from '../../src/lib/seal.ts';

const [apiUrl, authUrl] = process.argv.slice(2) as [string, string];
const orm = await openOrm({ url: apiUrl, poolMax: 10, transactionTimeoutMs: 15_000, applicationName: 'bench api' });
const api = await serveApi(
  {
    settings: {
      temporalUiUrl: null,
      temporalNamespace: 'bench',
      migrations: MIGRATION_NAMES,
      tls: null,
      trustedProxy: [],
      // All viewers of a bench hold one key.
      streams: { streamsOfOne: 12_000 },
    },
    database: openDatabase(orm, { clock: systemClock, random: systemRandom, registry: JOB_REGISTRY }),
    authDb: openAuthDb({ url: authUrl, poolMax: 5, applicationName: 'bench auth' }),
    engine: {
      startRuns: async () => {},
      tellCancel: async () => true,
      describe: async () => null,
      state: () => ({ ok: true, since: systemClock.now(), detail: null }),
      probe: async () => ({ ok: true, since: systemClock.now(), detail: null }),
    },
    clock: systemClock,
    random: systemRandom,
    log: createLogger({ level: 'error', pretty: false, process: 'bench' }),
    keyring: newKeyring(systemClock, systemRandom),
    build: { version: 'bench', commit: null },
  },
  { host: '127.0.0.1', port: 0 },
);
// Asked by whoever measures: what it cost so far. An orderly exit also lets a profile be written.
process.on('message', () => process.send!({ cpuMs: cpuMs(), rssBytes: process.memoryUsage().rss }));
process.on('SIGTERM', () => process.exit(0));
process.send!({ url: api.url });

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
// Whoever started us is gone.
process.on('disconnect', () => process.exit(0));
