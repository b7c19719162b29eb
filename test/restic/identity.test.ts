import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicId } from '../../src/lib/ids.ts';
import { openStack, type Stack } from '../harness/stack.ts';

const PASSWORD = 'canary-Zq7Lw2Xv9';
let stack: Stack;

beforeAll(async () => {
  stack = await openStack();
});
afterAll(() => stack?.close());

const ENDS = ['succeeded', 'partial', 'failed', 'unknown'];
const row = async (id: string) => (await stack.owner.query('select * from repository where id = $1', [id])).rows[0];

/** A repository that was made and got one snapshot, and how to back up and initialise it again. */
async function used() {
  const { id, path } = await stack.addSealedRepository(PASSWORD);
  const init = async (confirm?: string) => {
    const params = { repositoryId: publicId('repository', id), ...(confirm === undefined ? {} : { confirm }) };
    return await stack.untilState(await stack.start('init', params, stack.hostId), ...ENDS);
  };
  const folder = join(stack.folder, `source-${id}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'letter.txt'), 'Dear reader');
  const plan = await stack.addPathsPlan(id, [folder]);
  const backup = async () =>
    await stack.untilState(await stack.start('backup', { planId: publicId('plan', plan) }), ...ENDS);
  expect(await init()).toMatchObject({ outcome_code: 'initialised' });
  expect(await backup()).toMatchObject({ outcome_code: 'succeeded' });
  return { id, path, init, backup };
}

/** By hand, with the password that the row has. */
const restic = (path: string, ...args: string[]) =>
  execFileSync(stack.restic, ['-r', path, ...args], { env: { RESTIC_PASSWORD: PASSWORD, HOME: stack.folder } });

test('BK-3: a disk that is not mounted leads to no second history, whatever is tried by mistake', async () => {
  const { id, path, init, backup } = await used();
  expect(await row(id)).toMatchObject({ state: 'ready', snapshots_known: 1, restic_id: expect.any(String) });
  renameSync(path, `${path}.away`);
  mkdirSync(path);
  for (const _ of [1, 2]) {
    const ended = await backup();
    expect(ended).toMatchObject({ state: 'failed', outcome_code: 'repository-missing' });
    expect(ended.outcome_next).toContain('Mount it or correct the address');
    expect(await row(id)).toMatchObject({ state: 'missing', state_at: ended.finished_at });
  }
  await expect(init()).rejects.toMatchObject({ code: 'repository-was-ready' });
  await expect(init('begin anew without 2 snapshots')).rejects.toMatchObject({ code: 'repository-was-ready' });
  expect(readdirSync(path)).toEqual([]);
  rmSync(path, { recursive: true });
  renameSync(`${path}.away`, path);
  expect(await backup()).toMatchObject({ outcome_code: 'succeeded' });
  expect(await row(id)).toMatchObject({ state: 'ready', snapshots_known: 2 });
});

test('BK-3: another repository at the address is not written to; only the typed number of snapshots gives the first one up', async () => {
  const { id, path, init, backup } = await used();
  const first = await row(id);
  renameSync(path, `${path}.away`);
  restic(path, 'init');
  expect(await backup()).toMatchObject({ state: 'failed', outcome_code: 'repository-changed' });
  expect(readdirSync(join(path, 'snapshots'))).toEqual([]);
  expect(await row(id)).toMatchObject({ state: 'missing', restic_id: first.restic_id });
  expect(await init('begin anew without 1 snapshot')).toMatchObject({ outcome_code: 'already-initialised' });
  const second = await row(id);
  expect(second).toMatchObject({ state: 'ready', snapshots_known: 0 });
  expect(second.restic_id).not.toBe(first.restic_id);
  expect(await backup()).toMatchObject({ outcome_code: 'succeeded' });
  expect(readdirSync(join(path, 'snapshots'))).toHaveLength(1);
});

test('a config file that was written anew is no other repository: the id counts', async () => {
  const { id, backup } = await used();
  await stack.owner.query(`update repository set config_digest = repeat('0', 64) where id = $1`, [id]);
  expect(await backup()).toMatchObject({ outcome_code: 'succeeded' });
  expect((await row(id)).config_digest).not.toBe('0'.repeat(64));
});

test('a repository of others is learnt by its first backup', async () => {
  const { id, backup } = await used();
  const { restic_id } = await row(id);
  await stack.owner.query(
    'update repository set restic_id = null, config_digest = null, ready_at = null where id = $1',
    [id],
  );
  expect(await backup()).toMatchObject({ outcome_code: 'succeeded' });
  expect(await row(id)).toMatchObject({ restic_id, state: 'ready', config_digest: expect.any(String) });
});

test('without its config file a repository is damaged, and nothing advises to make it anew', async () => {
  const { id, path, backup } = await used();
  renameSync(join(path, 'config'), join(path, 'config.away'));
  const ended = await backup();
  expect(ended).toMatchObject({ state: 'failed', outcome_code: 'repository-without-config' });
  expect(await row(id)).toMatchObject({ state: 'damaged' });
  // The same for a row that has never seen it.
  await stack.owner.query('update repository set restic_id = null, ready_at = null where id = $1', [id]);
  const params = { repositoryId: publicId('repository', id) };
  const init = await stack.untilState(await stack.start('init', params, stack.hostId), ...ENDS);
  expect(init).toMatchObject({ outcome_code: 'repository-without-config' });
  expect(init.outcome_next).toContain('Do not initialise');
  expect(existsSync(join(path, 'config'))).toBe(false);
});
