import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { ensureDatabase, startPostgres } from '../../src/embedded/postgres/postgres.ts';
import { refuseClosed } from '../../src/embedded/postgres/postgres-user.ts';
import { embeddedPostgres } from '../../src/embedded/postgres/up-database.ts';
import { isAlive } from '../../src/embedded/supervisor/process-identity.ts';
import { env, formerRun, livingProcess, ownFolder, quiet } from './place.ts';

const TIMEOUT = 60_000;

async function ask(connectionString: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

test('a second start keeps the data and the port, and no login goes without its password', {
  timeout: TIMEOUT,
}, async () => {
  const dataDir = join(ownFolder(), 'postgres');
  const first = await startPostgres({ dataDir, ephemeral: true, env, report: quiet });
  const url = await ensureDatabase(first.ownerUrl, 'holdfast');
  expect(await ensureDatabase(first.ownerUrl, 'holdfast')).toBe(url);
  await ask(url, "create table kept as select 'there' as word");
  const wrong = new URL(url);
  wrong.password = 'wrong';
  await expect(ask(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
  expect(statSync(join(dataDir, 'owner-password')).mode & 0o777).toBe(0o600);
  expect(await ask(url, 'show listen_addresses')).toEqual(['127.0.0.1']);
  await first.stop('fast');
  const second = await startPostgres({ dataDir, env, report: quiet, settings: { work_mem: '5MB' } });
  expect(second.ownerUrl).toBe(first.ownerUrl);
  expect(await ask(url, 'select word from kept')).toEqual(['there']);
  expect(await ask(url, "select setting from pg_settings where name in ('fsync', 'work_mem') order by name")).toEqual([
    'on',
    '5120',
  ]);
  await second.stop('immediate');
});

test('after kill -9 of the run, the next start ends the server it left and serves the same data', {
  timeout: TIMEOUT,
}, async () => {
  const folder = ownFolder();
  const run = await formerRun<{ pid: number; ownerUrl: string }>('postgres', folder);
  await ask(run.said.ownerUrl, 'create table kept as select 1 as one');
  const old = livingProcess(run.said.pid);
  const second = () => startPostgres({ dataDir: join(folder, 'postgres'), env, report: quiet });
  await expect(second()).rejects.toThrow(`running already with this data folder, as process ${run.pid}`);
  await run.kill();
  expect(isAlive(old)).toBe(true);
  const next = await second();
  expect(isAlive(old)).toBe(false);
  expect(await ask(run.said.ownerUrl, 'select one from kept')).toEqual([1]);
  await next.stop('immediate');
});

test('a server whose pid file of ours is lost is still found and ended; a pid file that names a stranger is removed', {
  timeout: TIMEOUT,
}, async () => {
  const folder = ownFolder();
  const dataDir = join(folder, 'postgres');
  const lost = await startPostgres({ dataDir, ephemeral: true, runDir: join(folder, 'lost'), env, report: quiet });
  const next = await startPostgres({ dataDir, ephemeral: true, env, report: quiet });
  expect((await lost.exited).code).toBe(0);
  await next.stop('fast');
  // The number of this very process, as after a reboot of a container.
  writeFileSync(join(dataDir, 'cluster/postmaster.pid'), `${process.pid}\n${dataDir}/cluster\n1\n`);
  const last = await startPostgres({ dataDir, ephemeral: true, env, report: quiet });
  expect(readFileSync(join(dataDir, 'cluster/postmaster.pid'), 'utf8').split('\n')[0]).toBe(String(last.pid));
  await last.stop('immediate');
});

test('RUN-22: what umask 077 closed to the account of the server is named at once, with one command that opens all of it', () => {
  const folder = ownFolder();
  const [program, data, secret] = ['my clone/native', 'data/postgres', 'my clone/secret'].map((name) =>
    join(folder, name),
  );
  for (const path of [join(program!, 'lib'), data!, secret!]) mkdirSync(path, { recursive: true, mode: 0o700 });
  writeFileSync(join(program!, 'lib/libpq.so'), '', { mode: 0o600 });
  writeFileSync(join(program!, 'postgres'), '', { mode: 0o700 });
  symlinkSync('nowhere', join(program!, 'lib/link'));
  const closed = [folder, join(folder, 'my clone'), join(folder, 'data')];
  for (const path of [...closed, program!, join(program!, 'lib'), data!, secret!]) chmodSync(path, 0o700);
  const who = { uid: 65_534, gid: 65_534, user: 'nobody' };
  const refused = () => refuseClosed(program!, join(data!, 'cluster'), who);
  expect(refused).toThrow(/`nobody`, .* cannot reach its program or its data/);
  const [command] = /(?<=Run `)[^`]+/.exec(messageOf(refused)) ?? [''];
  expect(spawnSync('sh', ['-c', command], { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  expect(refused).not.toThrow();
  expect(statSync(secret!).mode & 0o777).toBe(0o700);
  expect(statSync(join(program!, 'postgres')).mode & 0o777).toBe(0o705);
});

test('a program that can be passed but not read is seen', () => {
  const folder = ownFolder();
  for (const path of [folder, join(folder, 'native')]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o755);
  }
  writeFileSync(join(folder, 'native/postgres.bki'), '', { mode: 0o600 });
  const who = { uid: 65_534, gid: 65_534, user: 'nobody' };
  expect(() => refuseClosed(join(folder, 'native'), join(folder, 'data'), who)).toThrow(
    `Run \`chmod -R o+rX ${folder}/native\`,`,
  );
});

function messageOf(run: () => void): string {
  try {
    run();
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return '';
}

test('a port in use gives one message with what the server said', { timeout: TIMEOUT }, async () => {
  const holder = await startPostgres({ dataDir: join(ownFolder(), 'postgres'), ephemeral: true, env, report: quiet });
  const wanted = startPostgres({
    dataDir: join(ownFolder(), 'postgres'),
    port: holder.port,
    ephemeral: true,
    env,
    report: quiet,
  });
  await expect(wanted).rejects.toThrow(/PostgreSQL did not start: .*(Address already in use|could not create any TCP)/);
  await holder.stop('immediate');
});

test('SC-10: a restarted server comes back on its port or not at all: who took the port meanwhile is not asked for our data', {
  timeout: TIMEOUT,
}, async () => {
  const start = embeddedPostgres(readConfig({ HOLDFAST_DATA: ownFolder() }), env, { report: quiet });
  const first = await start();
  process.kill(first.pid, 'SIGKILL');
  await first.exited;
  const thief = createServer().listen(first.running.port, '127.0.0.1');
  await once(thief, 'listening');
  await expect(start()).rejects.toThrow(/PostgreSQL did not start/);
  thief.close();
  await once(thief, 'close');
  const second = await start();
  expect(second.running.ownerUrl).toBe(first.running.ownerUrl);
  expect(await ask(second.running.ownerUrl, 'select 1')).toEqual([1]);
  await second.stop();
});
