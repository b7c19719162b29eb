import { join } from 'node:path';
import pg from 'pg';
import { expect, vi } from 'vitest';
import { choosePorts } from '../../src/embedded/ports.ts';
import { type RunningPostgres, startPostgres } from '../../src/embedded/postgres/postgres.ts';
import { findPrograms, inPath } from '../../src/embedded/programs/programs.ts';
import { CLEAN_ENV, ownFolder, removeFolder } from '../e2e/up-process.ts';
import type { Places } from './compose-places.ts';
import { ComposeStack, type RunningService } from './compose-stack.ts';
import { cacheDir, quiet } from './programs.ts';

const TEMPORAL_PORTS = [
  'HISTORY_GRPC_PORT',
  'MATCHING_GRPC_PORT',
  'WORKER_GRPC_PORT',
  'FRONTEND_MEMBERSHIP_PORT',
  'HISTORY_MEMBERSHIP_PORT',
  'MATCHING_MEMBERSHIP_PORT',
  'WORKER_MEMBERSHIP_PORT',
];

/** The client of PostgreSQL, which its image has and not every machine. */
export const psql = inPath('psql', CLEAN_ENV.PATH ?? '')[0];

/** PostgreSQL, and the services of docker-compose.yml on it, for one test. */
export class ComposeRun {
  readonly folder = ownFolder();
  readonly #postgres: RunningPostgres;
  readonly stack: ComposeStack;

  private constructor(postgres: RunningPostgres, places: (folder: string) => Places) {
    this.#postgres = postgres;
    this.stack = new ComposeStack(places(this.folder));
    this.stack.setSecret('postgres-password', decodeURIComponent(new URL(postgres.ownerUrl).password));
  }

  static async open(image?: Places['image']): Promise<ComposeRun> {
    const place = { dataDir: join(ownFolder(), 'postgres'), ephemeral: true, env: CLEAN_ENV, report: quiet };
    const postgres = await startPostgres(place);
    const options = { overrides: {}, path: CLEAN_ENV.PATH ?? '', cacheDir, env: CLEAN_ENV, report: quiet };
    const programs = await findPrograms(['temporal-server', 'temporal-sql', 'restic'], options);
    const chosen = await choosePorts(join(place.dataDir, 'more-ports.json'), [
      'temporal',
      'api',
      'gateway',
      ...TEMPORAL_PORTS,
    ]);
    const inside = Object.fromEntries(TEMPORAL_PORTS.map((name) => [name, String(chosen[name])]));
    return new ComposeRun(postgres, (folder) => ({
      folder,
      ports: { postgres: postgres.port, temporal: chosen.temporal!, api: chosen.api!, gateway: chosen.gateway! },
      more: { temporal: { ...inside, FRONTEND_GRPC_PORT: String(chosen.temporal) } },
      programs: {
        'temporal-server': programs['temporal-server'].path,
        'temporal-sql-tool': programs['temporal-sql'].path,
        restic: programs.restic.path,
        ...(psql === undefined ? {} : { psql }),
      },
      ...(image ? { image } : {}),
    }));
  }

  /** A one-shot, or the command line; returns what it said. */
  async run(name: string, more: readonly string[] = []): Promise<string> {
    const { code, out } = await this.stack.start(name, more).ended;
    expect(code, `${name}: ${out}`).toBe(0);
    return out;
  }

  async startHealthy(...names: readonly string[]): Promise<RunningService[]> {
    const services = names.map((name) => this.stack.start(name));
    for (const { name, ended, health } of services) {
      const early = ended.then(({ code, out }) => Promise.reject(new Error(`${name} ended with ${code}: ${out}`)));
      const healthy = vi.waitFor(() => expect(health()).toEqual({ code: 0, out: '' }), {
        timeout: 60_000,
        interval: 250,
      });
      await Promise.race([healthy, early]);
    }
    return services;
  }

  /** Stops in the order given. Each has to end by itself, and then is not well any more. */
  async stopAll(services: readonly RunningService[]): Promise<void> {
    for (const service of services) {
      const end = await service.stop();
      expect([service.name, end.code, end.signal], end.out).toEqual([service.name, 0, null]);
      expect(end.out).not.toMatch(/(?:\n|\\n)\s+at /);
      expect(service.health().code, service.name).toBe(1);
    }
  }

  /** Who is connected with our database, by the name that a process gives. */
  async loginsInUse(): Promise<Record<string, string>> {
    const client = new pg.Client({ connectionString: this.#postgres.ownerUrl });
    await client.connect();
    const { rows } = await client.query<{ process: string; login: string }>(
      `select distinct application_name as process, usename as login from pg_stat_activity where datname = 'holdfast'`,
    );
    await client.end();
    return Object.fromEntries(rows.map(({ process, login }) => [process, login]));
  }

  async close(): Promise<void> {
    await this.stack.kill();
    await this.#postgres.stop('immediate');
    await removeFolder(this.folder);
  }
}
