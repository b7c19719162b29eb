import type pg from 'pg';
import { type Database, openDatabase } from '../../src/db/core/database.ts';
import type { JobRegistry } from '../../src/db/core/job-registry.ts';
import { openOrm } from '../../src/db/core/orm.ts';
import type { Tx } from '../../src/db/core/transaction.ts';
import type { JobRequest } from '../../src/db/jobs/accept-jobs.ts';
import type { Actor } from '../../src/domain/core/actor.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { newUuid, systemRandom } from '../../src/lib/ids.ts';
import type { TestDatabase } from './database.ts';
import { testRegistry } from './test-kinds.ts';

/** A database of its own with one organisation, and short ways to put rows into it. Ids are uuids. */
export interface Bench {
  /** The kinds of this bench alone: `changeKind` makes others of them. */
  readonly registry: JobRegistry<Tx>;
  readonly org: string;
  readonly site: string;
  readonly owner: pg.Client;
  /** The superuser's address of this database, for processes that look by themselves. */
  readonly ownerUrl: string;
  readonly urls: Readonly<Record<'api' | 'auth' | 'worker' | 'gateway', string>>;
  readonly api: Database;
  readonly worker: Database;
  readonly gateway: Database;
  readonly clock: Clock;
  readonly random: typeof systemRandom;
  readonly actor: Actor;
  newId(): string;
  request(kind: string, params: Record<string, unknown>, hostId: string | null): JobRequest;
  addHost(options?: { present?: boolean }): Promise<string>;
  addRepository(): Promise<string>;
  addPlan(hostId: string, repositoryId?: string): Promise<{ id: string }>;
  close(): Promise<void>;
}

const ACTOR: Actor = { kind: 'key', id: null, label: 'test' };

/** On a database that the caller has, by a clock that a test may turn and with kinds of its own; closing the bench drops it. */
export async function benchOn(
  database: TestDatabase,
  clock: Clock = systemClock,
  registry = testRegistry(),
): Promise<Bench> {
  const { owner } = database;
  const id = () => newUuid(clock, systemRandom);
  const open = async (url: string) =>
    openDatabase(await openOrm({ url, poolMax: 8, transactionTimeoutMs: 15_000, applicationName: 'test' }), {
      clock,
      random: systemRandom,
      registry,
    });
  const [api, worker, gateway] = await Promise.all([
    open(database.urls.api),
    open(database.urls.worker),
    open(database.urls.gateway),
  ]);
  const [org, site] = [id(), id()];
  await owner.query(`insert into organization(id, name, created_at) values ($1, 'Test', now())`, [org]);
  await owner.query(`insert into site(org_id, id, name, created_at) values ($1, $2, 'Main', now())`, [org, site]);
  const addRepository = async () => {
    const repository = id();
    await owner.query(
      `insert into repository(org_id, id, name, backend, url, created_at) values ($1, $2::uuid, $2::uuid::text, 'local', '/tmp/' || $2::uuid, now())`,
      [org, repository],
    );
    await owner.query(
      `insert into secret(org_id, id, table_name, row_id, column_name, secret_version, sealed, created_at)
       values ($1, $2, 'repository', $3, 'password', 1, '\\x00', now())`,
      [org, id(), repository],
    );
    return repository;
  };
  return {
    registry,
    org,
    site,
    owner,
    ownerUrl: database.ownerUrl,
    urls: database.urls,
    api,
    worker,
    gateway,
    clock,
    random: systemRandom,
    actor: ACTOR,
    newId: id,
    request: (kind, params, hostId) => ({
      kind,
      params,
      hostId,
      trigger: 'key',
      actor: ACTOR,
      can: () => true,
      requestId: 'test',
      idempotency: null,
      ifBusy: 'queue',
    }),
    async addHost({ present = true } = {}) {
      const host = id();
      await owner.query(
        `insert into host(org_id, id, site_id, name, present, lease_until, epoch, activities, created_at)
         values ($1, $2::uuid, $3, $2::uuid::text, $4, case when $4::boolean then now() + interval '1 hour' end, 1, $5, now())`,
        [org, host, site, present, JSON.stringify(registry.kinds.all.map((k) => k.activity))],
      );
      return host;
    },
    addRepository,
    async addPlan(hostId, repositoryId) {
      const plan = id();
      await owner.query(
        `insert into plan(org_id, id, host_id, repository_id, name, paths, created_at) values ($1, $2::uuid, $3, $4, $2::uuid::text, '["/etc"]', now())`,
        [org, plan, hostId, repositoryId ?? (await addRepository())],
      );
      return { id: plan };
    },
    async close() {
      await Promise.all([api.close(), worker.close(), gateway.close()]);
      await database.drop();
    },
  };
}
