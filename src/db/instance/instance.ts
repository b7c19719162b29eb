import { sql } from 'kysely';
import type { Database } from '../core/database.ts';
import type { AcrossTx } from '../core/transaction.ts';

const NO_ORGANISATION = '00000000-0000-0000-0000-000000000000';

/** The migrations the database has, oldest first; null when this login may not look. An answer at all says that the database serves. */
export async function readMigrations(database: Database): Promise<readonly string[] | null> {
  return await database.inOrganization(NO_ORGANISATION, async (tx) => {
    const may = await tx.first(sql<{ may: boolean | null }>`
      select has_table_privilege(to_regclass('public.migration'), 'select') as may`);
    if (!may?.may) return null;
    const all = await tx.rows(sql<{ name: string }>`select name from migration order by id`);
    return all.map(({ name }) => name);
  });
}

/** The uuid of the Temporal namespace that our runs are in; null before the first one. */
export async function readNamespace(tx: AcrossTx): Promise<string | null> {
  const found = await tx.first(
    sql<{ id: string | null }>`select temporal_namespace_id as id from instance where id = 1`,
  );
  return found?.id ?? null;
}
