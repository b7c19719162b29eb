import { afterAll, beforeAll, expect, test } from 'vitest';
import { changePresenceOf } from '../../src/db/hosts/change-presence.ts';
import { changeRepository, changeSite } from '../../src/db/jobs/change-cap.ts';
import { getJob } from '../../src/db/jobs/jobs.ts';
import { beginRun } from '../../src/db/jobs/run/begin-run.ts';
import { finishRun } from '../../src/db/jobs/run/finish-run.ts';
import { requeueRun } from '../../src/db/jobs/run/requeue-run.ts';
import { publicId } from '../../src/lib/ids.ts';
import { acceptJob } from '../harness/accept-job.ts';
import { type Bench, openBench } from '../harness/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** Hosts at a site of their own. */
async function siteWith(hosts: number): Promise<{ site: string; hosts: string[] }> {
  const site = bench.newId();
  await bench.owner.query(
    `insert into site(org_id, id, name, created_at) values ($1, $2, 'North ' || $2::uuid, now())`,
    [bench.org, site],
  );
  const ids: string[] = [];
  for (let i = 0; i < hosts; i++) ids.push(await bench.addHost());
  await bench.owner.query('update host set site_id = $1 where id = any($2)', [site, ids]);
  return { site, hosts: ids };
}

const accept = (kind: string, params: Record<string, unknown>, hostId: string | null) =>
  acceptJob(bench, kind, params, hostId);
const noops = (hosts: readonly string[]) => inTurn(hosts, (host) => accept('noop', {}, host));
const backups = (hosts: readonly string[], repository: string) =>
  inTurn(hosts, async (host) =>
    accept('backup', { planId: publicId('plan', (await bench.addPlan(host, repository)).id) }, null),
  );
const init = (host: string, repository: string) =>
  accept('init', { repositoryId: publicId('repository', repository) }, host);

async function inTurn<T, R>(list: readonly T[], go: (one: T) => Promise<R>): Promise<R[]> {
  const all: R[] = [];
  for (const one of list) all.push(await go(one));
  return all;
}

const begin = (jobId: string) =>
  bench.worker.inOrganization(bench.org, (tx) =>
    beginRun(tx, { orgId: bench.org, jobId, runNo: 1 }, `run-of-${jobId}`),
  );

async function end(jobId: string): Promise<void> {
  const input = { orgId: bench.org, jobId, runNo: 1 };
  await begin(jobId);
  const outcome = { code: 'succeeded', counts: {}, refs: {} };
  await bench.worker.inOrganization(bench.org, (tx) =>
    finishRun(tx, input, `run-of-${jobId}`, { how: 'answered', outcome }, 1),
  );
}

/** Sets a cap and answers the jobs that start by that. */
const cap = async (change: typeof changeSite, id: string, maxJobs: number | null) =>
  (await bench.api.inOrganization(bench.org, (tx) => change(tx, id, { maxJobs, ifVersion: null }))).map(
    ({ jobId }) => jobId,
  );

/** The jobs among these that may run, and nothing is wrong with any key. */
async function underWay(jobs: readonly string[]): Promise<string[]> {
  expect((await bench.owner.query('select * from lock_check($1)', [bench.org])).rows).toEqual([]);
  const found = await bench.owner.query(
    `select id from job where id = any($1) and state in ('queued', 'running') order by seq`,
    [jobs],
  );
  return found.rows.map(({ id }) => id);
}
const used = async (key: string) =>
  (await bench.owner.query('select used, slots, excl from lock_key where key = $1', [key])).rows[0];
const wait = async (jobId: string) => (await bench.api.inOrganization(bench.org, (tx) => getJob(tx, jobId)))!.wait;

test('HJ-11: a site runs as many jobs as its cap says, across its hosts and kinds, in the order they came', async () => {
  const { site, hosts } = await siteWith(4);
  await cap(changeSite, site, 2);
  const [first, second, third, fourth] = await noops(hosts);
  const elsewhere = await accept('noop', {}, await bench.addHost());
  const all = [first!, second!, third!, fourth!];
  expect(await underWay([...all, elsewhere])).toEqual([first, second, elsewhere]);
  await end(first!);
  expect(await underWay(all)).toEqual([second, third]);
  await inTurn([second!, third!, fourth!], end);
  expect(await used(`site/${site}`)).toMatchObject({ used: 0, slots: 2 });
});

