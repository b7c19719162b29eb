import type { Config } from '../../config/config.ts';
import { ScramClient } from '../../db/core/scram-client.ts';
import { dataPaths } from '../../processes/place/data-folder.ts';
import { databaseProblem } from '../../processes/place/database-problem.ts';
import type { Env } from '../../processes/place/start-problem.ts';
import type { ProgressOutput } from '../progress-output.ts';
import type { RunningPart } from '../supervisor/supervisor.ts';
import { ensureDatabase, type RunningPostgres, startPostgres } from './postgres.ts';

const DATABASE = 'holdfast';

interface PostgresPart extends RunningPart {
  readonly running: RunningPostgres;
}

/**
 * Starts the embedded server, and starts it again on the same port: everybody keeps the address of the first time, and one who
 * takes the port meanwhile must be an error instead of whom they talk to. A postmaster that was killed leaves a lock file;
 * the start that follows clears it away.
 */
export function embeddedPostgres(
  config: Config,
  env: Env,
  output: Pick<ProgressOutput, 'report'>,
): () => Promise<PostgresPart> {
  let port: number | undefined;
  return async () => {
    const part = await startOn(port, config, env, output);
    port = part.running.port;
    return part;
  };
}

async function startOn(
  port: number | undefined,
  config: Config,
  env: Env,
  { report }: Pick<ProgressOutput, 'report'>,
): Promise<PostgresPart> {
  const paths = dataPaths(config.dataDir);
  const running = await startPostgres({
    dataDir: paths.postgres,
    runDir: paths.run,
    env,
    report,
    ...(port === undefined ? {} : { port }),
  });
  return { running, pid: running.pid, exited: running.exited, stop: () => running.stop('fast') };
}

/** Our database in it, as the superuser of the cluster. */
export const ownDatabase = (running: RunningPostgres): Promise<string> => ensureDatabase(running.ownerUrl, DATABASE);

/** A database that was named has to answer, and to let us in. */
export async function refuseSilentDatabase(url: string): Promise<void> {
  const client = new ScramClient({ connectionString: url, connectionTimeoutMillis: 5_000 });
  try {
    await client.connect();
    await client.query('select 1');
  } catch (thrown) {
    throw databaseProblem(thrown, url, 'DATABASE_URL');
  } finally {
    await client.end().catch(() => {});
  }
}
