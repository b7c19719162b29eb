import { readFileSync } from 'node:fs';
import { MIGRATION_NAMES } from '../../migrations/index.ts';
import { serveApi } from '../api/core/serve.ts';
import type { Config } from '../config/config.ts';
import { openAuthDb } from '../db/access/auth-db.ts';
import { asError } from '../lib/failure.ts';
import { KEYS_HELD } from '../lib/seal.ts';
import { openWorkflowEngine } from '../temporal/workflow-engine.ts';
import { buildOf } from './place/build.ts';
import { readKeyring } from './place/keyring-file.ts';
import { readLoginUrl } from './place/login-urls.ts';
import { openLoginDatabase } from './place/open-login.ts';
import { StartProblem } from './place/start-problem.ts';
import { temporalTarget } from './place/temporal-target.ts';
import type { ProcessParts, Running } from './process.ts';

/** The API. Temporal may be away: then it serves, degraded, and jobs wait. */
export async function startApiProcess({ config, clock, random, log }: ProcessParts): Promise<Running> {
  const target = temporalTarget(config);
  const keyring = readKeyring(config.keyringFile, KEYS_HELD.api);
  const database = await openLoginDatabase(config, 'api', 10, { clock, random });
  const authDb = openAuthDb({ url: readLoginUrl(config, 'auth').url, poolMax: 5, applicationName: 'holdfast auth' });
  const engine = openWorkflowEngine({ target, clock, log });
  const settings = {
    temporalUiUrl: config.temporal.uiUrl,
    temporalNamespace: target.namespace,
    migrations: MIGRATION_NAMES,
    tls: config.tls && {
      cert: readFileSync(config.tls.certFile, 'utf8'),
      key: readFileSync(config.tls.keyFile, 'utf8'),
    },
    ownFolders: [config.dataDir, config.keyringFile],
    trustedProxy: config.trustedProxy,
  };
  const parts = { settings, database, authDb, engine, clock, random, log, keyring, build: buildOf() };
  const api = await serveApi(parts, { host: config.bind, port: config.port }).catch((thrown) => {
    throw portProblem(thrown, config);
  });
  log.info({ url: api.url }, `API ready on ${api.url}`);
  return {
    async stop() {
      await api.stop();
      await engine.close();
    },
  };
}

function portProblem(thrown: unknown, { bind, port }: Config): Error {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code !== 'EADDRINUSE' && code !== 'EACCES' && code !== 'EADDRNOTAVAIL') return asError(thrown);
  const what = code === 'EADDRINUSE' ? 'is in use' : 'cannot be opened';
  return new StartProblem(
    `The port of the API ${what}`,
    `${bind}:${port}`,
    'Choose another with HOLDFAST_PORT; 0 picks a free one.',
    thrown,
  );
}
