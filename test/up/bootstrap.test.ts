import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { systemRandom } from '../../src/lib/ids.ts';
import { bootstrapInstance } from '../../src/processes/bootstrap.ts';
import { createTestDatabase } from '../harness/database.ts';

const DAY_MS = 86_400_000;

async function instance() {
  const database = await createTestDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bootstrap-'));
  onTestFinished(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });
  const cliFile = join(folder, 'cli.json');
  let nowMs = Date.UTC(2026, 10, 27);
  return {
    cliFile,
    later: (ms: number) => {
      nowMs += ms;
    },
    start: (apiUrl = 'http://127.0.0.1:8080') =>
      bootstrapInstance({
        config: readConfig({ HOLDFAST_DATA: folder }),
        ownerUrl: database.ownerUrl,
        apiUrl,
        gatewayAddress: '127.0.0.1:7443',
        clock: { now: () => new Date(nowMs) },
        random: systemRandom,
      }),
    live: async () =>
      (
        await database.owner.query('select 1 from api_key where revoked_at is null and expires_at > $1', [
          new Date(nowMs),
        ])
      ).rowCount,
    audited: async () =>
      (
        await database.owner.query(
          'select action, object_label as label, actor_kind, actor_label, outcome, request_id, at from audit_event order by action, label',
        )
      ).rows,
    revoke: () => database.owner.query('update api_key set revoked_at = now()'),
    saved: () => JSON.parse(readFileSync(cliFile, 'utf8')) as { url: string; apiKey: string },
  };
}

test('the key of the command line lives over restarts, also when the address changes', async () => {
  const one = await instance();
  const { apiKey } = await one.start();
  one.later(330 * DAY_MS);
  expect(await one.start('http://127.0.0.1:9090')).toMatchObject({ apiKey });
  expect(one.saved()).toEqual({ url: 'http://127.0.0.1:9090', apiKey });
  expect(await one.live()).toBe(1);
});

test('a key that is about to end, was revoked, or is lost or spoilt is replaced, and then one lives', async () => {
  const one = await instance();
  const seen = new Set([(await one.start()).apiKey]);
  one.later(340 * DAY_MS);
  seen.add((await one.start()).apiKey);
  await one.revoke();
  seen.add((await one.start()).apiKey);
  rmSync(one.cliFile);
  seen.add((await one.start()).apiKey);
  writeFileSync(one.cliFile, '{"url": 5, "apiKey": ');
  seen.add((await one.start()).apiKey);
  writeFileSync(one.cliFile, '{"apiKey": "hfk_somebody-elses"}');
  seen.add((await one.start()).apiKey);
  expect(seen.size).toBe(6);
  expect(await one.live()).toBe(1);
  expect(seen).toContain(one.saved().apiKey);
});

test('the audit tells what the first start makes, and of the next one only what it makes anew', async () => {
  const one = await instance();
  await one.start();
  const first = await one.audited();
  expect(first.map(({ action, label }) => `${action} ${label}`)).toEqual([
    'api_key.mint cli',
    'host.create local',
    'host.mint_credential local',
    'organization.create Home',
    'organization.create Platform',
    'setup_token.mint owner@localhost',
    'site.create Main',
    'user.invite owner@localhost',
  ]);
  const at = new Date(Date.UTC(2026, 10, 27));
  const starter = { actor_kind: 'system', actor_label: 'holdfast start', outcome: 'ok', request_id: null, at };
  for (const row of first) expect(row).toMatchObject(starter);
  rmSync(one.cliFile);
  one.later(1);
  await one.start();
  const next = (await one.audited()).filter((row) => row.at > at);
  expect(next.map(({ action }) => action)).toEqual(['api_key.mint', 'api_key.revoke', 'setup_token.mint']);
});