test('a job that waits for a cap says whose cap it is and which jobs have it', async () => {
  const { site, hosts } = await siteWith(6);
  await cap(changeSite, site, 2);
  const [first, second, third] = await noops(hosts.slice(0, 3));
  const named = (id: string, at: number) => `"Do nothing on ${hosts[at]}" (${publicId('job', id)}) of test`;
  expect(await wait(third!)).toEqual({
    words: `site North ${site} is at its cap of 2 jobs: behind ${named(first!, 0)} and ${named(second!, 1)}`,
    position: 1,
    behindJobId: publicId('job', first!),
    stopsBy: null,
  });
  await cap(changeSite, site, 5);
  await noops(hosts.slice(3));
  await cap(changeSite, site, 1);
  const late = await accept('noop', {}, await oneMore(site));
  expect((await wait(late))?.words).toMatch(/ is at its cap of 1 job: behind .+, .+, .+ and 2 more$/);
  const repository = await bench.addRepository();
  await cap(changeRepository, repository, 1);
  const [holder, waiting] = await backups([await bench.addHost(), await bench.addHost()], repository);
  expect((await wait(waiting!))?.words).toBe(
    `repository ${repository} is at its cap of 1 job: behind ${await titleOf(holder!)} (${publicId('job', holder!)}) of test`,
  );
});

const titleOf = async (id: string) =>
  `"${(await bench.owner.query('select title from job where id = $1', [id])).rows[0].title}"`;
async function oneMore(site: string): Promise<string> {
  const host = await bench.addHost();
  await bench.owner.query('update host set site_id = $1 where id = $2', [site, host]);
  return host;
}

test('a higher cap lets in at once who waits, in order, and no more than that', async () => {
  const { site, hosts } = await siteWith(5);
  await cap(changeSite, site, 1);
  const jobs = await noops(hosts);
  expect(await cap(changeSite, site, 3)).toEqual(jobs.slice(1, 3));
  expect(await underWay(jobs)).toEqual(jobs.slice(0, 3));
  // The same cap again is nothing new.
  expect(await cap(changeSite, site, 3)).toEqual([]);
});

test('a lower cap takes nothing from jobs that run, and lets nobody in until it is below', async () => {
  const { site, hosts } = await siteWith(6);
  await cap(changeSite, site, 4);
  const jobs = await noops(hosts);
  expect(await cap(changeSite, site, 2)).toEqual([]);
  expect(await underWay(jobs)).toEqual(jobs.slice(0, 4));
  await end(jobs[0]!);
  await end(jobs[1]!);
  expect(await underWay(jobs)).toEqual(jobs.slice(2, 4));
  await end(jobs[3]!);
  expect(await underWay(jobs)).toEqual([jobs[2], jobs[4]]);
});

test('a cap that is set while jobs run and wait counts them; one that is taken away lets all go', async () => {
  const { site, hosts } = await siteWith(4);
  const running = await noops(hosts.slice(0, 3));
  const behind = await accept('noop', {}, hosts[0]!);
  expect(await cap(changeSite, site, 2)).toEqual([]);
  expect(await used(`site/${site}`)).toMatchObject({ used: 3, slots: 2 });
  const late = await accept('noop', {}, hosts[3]!);
  await end(running[0]!);
  // Its host is free, but the site has two.
  expect(await underWay([...running, behind, late])).toEqual(running.slice(1));
  await end(running[1]!);
  expect(await underWay([...running, behind, late])).toEqual([running[2], behind]);
  const second = await accept('noop', {}, hosts[3]!);
  // One of the two for that host: a host still does one at a time.
  expect(await cap(changeSite, site, null)).toEqual([late]);
  expect(await underWay([late, second])).toEqual([late]);
  expect(await used(`site/${site}`)).toBeUndefined();
});

test('jobs without a host do not count, nor do hosts that are away hold a share', async () => {
  const { site, hosts } = await siteWith(2);
  await cap(changeSite, site, 1);
  await bench.owner.query(`update host set present = false, lease_until = null where id = $1`, [hosts[0]]);
  const [away, here] = await noops(hosts);
  const hostless = await accept('noop', {}, null);
  expect(await underWay([away!, here!, hostless])).toEqual([here, hostless]);
  await bench.owner.query(`update host set lease_until = now() + interval '1 hour' where id = $1`, [hosts[0]]);
  await bench.worker.inOrganization(bench.org, (tx) => changePresenceOf(tx, [hosts[0]!]));
  expect(await underWay([away!, here!])).toEqual([here]);
  await end(here!);
  expect(await underWay([away!])).toEqual([away]);
});

