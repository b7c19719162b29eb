import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/catalog/search-attributes.ts';
import { findPrograms } from '../../src/embedded/programs/programs.ts';
import { type RunningTemporal, startTemporal } from '../../src/embedded/temporal/temporal.ts';
import { ensureTemporalSchema } from '../../src/embedded/temporal/temporal-schema.ts';
import { ensureNamespace } from '../../src/processes/place/temporal-namespace.ts';
import { lazyConnection, type TemporalTarget } from '../../src/temporal/connection.ts';
import { cacheDir, env, quiet } from './programs.ts';

const NAMESPACE = 'holdfast';

/** A Temporal server of the file's own, in databases of its own, that may be stopped and may lose everything. */
export interface OwnTemporal {
  readonly target: TemporalTarget;
  /** Its folder, with its certificates in `tls`. */
  readonly folder: string;
  ports(): readonly number[];
  pid(): number;
  stop(): Promise<void>;
  /** At the same address, with what is missing made anew: databases, schema, and the namespace unless `bare`. */
  start(bare?: 'bare'): Promise<void>;
  makeNamespace(): Promise<void>;
  /** Drops both databases, also under a server that runs. */
  drop(): Promise<void>;
  close(): Promise<void>;
}

/** `changes`: values of its dynamic configuration that are not as we set them. */
export async function startOwnTemporal(changes: Readonly<Record<string, unknown>> = {}): Promise<OwnTemporal> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'holdfast-temporal-'));
  const { ownerUrl } = inject('postgres');
  const name = `temporal_${randomBytes(4).toString('hex')}`;
  const databases = { main: name, visibility: `${name}_visibility` };
  const options = { overrides: {}, path: env.PATH ?? '', cacheDir, env, report: quiet };
  const programs = await findPrograms(['temporal-server', 'temporal-sql'], options);
  const [sqlTool, server] = [programs['temporal-sql'], programs['temporal-server'].path];
  let running: RunningTemporal | null = null;
  const temporal: OwnTemporal = {
    target: { address: '', namespace: NAMESPACE, apiKey: null, tls: null },
    folder,
    ports: () => Object.values(running!.ports),
    pid: () => running!.pid,
    async stop() {
      await running?.stop();
      running = null;
    },
    async start(bare) {
      const postgres = await ensureTemporalSchema({
        sqlTool,
        ownerUrl,
        dir: folder,
        role: name,
        databases,
        env,
        report: quiet,
      });
      const places = { server, dir: folder, runDir: join(folder, 'run'), postgres };
      running = await startTemporal({ ...places, env, report: quiet, forTests: true, changes });
      const { address, tls } = running;
      Object.assign(temporal.target, { address, tls });
      if (!bare) await temporal.makeNamespace();
    },
    async makeNamespace() {
      const connection = lazyConnection(temporal.target);
      try {
        const wanted = { namespace: NAMESPACE, retentionHours: 24, searchAttributes: SEARCH_ATTRIBUTES };
        await ensureNamespace(connection, wanted);
      } finally {
        await connection.close();
      }
    },
    async drop() {
      const client = new pg.Client({ connectionString: ownerUrl });
      await client.connect();
      for (const one of Object.values(databases)) await client.query(`drop database if exists ${one} with (force)`);
      await client.end();
    },
    async close() {
      await temporal.stop();
      await temporal.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await temporal.start();
  return temporal;
}
