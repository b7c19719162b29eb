import { sql } from 'kysely';
import type { Doors } from '../doors.ts';

const NO_ORGANISATION = '00000000-0000-0000-0000-000000000000';

/** The newest migration the database has; null when this login may not look. An answer at all says that the database serves. */
export async function readSchemaVersion(doors: Doors): Promise<string | null> {
  return await doors.inOrg(NO_ORGANISATION, async (tx) => {
    const may = await sql<{ may: boolean | null }>`
      select has_table_privilege(to_regclass('public.migration'), 'select') as may`.execute(tx.sql);
    if (!may.rows[0]?.may) return null;
    const newest = await sql<{ name: string }>`select name from migration order by id desc limit 1`.execute(tx.sql);
    return newest.rows[0]?.name ?? 'none';
  });
}