test('a job that goes back to its queue gives its share on, and asks for it again under the cap of then', async () => {
  const { site, hosts } = await siteWith(2);
  const [first] = await noops(hosts.slice(0, 1));
  await begin(first!);
  await cap(changeSite, site, 1);
  const second = await accept('noop', {}, hosts[1]!);
  expect(await underWay([first!, second])).toEqual([first]);
  const input = { orgId: bench.org, jobId: first!, runNo: 1 };
  await bench.worker.inOrganization(bench.org, (tx) => requeueRun(tx, input, `run-of-${first}`));
  expect(await underWay([first!, second])).toEqual([second]);
  expect(
    (await bench.owner.query('select key from lock_request where job_id = $1 order by key', [first])).rows,
  ).toEqual([{ key: `host/${hosts[0]}` }, { key: `site/${site}` }]);
});

test('a repository takes as many jobs as its cap says, from the first on; without one of its own it is as before', async () => {
  const repository = await bench.addRepository();
  await cap(changeRepository, repository, 1);
  const jobs = await backups(await inTurn([1, 2, 3, 4], () => bench.addHost()), repository);
  expect(await underWay(jobs)).toEqual(jobs.slice(0, 1));
  expect(await cap(changeRepository, repository, 2)).toEqual(jobs.slice(1, 2));
  expect(await cap(changeRepository, repository, 1)).toEqual([]);
  await end(jobs[0]!);
  expect(await underWay(jobs)).toEqual(jobs.slice(1, 2));
  expect(await cap(changeRepository, repository, null)).toEqual(jobs.slice(2));
  expect(await used(`repository/${repository}`)).toMatchObject({ used: 3, slots: 10 });
});

test.each([
  ['up', 2, 5],
  ['down', 5, 2],
  ['away', 2, null],
])(
  'an exclusive job stays alone when the cap goes %s under it, and after it the new one counts',
  async (_how, before, after) => {
    const repository = await bench.addRepository();
    await cap(changeRepository, repository, before);
    const exclusive = await init(await bench.addHost(), repository);
    const sharing = await backups(await inTurn([1, 2, 3, 4, 5, 6], () => bench.addHost()), repository);
    expect(await cap(changeRepository, repository, after)).toEqual([]);
    expect(await underWay([exclusive, ...sharing])).toEqual([exclusive]);
    expect(await used(`repository/${repository}`)).toEqual({ used: after ?? 10, slots: after ?? 10, excl: true });
    await end(exclusive);
    expect(await underWay(sharing)).toEqual(sharing.slice(0, after ?? 10));
  },
);

test('an exclusive job waits for all that a lower cap left, and its turn does not pass', async () => {
  const repository = await bench.addRepository();
  const sharing = await backups([await bench.addHost(), await bench.addHost(), await bench.addHost()], repository);
  const exclusive = await init(await bench.addHost(), repository);
  const [later] = await backups([await bench.addHost()], repository);
  await cap(changeRepository, repository, 1);
  expect(await cap(changeRepository, repository, 4)).toEqual([]);
  await inTurn(sharing.slice(0, 2), end);
  expect(await underWay([...sharing, exclusive, later!])).toEqual(sharing.slice(2));
  await end(sharing[2]!);
  expect(await underWay([exclusive, later!])).toEqual([exclusive]);
  expect(await used(`repository/${repository}`)).toMatchObject({ used: 4, slots: 4, excl: true });
});

test('an exclusive job whose site is full closes nothing, and closes the repository when the cap goes away', async () => {
  const { site, hosts } = await siteWith(2);
  await cap(changeSite, site, 1);
  const repository = await bench.addRepository();
  const [other, third] = [await bench.addHost(), await bench.addHost()];
  await noops(hosts.slice(0, 1));
  const [sharing] = await backups([other], repository);
  const exclusive = await init(hosts[1]!, repository);
  const [passing] = await backups([third], repository);
  expect(await underWay([sharing!, exclusive, passing!])).toEqual([sharing, passing]);
  await cap(changeSite, site, null);
  const [late] = await backups([await bench.addHost()], repository);
  await end(sharing!);
  await end(passing!);
  expect(await underWay([exclusive, late!])).toEqual([exclusive]);
});
