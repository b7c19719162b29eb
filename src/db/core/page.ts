import { type RawBuilder, sql } from 'kysely';
import type { Reach } from '../../domain/core/authorize.ts';

/** A page of a list by id, which is by time of creation: newest first unless told. */
export interface PageAsked {
  readonly limit: number;
  /** The last id of the page before; the page starts behind it. */
  readonly after: string | null;
  readonly oldestFirst: boolean;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** The id to go on behind, or null at the end. */
  readonly next: string | null;
}

/** Above and below every uuid of ours: the first page is behind it. */
const TOP = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const BOTTOM = '00000000-0000-0000-0000-000000000000';

/** The rows behind the page before. */
export const behind = (page: PageAsked, column: string): RawBuilder<boolean> =>
  page.oldestFirst ? sql`${sql.ref(column)} > ${page.after ?? BOTTOM}` : sql`${sql.ref(column)} < ${page.after ?? TOP}`;

/** The order of a page, for `order by`. */
export const inOrder = (page: PageAsked, column: string): RawBuilder<unknown> =>
  page.oldestFirst ? sql`${sql.ref(column)} asc` : sql`${sql.ref(column)} desc`;

/** One row more than asked was read; it only says that there is more. */
export function pageOf<T>(rows: readonly T[], limit: number, idOf: (row: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? idOf(last) : null };
}

/** The rows at sites that the caller reaches. A row without a site belongs to the organisation as a whole. */
export function withinReach(reach: Reach, column: string): RawBuilder<boolean> {
  const site = sql.ref(column);
  if (!reach.everywhere) return sql`${site} = any(${[...reach.only]}::uuid[])`;
  if (reach.except.length === 0) return sql`true`;
  return sql`(${site} is null or ${site} <> all(${[...reach.except]}::uuid[]))`;
}

/** Times come from the database as PostgreSQL writes them, because MikroORM turns its driver's own parsing off. */
export function rfc3339(value: string | Date): string;
export function rfc3339(value: string | Date | null): string | null;
export function rfc3339(value: string | Date | null): string | null {
  return value === null ? null : new Date(value).toISOString();
}
