import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Site } from '../../src/db/tables/site.ts';
import { type Bench, openBench } from '../harness/bench.ts';

let bench: Bench;
let other: { org: string; site: string };
beforeAll(async () => {
  bench = await openBench();
  other = { org: bench.newId(), site: bench.newId() };
  await bench.owner.query(`insert into organization(id, name, created_at) values ($1, 'Other', now())`, [other.org]);
  await bench.owner.query(`insert into site(org_id, id, name, created_at) values ($1, $2, 'Theirs', now())`, [
    other.org,
    other.site,
  ]);
});
afterAll(() => bench.close());

const nameOf = async (id: string) =>
  (await bench.owner.query('select name, version from site where id = $1', [id])).rows[0];

test('it reads and flushes in the transaction, beside statements of the same one', async () => {
  await bench.api.inOrganization(bench.org, async (tx) => {
    const site = await tx.em.findOneOrFail(Site, { id: bench.site });
    site.name = 'Renamed';
    await tx.em.flush();
    const seen = await tx.first(sql<{ name: string }>`select name from site where id = ${bench.site}`);
    expect(seen).toEqual({ name: 'Renamed' });
    expect((await nameOf(bench.site)).name).not.toBe('Renamed');
  });
  expect(await nameOf(bench.site)).toEqual({ name: 'Renamed', version: 2 });
});

test('what it flushed is undone with the transaction', async () => {
  const undone = bench.api.inOrganization(bench.org, async (tx) => {
    const site = await tx.em.findOneOrFail(Site, { id: bench.site });
    site.name = 'Undone';
    await tx.em.flush();
    throw new Error('no');
  });
  await expect(undone).rejects.toThrow('no');
  expect((await nameOf(bench.site)).name).not.toBe('Undone');
});

test('it refuses to write over a version that somebody else changed', async () => {
  const late = bench.api.inOrganization(bench.org, async (tx) => {
    const site = await tx.em.findOneOrFail(Site, { id: bench.site });
    await bench.owner.query('update site set version = version + 1 where id = $1', [bench.site]);
    site.name = 'Late';
    await tx.em.flush();
  });
  await expect(late).rejects.toThrow(/optimistic lock/i);
});

test('it sees nothing of another organisation, and each transaction has its own', async () => {
  const managers = new Set();
  for (const org of [bench.org, other.org]) {
    await bench.api.inOrganization(org, async (tx) => {
      managers.add(tx.em);
      expect(tx.em).toBe(tx.em);
      const seen = await tx.em.find(Site, { id: [bench.site, other.site] });
      expect(seen.map(({ id }) => id)).toEqual([org === bench.org ? bench.site : other.site]);
    });
  }
  expect(managers.size).toBe(2);
});
