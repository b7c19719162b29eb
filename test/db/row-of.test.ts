import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EventSchema } from '../../src/db/tables/event.ts';
import type { JobSchema } from '../../src/db/tables/job.ts';
import type { RowOf } from '../../src/db/tables/row-of.ts';
import { acceptJob } from '../harness/accept-job.ts';
import { type Bench, openBench } from '../harness/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

test('the types of rows are those that statements return: times and big numbers as text, pointers as ids', async () => {
  await acceptJob(bench, 'noop', {}, await bench.addHost());
  const [job, event] = await bench.worker.inOrganization(bench.org, (tx) =>
    Promise.all([
      tx.first(sql<RowOf<typeof JobSchema>>`select * from job`),
      tx.first(sql<RowOf<typeof EventSchema>>`select * from event`),
    ]),
  );
  const texts: (string | null)[] = [job!.accepted_at, job!.accepted_day, job!.seq, job!.host_id, event!.at, event!.id];
  const numbers: number[] = [job!.run_no, job!.failure_count, job!.version];
  for (const text of texts) expect(text).toBeTypeOf('string');
  for (const number of numbers) expect(number).toBeTypeOf('number');
  const params: Record<string, unknown> = job!.params;
  expect(params).toEqual({});
  // No name of a column is made up.
  const columns: Record<keyof RowOf<typeof EventSchema>, unknown> = event!;
  expect(Object.keys(columns).sort()).toEqual(['at', 'data', 'id', 'org_id', 'subject_id', 'topic', 'txid']);
});
