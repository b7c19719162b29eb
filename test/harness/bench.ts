import type { JobRegistry } from '../../src/db/core/job-registry.ts';
import type { Tx } from '../../src/db/core/transaction.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { type Bench, benchOn } from './bench-on.ts';
import { createTestDatabase } from './database.ts';

export type { Bench };

/** A bench on a database of its own, for the tests of one file. */
export const openBench = async (clock?: Clock, registry?: JobRegistry<Tx>): Promise<Bench> =>
  benchOn(await createTestDatabase(), clock, registry);
