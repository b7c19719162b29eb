import { afterAll, beforeAll, expect, test } from 'vitest';
import { learnRepository } from '../../src/db/backup/learn-repository.ts';
import { type Bench, openBench } from '../harness/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const hex = (letter: string): string => letter.repeat(64);

/** What the row knows after jobs that ended so, one after the other. */
async function after(...ends: readonly { code: string; refs?: Record<string, string> }[]) {
  const repository = await bench.addRepository();
  for (const { code, refs = {} } of ends)
    await bench.worker.inOrganization(bench.org, (tx) => learnRepository(tx, repository, { code, counts: {}, refs }));
  const row = await bench.owner.query(
    'select state, restic_id, config_digest, snapshots_known from repository where id = $1',
    [repository],
  );
  return row.rows[0];
}

const MADE = { code: 'initialised', refs: { resticId: hex('a'), configDigest: hex('1') } };
const SAVED = { code: 'succeeded', refs: { snapshotId: hex('5') } };

test('BK-3: of a repository that was made anew nothing of the one before stays, also when its id was not learnt', async () => {
  expect(await after(MADE, SAVED)).toEqual({
    state: 'ready',
    restic_id: hex('a'),
    config_digest: hex('1'),
    snapshots_known: 1,
  });
  expect(await after(MADE, SAVED, { code: 'initialised' })).toEqual({
    state: 'ready',
    restic_id: null,
    config_digest: null,
    snapshots_known: 0,
  });
});

test('BK-3, SC-7: a backup teaches no digest but that of the repository the row means', async () => {
  const lie = (refs: Record<string, string>) => after(MADE, { code: 'succeeded', refs });
  expect((await lie({ configDigest: hex('2') })).config_digest).toBe(hex('1'));
  const other = await lie({ configDigest: hex('2'), resticId: hex('b') });
  expect(other).toMatchObject({ restic_id: hex('a'), config_digest: hex('1') });
  expect((await lie({ configDigest: hex('2'), resticId: hex('a') })).config_digest).toBe(hex('2'));
  const learnt = await after({ code: 'succeeded', refs: { resticId: hex('c'), configDigest: hex('3') } });
  expect(learnt).toMatchObject({ restic_id: hex('c'), config_digest: hex('3') });
});
