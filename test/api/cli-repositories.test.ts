import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { open } from '../../src/lib/seal.ts';
import { host } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

const MAIN = new URL('../../scripts/main.mjs', import.meta.url).pathname;
const ODD = 'a%b$c#Lf@ü "x\\ ';
const folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-repositories-'));
let api: ApiBench;
let url: string;

beforeAll(async () => {
  api = await startApi();
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  await host(api.database.owner, api.org, { name: 'local' });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api?.close();
});

/** A line of a shell in which `holdfast` is the real program in a process of its own. */
function shell(line: string): Promise<{ code: number; out: string; err: string }> {
  const env = { PATH: process.env.PATH, HOLDFAST_DATA: folder, HOLDFAST_URL: url, HOLDFAST_API_KEY: api.key };
  const script = `holdfast() { "${process.execPath}" "${MAIN}" "$@"; }\n${line}`;
  return new Promise((resolve) => {
    execFile('bash', ['--norc', '-c', script], { cwd: folder, env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

/** The newest password of a repository, as a host would be given it. */
async function passwordOf(name: string): Promise<string> {
  const { rows } = await api.database.owner.query(
    `select r.id, s.sealed from repository r join secret s on s.row_id = r.id where r.name = $1 order by s.secret_version desc limit 1`,
    [name],
  );
  const context = { table: 'repository', row: rows[0].id, column: 'password', organisation: api.org.id };
  return open(api.parts.keyring, context, rows[0].sealed).toString();
}

test('BK-1, P2-26: the password of an existing repository is given by file or pipe, byte for byte', async () => {
  for (const [at, password] of [ODD, 'a', 'nfc ü', 'nfd u\u0308', '\ufeffbom', 'blank '].entries()) {
    writeFileSync(join(folder, 'password'), `${password}\n`);
    const made = await shell(`holdfast repositories create old-${at} /srv/old-${at} --password-file password`);
    expect(made, made.err).toMatchObject({ code: 0, err: '' });
    expect(await passwordOf(`old-${at}`)).toBe(password);
  }
  const minted = await shell('holdfast repositories create minted /srv/minted');
  expect(minted.err).toMatch(/Password \(keep it/);
  const piped = await shell(`printf '%s' 'two words' | holdfast repositories password minted --file -`);
  expect(piped, piped.err).toMatchObject({ code: 0 });
  expect(await passwordOf('minted')).toBe('two words');
});

test('BK-1: a password that cannot be kept as it is is refused in words, and the old one stays', async () => {
  await shell('holdfast repositories create strict /srv/strict');
  const before = await passwordOf('strict');
  const refused = [
    [`printf 'two\\nlines' | holdfast repositories password strict --file -`, 'line break'],
    [`printf '' | holdfast repositories password strict --file -`, ''],
    [`printf '\\xff' | holdfast repositories password strict --file -`, 'not UTF-8'],
    ['holdfast repositories password strict --file nowhere', 'ENOENT'],
    ['holdfast repositories password strict', '--file FILE, or --new'],
  ] as const;
  for (const [line, words] of refused) {
    const ran = await shell(line);
    expect(ran.code, line).toBe(2);
    expect(ran.err).toContain(words);
    expect(ran.err).not.toMatch(/pattern|\^\[/);
  }
  expect(await passwordOf('strict')).toBe(before);
});

test('a password that was lost is made anew before the repository is there, and not after', async () => {
  await shell('holdfast repositories create lost /srv/lost');
  const anew = await shell('holdfast repositories password lost --new');
  expect(anew.err).toContain(await passwordOf('lost'));
  await api.database.owner.query(`update repository set state = 'ready', ready_at = now() where name = 'lost'`);
  const refused = await shell('holdfast repositories password lost --new');
  expect(refused).toMatchObject({ code: 2, out: '' });
  expect(refused.err).toMatch(/was ready before.*repositories password lost --file FILE/);
});

test('BK-3: init of what was ready prints the text that is needed', async () => {
  await shell('holdfast repositories create gone /srv/gone');
  await api.database.owner.query(
    `update repository set state = 'missing', ready_at = now(), snapshots_known = 12 where name = 'gone'`,
  );
  const refused = await shell('holdfast repositories init gone --host local');
  expect(refused.code).toBe(2);
  expect(refused.err).toMatch(/repositories init gone --host local --confirm "begin anew without 12 snapshots"/);
  expect((await api.counts()).job).toBe(0);
});

test('two repositories at one address are refused, and the first one is named', async () => {
  await shell('holdfast repositories create one /srv/same');
  const second = await shell('holdfast repositories create two /srv/./same/');
  expect(second.code).toBe(2);
  expect(second.err).toContain('The repository "one" has this address already');
});

test('BK-1: an address is corrected; password, id and snapshots stay, and jobs that use it come first', async () => {
  await shell('holdfast repositories create moved /srv/movde');
  const password = await passwordOf('moved');
  const { owner } = api.database;
  await owner.query(
    `update repository set state = 'missing', ready_at = now(), snapshots_known = 3, restic_id = 'ab' where name = 'moved'`,
  );
  const corrected = await shell('holdfast repositories address moved /srv/moved');
  expect(corrected, corrected.err).toMatchObject({ code: 0 });
  const { rows } = await owner.query(
    `select url, state, snapshots_known, restic_id from repository where name = 'moved'`,
  );
  expect(rows).toEqual([{ url: '/srv/moved', state: 'unknown', snapshots_known: 3, restic_id: 'ab' }]);
  expect(await passwordOf('moved')).toBe(password);
  await shell('holdfast repositories create busy /srv/busy');
  expect((await shell('holdfast repositories address moved /srv/busy')).err).toContain(
    '"busy" has this address already',
  );
  expect((await shell('holdfast repositories address moved nowhere')).code).toBe(2);
  await shell('holdfast jobs start init --repository busy --host local');
  const refused = await shell('holdfast repositories address busy /srv/other');
  expect(refused).toMatchObject({ code: 2, out: '' });
  expect(refused.err).toContain('Jobs that use busy run or wait');
});
