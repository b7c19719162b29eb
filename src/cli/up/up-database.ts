import pg from 'pg';
import type { Config } from '../../config/config.ts';
import { dataPaths } from '../run/data-folder.ts';
import { databaseProblem } from '../run/database-problem.ts';
import type { RunningPart } from './kept.ts';
import { ensureDatabase, type RunningPostgres, startPostgres } from './postgres.ts';
import type { Say } from './say.ts';
import type { Env } from './start-problem.ts';

const DATABASE = 'holdfast';

export interface PostgresPart extends RunningPart {
  readonly running: RunningPostgres;
}

/** The embedded server. A postmaster that was killed leaves a lock file; the start that follows clears it away. */
export async function startEmbeddedPostgres(config: Config, env: Env, say: Say): Promise<PostgresPart> {
  const paths = dataPaths(config.dataDir);
  const running = await startPostgres({ dataDir: paths.postgres, runDir: paths.run, env, report: say.report });
  return { running, pid: running.pid, exited: running.exited, stop: () => running.stop('fast') };
}

/** Our database in it, as the superuser of the cluster. */
export const ownDatabase = (running: RunningPostgres): Promise<string> => ensureDatabase(running.ownerUrl, DATABASE);

/** A database that was named has to answer, and to let us in. */
export async function refuseSilentDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    await client.query('select 1');
  } catch (thrown) {
    throw databaseProblem(thrown, url, 'DATABASE_URL');
  } finally {
    await client.end().catch(() => {});
  }
}
