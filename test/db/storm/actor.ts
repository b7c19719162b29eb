// A process full of callers who accept, end, cancel, requeue and move hosts at random. Told by its first argument.
import pg from 'pg';
import { type Database, openDatabase } from '../../../src/db/core/database.ts';
import { lockOrganization } from '../../../src/db/core/lock-organization.ts';
import { openOrm } from '../../../src/db/core/orm.ts';
import type { Tx } from '../../../src/db/core/transaction.ts';
import { JOB_REGISTRY } from '../../../src/db/job-registry.ts';
import { acceptJobs } from '../../../src/db/jobs/accept-jobs.ts';
import { changeRepository, changeSite } from '../../../src/db/jobs/change-cap.ts';
import { changePresence, tryJobs } from '../../../src/db/jobs/grant.ts';
import { insertJobs } from '../../../src/db/jobs/insert-jobs.ts';
import { loadSubjects } from '../../../src/db/jobs/load-subjects.ts';
import { requestCancel } from '../../../src/db/jobs/request-cancel.ts';
import { beginRun } from '../../../src/db/jobs/run/begin-run.ts';
import { finishRun } from '../../../src/db/jobs/run/finish-run.ts';
import { requeueRun } from '../../../src/db/jobs/run/requeue-run.ts';
import type { HostFact } from '../../../src/domain/jobs/facts.ts';
import { hostKey, type KeyWish, repositoryKey, withSite } from '../../../src/domain/jobs/lock.ts';
import { systemClock as clock } from '../../../src/lib/clock.ts';
import { newUuid, publicId, systemRandom as random } from '../../../src/lib/ids.ts';
import { seeded } from './seeded.ts';

export interface ActorOrder {
  readonly ownerUrl: string;
  readonly urls: { readonly api: string; readonly worker: string };
  readonly org: string;
  readonly seed: number;
  readonly actors: number;
  /** How many operations each of them does. */
  readonly operations: number;
  readonly mostWaiting: number;
  readonly hosts: readonly string[];
  readonly plans: readonly string[];
  readonly repositories: readonly string[];
  readonly sites: readonly string[];
  /** Keys that are neither a host nor a repository, with how many may share each. */
  readonly caps: readonly { readonly key: string; readonly slots: number }[];
}

export interface ActorReport {
  readonly operations: number;
  /** How often a cap was changed. */
  readonly caps: number;
  readonly acceptMs: readonly number[];
  /** From the first try of an end that was cut off until the transaction that ended and granted was committed. */
  readonly refillMs: readonly number[];
  /** Times that our connection was killed under us. */
  readonly killed: number;
  readonly errors: readonly string[];
}

const ACTOR = { kind: 'key', id: null, label: 'storm' } as const;
const ENDS = ['queued', 'running', 'cancelling'];
const RETRY_MS = 50;
const INJECTED = 'injected';
const order = JSON.parse(process.argv[2]!) as ActorOrder;
const { org, hosts } = order;
const report = {
  operations: 0,
  caps: 0,
  acceptMs: [] as number[],
  refillMs: [] as number[],
  killed: 0,
  errors: [] as string[],
};

const open = async (url: string, poolMax: number): Promise<Database> =>
  openDatabase(await openOrm({ url, poolMax, transactionTimeoutMs: 15_000, applicationName: 'storm' }), {
    clock,
    random,
    registry: JOB_REGISTRY,
  });
const api = await open(order.urls.api, order.actors);
const worker = await open(order.urls.worker, order.actors);
const looker = new pg.Pool({ connectionString: order.ownerUrl, max: 3, application_name: 'storm looks' });
looker.on('error', () => {});

const id = () => newUuid(clock, random);
const someJob = async (states: readonly string[]) => {
  const found = await looker.query(
    'select id, run_no, state, title from job where org_id = $1 and state = any($2) order by random() limit 1',
    [org, states],
  );
  return found.rows[0] as { id: string; run_no: number; state: string; title: string } | undefined;
};
const waiting = async () =>
  (await looker.query(`select count(*)::int as n from job where org_id = $1 and state = 'waiting'`, [org])).rows[0].n;

/** The connection died under us, by the storm's own hand. */
const wasKilled = (thrown: unknown): boolean =>
  ['57P01', 'ECONNRESET', 'EPIPE'].includes(String((thrown as { code?: unknown }).code)) ||
  /terminat|Connection ended|not queryable/i.test(String((thrown as Error).message));

const request = (kind: string, params: Record<string, unknown>, hostId: string | null) =>
  ({
    kind,
    params,
    hostId,
    trigger: 'key',
    actor: ACTOR,
    can: () => true,
    requestId: 'storm',
    idempotency: null,
    ifBusy: 'queue',
  }) as const;

async function accept(kind: string, params: Record<string, unknown>, hostId: string | null): Promise<void> {
  const from = performance.now();
  await api.inOrganization(org, (tx) => acceptJobs(tx, [request(kind, params, hostId)]));
  report.acceptMs.push(performance.now() - from);
}

/** A job with keys that no kind asks for yet: exclusive on a repository from a host, or caps alone. */
async function inject(hostId: string | null, keys: readonly KeyWish[]): Promise<void> {
  await api.inOrganization(org, async (tx: Tx) => {
    await lockOrganization(tx);
    const host = hostId === null ? null : await hostNow(tx, hostId);
    const online = host?.online ?? true;
    const jobId = id();
    const facts = { organizationId: org, jobId, subjects: { host } };
    const job = {
      id: jobId,
      auditId: id(),
      kind: 'noop',
      title: INJECTED,
      facts,
      params: {},
      trigger: 'key' as const,
      actor: ACTOR,
    };
    const more = {
      requestId: 'storm',
      idempotency: null,
      keys: withSite(keys, host),
      queueDeadlineAt: new Date(tx.now.getTime() + 3_600_000),
    };
    await insertJobs(tx, [{ ...job, ...more }]);
    if (online) await tryJobs(tx, [jobId]);
  });
}

