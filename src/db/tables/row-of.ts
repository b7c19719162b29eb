import type { EntitySchemaWithMeta } from '@mikro-orm/core';
import type { InferKyselyTable } from '@mikro-orm/sql';
import type { Selectable } from 'kysely';

/** Times and big numbers come as PostgreSQL writes them. A pointer has no type there, because its key has two columns. */
type Read<T> = 0 extends 1 & T ? string | null : T extends Date | bigint ? string : T;

/** A row of an entity's table as plain SQL returns it, so that its columns are typed where they are declared. */
export type RowOf<Schema extends EntitySchemaWithMeta> = {
  // MikroORM also makes names for a pointer's key that are no columns.
  readonly [Column in keyof Selectable<InferKyselyTable<Schema>> as Column extends `${string}__id` | `${string}_uuid`
    ? never
    : Column]: Read<Selectable<InferKyselyTable<Schema>>[Column]>;
};
