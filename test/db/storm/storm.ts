import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Bench } from '../../harness/bench.ts';
import type { ActorOrder, ActorReport } from './actor.ts';
import { drain } from './drain.ts';
import { type Judgement, judgeHistory } from './history.ts';
import { seeded } from './seeded.ts';
import { installWitness, readWitness, violations } from './witness.ts';

const ACTOR = fileURLToPath(new URL('./actor.ts', import.meta.url));
const KILL_EVERY_MS = 150;

export interface StormOptions {
  readonly seed: number;
  /** Processes, callers in each, and operations of each caller. */
  readonly processes: number;
  readonly actors: number;
  readonly operations: number;
  readonly hosts: number;
  /** How many jobs may share each repository. */
  readonly limits: readonly number[];
  /** Ends connections in the middle of what they do, and one whole process. */
  readonly kills: boolean;
}

export interface StormReport extends Judgement {
  readonly seed: number;
  readonly operations: number;
  /** How often a cap of a site or repository was changed. */
  readonly capChanges: number;
  readonly jobs: number;
  readonly snapshots: number;
  readonly violations: readonly string[];
  readonly errors: readonly string[];
  /** Connections and processes that were killed. */
  readonly kills: number;
  readonly acceptMs: readonly number[];
  readonly refillMs: readonly number[];
  /** Jobs, requests, slots and used keys that are left when every job has been let to its end. */
  readonly left: {
    readonly open: number;
    readonly requests: number;
    readonly slots: number;
    readonly used: number;
    readonly closed: number;
  };
  /** Granted more often than they were started anew, plus one. */
  readonly grantedTwice: number;
}

