import { type EntityCtor, p } from '@mikro-orm/core';

/**
 * A pointer inside one organisation: the foreign key holds (org_id, <column>), so that a row can never point across
 * organisations. Nothing is deleted or emptied by itself: MikroORM's default for nullable keys would null org_id too.
 */
export const reference = <T>(entity: EntityCtor<T>, column: string) =>
  p
    .manyToOne(entity)
    .joinColumns('org_id', column)
    .referencedColumnNames('org_id', 'id')
    .deleteRule('no action')
    .updateRule('no action');

/** A pointer to the organisation itself. */
export const inOrganization = <T>(entity: EntityCtor<T>) =>
  p
    .manyToOne(entity)
    .joinColumn('org_id')
    .referenceColumnName('id')
    .primary()
    .deleteRule('no action')
    .updateRule('no action');
