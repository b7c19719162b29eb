import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, expect, test, vi } from 'vitest';
import { startPostgres } from '../../src/embedded/postgres/postgres.ts';
import { clusterPaths } from '../../src/embedded/postgres/postgres-cluster.ts';
import { begunOf, takeViolations, writeWitness } from '../faults/stack/witness.ts';
import { findRestic } from '../harness/restic.ts';
import { ask, CLEAN_ENV, ownFolder, processesOf, removeFolder, Up } from './up-process.ts';

/** RUN-20 as a person meets it: `npm start`, and Temporal's databases are gone. */
const folder = ownFolder();
const data = join(folder, 'data');
const source = join(folder, 'source');
const witness = join(folder, 'witness');
const restic = findRestic()!.path;
const slow = { restic, source, folder: witness, hostName: 'local', freshKiB: 8_192, uploadKiBPerSecond: 1_024 };
const start = () => new Up({ HOLDFAST_DATA: data, HOLDFAST_PROGRAM_RESTIC: writeWitness(slow) }, ['--no-first-job']);
afterAll(() => removeFolder(folder));

interface JobAnswer {
  readonly id: string;
  readonly state: string;
  readonly outcome: { readonly refs: { readonly snapshotId?: string } } | null;
}
const made = async <Answer = { id: string }>(path: string, body: unknown): Promise<Answer> => {
  const answer = await ask(data, path, body);
  expect(answer.ok, await answer.clone().text()).toBe(true);
  return (await answer.json()) as Answer;
};
const job = async (id: string) => (await (await ask(data, `jobs/${id}`)).json()) as JobAnswer;
const until = (isSo: () => Promise<boolean> | boolean, timeout: number) =>
  vi.waitUntil(isSo, { timeout, interval: 200 });
const succeeded = (id: string) => until(async () => (await job(id)).state === 'succeeded', 120_000);

async function dropTemporal(ownerUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  for (const name of ['temporal', 'temporal_visibility']) await client.query(`drop database ${name} with (force)`);
  await client.end();
}

function runningPostgres(): string {
  const paths = clusterPaths(join(data, 'postgres'));
  const { postgres } = JSON.parse(readFileSync(paths.port, 'utf8')) as { postgres: number };
  const password = readFileSync(paths.password, 'utf8').trim();
  return `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${postgres}/postgres`;
}

let planId = '';
let repository = { id: '', password: '' };
const snapshotsOf = (jobId: string) => {
  const env = { RESTIC_REPOSITORY: join(folder, 'repository'), RESTIC_PASSWORD: repository.password, HOME: folder };
  const listed = spawnSync(restic, ['snapshots', '--json', '--no-lock', '--tag', `job:${jobId}`], {
    env,
    encoding: 'utf8',
  });
  return JSON.parse(listed.stdout) as unknown[];
};

/** A backup that runs, and two jobs behind it on the same host. */
async function startWork(host: string): Promise<{ backup: string; behind: string[] }> {
  const backup = (await made('jobs', { kind: 'backup', params: { planId } })).id;
  await until(() => begunOf(witness).includes(backup), 30_000);
  const noop = { kind: 'noop', target: { hostId: host } };
  return { backup, behind: [(await made('jobs', noop)).id, (await made('jobs', noop)).id] };
}

async function expectAllDone({ backup, behind }: { backup: string; behind: string[] }): Promise<void> {
  for (const id of [backup, ...behind]) await succeeded(id);
  expect(snapshotsOf(backup)).toHaveLength(1);
  expect(takeViolations(witness)).toEqual([]);
}

const hostId = async () =>
  ((await (await ask(data, 'hosts?name=local')).json()) as { items: { id: string }[] }).items[0]!.id;

test('Temporal loses its databases while a backup runs and jobs wait: all of them end well, without a person', async ({
  annotate,
}) => {
  mkdirSync(source);
  writeFileSync(join(source, 'file'), 'something');
  const up = start();
  await up.until('Ctrl-C stops everything');
  const host = await hostId();
  repository = await made('repositories', { name: 'main', url: join(folder, 'repository') });
  await succeeded(
    (await made('jobs', { kind: 'init', target: { hostId: host }, params: { repositoryId: repository.id } })).id,
  );
  planId = (await made('plans', { name: 'all', hostId: host, repositoryId: repository.id, paths: [source] })).id;

  const work = await startWork(host);
  const lostAtMs = Date.now();
  await dropTemporal(runningPostgres());
  await up.until('temporal: its databases were dropped; they are made anew');
  await up.until('temporal: started again');
  await annotate(
    `Temporal was whole again ${((Date.now() - lostAtMs) / 1000).toFixed(1)} s after it lost its databases`,
  );
  await expectAllDone(work);
  await annotate(`all jobs had ended after ${((Date.now() - lostAtMs) / 1000).toFixed(1)} s`);

  // And once more while nothing of it runs.
  const before = await startWork(host);
  up.signal('SIGKILL');
  await up.ended;
  const postgres = await startPostgres({
    dataDir: join(data, 'postgres'),
    runDir: join(data, 'run'),
    env: CLEAN_ENV,
    report: () => {},
  });
  await dropTemporal(postgres.ownerUrl);
  await postgres.stop('fast');
  const again = start();
  await again.until('Ctrl-C stops everything');
  await expectAllDone(before);
  again.signal('SIGINT');
  expect((await again.ended).code).toBe(0);
  expect(processesOf(folder)).toEqual([]);
});
