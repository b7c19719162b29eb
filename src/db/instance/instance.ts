import { sql } from 'kysely';
import type { Doors, Tx } from '../core/doors.ts';

const NO_ORGANISATION = '00000000-0000-0000-0000-000000000000';

/** The migrations the database has, oldest first; null when this login may not look. An answer at all says that the database serves. */
export async function readMigrations(doors: Doors): Promise<readonly string[] | null> {
  return await doors.inOrg(NO_ORGANISATION, async (tx) => {
    const may = await sql<{ may: boolean | null }>`
      select has_table_privilege(to_regclass('public.migration'), 'select') as may`.execute(tx.sql);
    if (!may.rows[0]?.may) return null;
    const all = await sql<{ name: string }>`select name from migration order by id`.execute(tx.sql);
    return all.rows.map(({ name }) => name);
  });
}

/** The uuid of the Temporal namespace that our runs are in; null before the first one. */
export async function readNamespace(tx: Tx): Promise<string | null> {
  const found = await sql<{ id: string | null }>`select temporal_namespace_id as id from instance where id = 1`.execute(
    tx.sql,
  );
  return found.rows[0]?.id ?? null;
}