/** Random histories of many callers in several processes on one organisation, watched by snapshots while they go on. */
export async function storm(
  bench: Pick<
    Bench,
    'org' | 'site' | 'newId' | 'owner' | 'ownerUrl' | 'urls' | 'addHost' | 'addPlan' | 'addRepository' | 'worker'
  >,
  options: StormOptions,
): Promise<StormReport> {
  const { owner, org } = bench;
  await installWitness(owner);
  const order = await stage(bench, options);
  const children = Array.from({ length: options.processes }, (_, at) =>
    start({ ...order, seed: options.seed + at * 1_000 }),
  );
  const watched = watch(bench, options.kills);
  const reports: ActorReport[] = [];
  try {
    if (options.kills)
      children.push(await replaceOne(children.at(-1)!, watched, { ...order, seed: options.seed - 1_000 }));
    for (const { report } of children) {
      const said = await report;
      if (said !== null) reports.push(said);
    }
  } finally {
    await watched.stop();
  }
  const { seen } = watched;
  const after = await drain(bench);
  const found = [
    ...seen.found,
    ...(await violations(owner, org)).map(({ what, detail }) => `${what}: ${detail}`),
    ...after,
  ];
  const judged = judgeHistory(await readWitness(owner));
  return {
    ...judged,
    seed: options.seed,
    operations: sum(reports.map(({ operations }) => operations)),
    capChanges: sum(reports.map(({ caps }) => caps)),
    jobs: await count(bench, 'select count(*) from job where org_id = $1'),
    snapshots: seen.snapshots,
    violations: found,
    errors: reports.flatMap(({ errors }) => errors),
    kills: seen.kills,
    acceptMs: reports.flatMap(({ acceptMs }) => acceptMs),
    refillMs: reports.flatMap(({ refillMs }) => refillMs),
    left: {
      open: await count(bench, `select count(*) from job where org_id = $1 and finished_at is null`),
      requests: await count(bench, 'select count(*) from lock_request where org_id = $1'),
      slots: await count(bench, 'select count(*) from lock_slot where org_id = $1'),
      used: await count(bench, 'select coalesce(sum(used), 0) from lock_key where org_id = $1'),
      closed: await count(bench, 'select count(closed_seq) from lock_key where org_id = $1'),
    },
    grantedTwice: await count(
      bench,
      `select count(*) from (select job from witness join job j on j.id = job and j.org_id = $1 where what = 'grant' group by job, j.run_no having count(*) > j.run_no) t`,
    ),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

async function count({ owner, org }: Pick<Bench, 'owner' | 'org'>, query: string): Promise<number> {
  return Number(Object.values((await owner.query(query, [org])).rows[0])[0]);
}

async function stage(bench: Parameters<typeof storm>[0], options: StormOptions): Promise<ActorOrder> {
  const { owner, org } = bench;
  const hosts: string[] = [];
  for (let i = 0; i < options.hosts; i++) hosts.push(await bench.addHost());
  const otherSite = bench.newId();
  await owner.query(`insert into site(org_id, id, name, max_jobs, created_at) values ($1, $2, 'Other', 3, now())`, [
    org,
    otherSite,
  ]);
  await owner.query('insert into lock_key(org_id, key, slots) values ($1, $2, 3)', [org, `site/${otherSite}`]);
  await owner.query('update host set site_id = $1 where id = any($2)', [otherSite, hosts.slice(hosts.length / 2)]);
  const repositories: string[] = [];
  const plans: string[] = [];
  for (const limit of options.limits) {
    const repository = await bench.addRepository();
    repositories.push(repository);
    await owner.query('insert into lock_key(org_id, key, slots) values ($1, $2, $3)', [
      org,
      `repository/${repository}`,
      limit,
    ]);
    await owner.query('update repository set max_jobs = $1 where id = $2', [limit, repository]);
    for (const host of hosts) plans.push((await bench.addPlan(host, repository)).id);
  }
  const caps = options.limits.map((slots, at) => ({ key: `cap/${at}`, slots: slots + 1 }));
  const { actors, operations } = options;
  const urls = { api: bench.urls.api, worker: bench.urls.worker };
  return {
    ownerUrl: bench.ownerUrl,
    urls,
    org,
    seed: options.seed,
    actors,
    operations,
    mostWaiting: 300,
    hosts,
    plans,
    repositories,
    sites: [bench.site, otherSite],
    caps,
  };
}

function start(order: ActorOrder): { child: ChildProcess; report: Promise<ActorReport | null> } {
  const child = fork(ACTOR, [JSON.stringify(order)]);
  // Null: it was killed by the storm. One that fails by itself has told why on stderr.
  const report = new Promise<ActorReport | null>((resolve, reject) => {
    child.once('message', (message) => resolve(message as ActorReport));
    child.once('exit', (code, signal) =>
      code ? reject(new Error(`an actor ended with ${code}`)) : signal && resolve(null),
    );
  });
  return { child, report };
}

/** Takes snapshots, and ends a connection of an actor now and then, until it is stopped. */
function watch({ owner, org }: Pick<Bench, 'owner' | 'org'>, kills: boolean) {
  const chance = seeded(1);
  const seen = { snapshots: 0, kills: 0, found: [] as string[] };
  let going = true;
  const rounds = (async () => {
    let killAt = Date.now() + KILL_EVERY_MS;
    while (going) {
      seen.found.push(...(await violations(owner, org)).map(({ what, detail }) => `${what}: ${detail}`));
      seen.snapshots++;
      if (kills && Date.now() > killAt) {
        killAt = Date.now() + KILL_EVERY_MS + chance(KILL_EVERY_MS);
        const ended =
          await owner.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
          and application_name = 'storm' and state <> 'idle' order by random() limit 1`);
        seen.kills += ended.rowCount ?? 0;
      }
      await sleep(20);
    }
  })();
  return { seen, stop: async () => { going = false; await rounds; } }; // biome-ignore format: one line
}

/** The whole process dies once the storm is well under way, and another comes in its place. */
async function replaceOne(
  { child }: { child: ChildProcess },
  { seen }: { seen: { kills: number } },
  order: ActorOrder,
): Promise<ReturnType<typeof start>> {
  const exit = once(child, 'exit');
  while (seen.kills < 3 && child.exitCode === null) await sleep(20);
  if (child.exitCode === null && child.kill('SIGKILL')) seen.kills++;
  await exit;
  return start(order);
}