async function hostNow(tx: Tx, hostId: string): Promise<HostFact> {
  const [found] = await loadSubjects(tx, [{ host: hostId }]);
  return found!.host!;
}

/** Ends a job as its run would: again and again until the database has taken it. */
async function end(job: { id: string; run_no: number }): Promise<void> {
  const input = { orgId: org, jobId: job.id, runNo: job.run_no };
  const ending = { how: 'answered', outcome: { code: 'succeeded', counts: {}, refs: {} } } as const;
  const from = performance.now();
  for (let tries = 1; ; tries++) {
    try {
      await worker.inOrganization(org, (tx) => beginRun(tx, input, `run-${job.id}-${job.run_no}`));
      await worker.inOrganization(org, (tx) => finishRun(tx, input, `run-${job.id}-${job.run_no}`, ending, 1));
      if (tries > 1) report.refillMs.push(performance.now() - from);
      return;
    } catch (thrown) {
      if (!wasKilled(thrown)) throw thrown;
      report.killed++;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** A run that began and does its work for a while. */
async function begin(job: { id: string; run_no: number }): Promise<void> {
  const input = { orgId: org, jobId: job.id, runNo: job.run_no };
  await worker.inOrganization(org, (tx) => beginRun(tx, input, `run-${job.id}-${job.run_no}`));
}

async function requeue(job: { id: string; run_no: number }): Promise<void> {
  const input = { orgId: org, jobId: job.id, runNo: job.run_no };
  await worker.inOrganization(org, (tx) => requeueRun(tx, input, `run-${job.id}-${job.run_no}`));
}

async function cancel(jobId: string): Promise<void> {
  await api.inOrganization({ orgId: org, actor: ACTOR, requestId: 'storm' }, (tx) => requestCancel(tx, jobId, null));
}

async function move(hostId: string, present: boolean): Promise<void> {
  await worker.inOrganization(org, async (tx) => {
    await lockOrganization(tx);
    await changePresence(tx, hostId, present);
  });
}

/** Another cap of a site or a repository, or none: up, down and away, whatever runs and waits there. */
async function cap(chance: (below: number) => number): Promise<void> {
  const maxJobs = chance(4) === 0 ? null : 1 + chance(4);
  const [change, ids] =
    chance(2) === 0 ? ([changeSite, order.sites] as const) : ([changeRepository, order.repositories] as const);
  const scope = { orgId: org, actor: ACTOR, requestId: 'storm' };
  await api.inOrganization(scope, (tx) => change(tx, ids[chance(ids.length)]!, { maxJobs, ifVersion: null }));
  report.caps++;
}

async function startSomething(chance: (below: number) => number): Promise<void> {
  const one = <T>(list: readonly T[]): T => list[chance(list.length)]!;
  const host = one(hosts);
  const repository = one(order.repositories);
  const dice = chance(100);
  if (dice < 55) await accept('backup', { planId: publicId('plan', one(order.plans)) }, null);
  else if (dice < 63) await accept('init', { repositoryId: publicId('repository', repository) }, host);
  else if (dice < 67) await accept('noop', {}, host);
  else if (dice < 70) await accept('noop', {}, null);
  else if (dice < 80) await inject(host, [hostKey(host), repositoryKey({ id: repository, maxJobs: null }, 'x')]);
  else if (dice < 90)
    await inject(host, [hostKey(host), repositoryKey({ id: repository, maxJobs: null }, 's'), capOf(one(order.caps))]);
  else await inject(null, [capOf(one(order.caps))]);
}

const capOf = ({ key, slots }: { key: string; slots: number }): KeyWish => ({ key, mode: 's', slots, isHost: false });

async function operation(chance: (below: number) => number): Promise<void> {
  const dice = chance(100);
  if (dice < 45 && (await waiting()) < order.mostWaiting) return startSomething(chance);
  if (dice < 84) {
    const job = await someJob(ENDS);
    // A job with injected keys would come back with those of its kind.
    if (job && job.state === 'running' && job.title !== INJECTED && chance(3) === 0) return requeue(job);
    if (job && job.state === 'queued' && chance(4) === 0) return begin(job);
    if (job) return end(job);
  } else if (dice < 89) {
    const job = await someJob(['waiting', 'queued']);
    if (job) return cancel(job.id);
  } else if (dice < 96) await cap(chance);
  else await move(hosts[chance(hosts.length)]!, chance(10) < 7);
}

await Promise.all(
  Array.from({ length: order.actors }, async (_, at) => {
    const chance = seeded(order.seed + at);
    for (let i = 0; i < order.operations; i++) {
      await operation(chance).catch((thrown) => {
        if (wasKilled(thrown)) report.killed++;
        // Two callers may have taken the same job: one is told that its run has ended.
        else if (!/cannot end as/.test(String(thrown.message))) report.errors.push(String(thrown.stack ?? thrown));
      });
      report.operations++;
    }
  }),
);
await Promise.all([api.close(), worker.close(), looker.end()]);
process.send!(report satisfies ActorReport, () => process.exit(0));
