import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { loginUrl } from '../../src/db/core/logins.ts';
import { migrate } from '../../src/db/core/migrate.ts';
import type { Group } from '../../src/db/core/policies.ts';
import { ensureDatabase, startPostgres } from '../../src/embedded/postgres/postgres.ts';
import { publicId } from '../../src/lib/ids.ts';
import { organization, personWithKey, uuid } from '../../test/factories.ts';
import type { Order, SpeakingHost } from './ingest-child.ts';

export interface Stage {
  readonly url: string;
  readonly key: string;
  /** What the API's process cost so far. */
  cost(): Promise<{ cpuMs: number; rssBytes: number }>;
  /** Running jobs, each on a host of its own. */
  startJobs(count: number): Promise<(SpeakingHost & { id: string })[]>;
  /** Resolves with the milliseconds it took when all reports were taken. */
  say(order: Order): Promise<number>;
  /** The job has ended, as a worker would write it. */
  end(job: SpeakingHost): Promise<void>;
  raw(): Promise<{ url: string; say(pieces: readonly string[]): void }>;
  close(): Promise<void>;
}

const child = (name: string, ...args: string[]) => fork(fileURLToPath(new URL(name, import.meta.url)), args);
const answer = async (from: ChildProcess) => (await once(from, 'message'))[0];

/** PostgreSQL with fsync, the API, and what hosts say, each in a process of its own. */
export async function openStage(): Promise<Stage> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'holdfast-bench-'));
  chmodSync(folder, 0o711);
  const report = () => {};
  const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), env: process.env, report });
  const ownerUrl = await ensureDatabase(postgres.ownerUrl, 'bench');
  const login = (group: Group) => loginUrl(ownerUrl, `bench_${group}`, `password-${group}`);
  const urls = { api: login('api'), auth: login('auth'), worker: login('worker'), gateway: login('gateway') };
  await migrate({ ownerUrl, rolePrefix: 'bench', urls });
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  const org = await organization(owner);
  const { key } = await personWithKey(owner, org.id);
  const api = child('./api-child.ts', urls.api, urls.auth);
  const ingest = child('./ingest-child.ts', urls.gateway);
  const [{ url }] = await Promise.all([answer(api), answer(ingest)]);
  const children = [api, ingest];
  return {
    url,
    key,
    async cost() {
      api.send('cost');
      return await answer(api);
    },
    async startJobs(count) {
      const jobs = Array.from({ length: count }, () => ({ orgId: org.id, hostId: uuid(), jobId: uuid() }));
      for (const { hostId, jobId } of jobs) {
        await owner.query(
          `insert into host(org_id, id, site_id, name, present, created_at) values ($1, $2::uuid, $3, $2::uuid::text, true, now())`,
          [org.id, hostId, org.siteId],
        );
        await owner.query(
          `insert into job(org_id, id, kind, title, state, host_id, site_id, params, trigger, actor_kind, actor_label, request_id, run_id,
             accepted_at, accepted_day, started_at, queue_deadline_at)
           values ($1, $2, 'noop', 'Bench', 'running', $3, $4, '{}', 'key', 'key', 'bench', 'bench', 'bench', now(), current_date, now(), now())`,
          [org.id, jobId, hostId, org.siteId],
        );
      }
      return jobs.map((job) => ({ ...job, id: publicId('job', job.jobId) }));
    },
    async say(order) {
      ingest.send(order);
      for (;;) {
        const { name, ms } = await answer(ingest);
        if (name === order.name) return ms;
      }
    },
    async end({ jobId }) {
      await owner.query(
        `update job set state = 'succeeded', outcome_code = 'succeeded', finished_at = now(), version = version + 1 where id = $1`,
        [jobId],
      );
      await owner.query(`notify holdfast_change, 'change'`);
    },
    async raw() {
      const server = child('./raw-child.ts');
      children.push(server);
      const { url } = await answer(server);
      return { url, say: (pieces) => void server.send(pieces) };
    },
    async close() {
      for (const one of children) one.kill();
      await owner.end();
      await postgres.stop('immediate');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
