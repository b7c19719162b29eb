import type { EntityName, FilterQuery } from '@mikro-orm/core';
import type { Permission } from '../../catalog/permissions.ts';
import type { Can } from '../../domain/core/actor.ts';
import type { Reach } from '../../domain/core/authorize.ts';
import { Failure } from '../../lib/failure.ts';
import { type IdempotencyKeyUse, recallRequest, rememberRequest } from './idempotency.ts';
import { lockOrganization } from './lock-organization.ts';
import { type Page, type PageAsked, pageOf } from './page.ts';
import type { Tx } from './transaction.ts';

/** How a noun's rows are read. */
export interface EntityRead<Row extends { id: string }> {
  readonly entity: EntityName<Row>;
  /** What it points at and is read with it. */
  readonly with?: readonly string[];
  /** What holds for each row that is there. */
  readonly where?: Readonly<Record<string, unknown>>;
  /** The way from a row to its site, as `host.site.id`; null: rows belong to the organisation as a whole. */
  readonly site: string | null;
}

type Condition = Readonly<Record<string, unknown>>;

/** `host.site.id` and a value give `{ host: { site: { id: value } } }`. */
const at = (path: string, value: unknown): Condition =>
  path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Condition;

function withinReach(reach: Reach, path: string): Condition[] {
  if (!reach.everywhere) return [at(path, { $in: reach.only })];
  return reach.except.length === 0 ? [] : [at(path, { $nin: reach.except })];
}

/** The rows of this organisation that are there. Row-level security says it too; said here, the primary key serves. */
function there<Row extends { id: string }>(tx: Tx, { entity, where = {} }: EntityRead<Row>): Condition {
  const [organization] = tx.em.getMetadata(entity).primaryKeys;
  return { [organization!]: tx.orgId, ...where };
}

/** `equal` holds values by the way to the property, as `host.id`. */
export async function listEntities<Row extends { id: string }>(
  tx: Tx,
  read: EntityRead<Row>,
  { reach, equal }: { readonly reach: Reach; readonly equal: Readonly<Record<string, unknown>> },
  { limit, after, oldestFirst }: PageAsked,
): Promise<Page<Row>> {
  const conditions = [
    there(tx, read),
    ...(after === null ? [] : [{ id: oldestFirst ? { $gt: after } : { $lt: after } }]),
    ...(read.site === null ? [] : withinReach(reach, read.site)),
    ...Object.entries(equal).map(([path, value]) => at(path, value)),
  ];
  const rows = await tx.em.find(read.entity, { $and: conditions } as FilterQuery<Row>, {
    populate: (read.with ?? []) as never,
    orderBy: { id: oldestFirst ? 'asc' : 'desc' } as never,
    limit: limit + 1,
  });
  return pageOf(rows as unknown as Row[], limit, ({ id }) => id);
}

export async function findEntity<Row extends { id: string }>(
  tx: Tx,
  read: EntityRead<Row>,
  id: string,
): Promise<Row | null> {
  const condition = { ...there(tx, read), id } as FilterQuery<Row>;
  // As it is now: statements beside the entity manager change rows too.
  const options = { populate: (read.with ?? []) as never, refresh: true };
  return (await tx.em.findOne(read.entity, condition, options)) as Row | null;
}

/** Of what a row says, the place that rights count at; null: the organisation. */
export const siteOf = (row: object, { site }: { readonly site: string | null }): string | null =>
  site === null ? null : (site.split('.').reduce<unknown>((of, name) => (of as never)[name], row) as string);

export const invalidInput = (message: string, pointer: string) =>
  new Failure('invalid-input', message, { fault: 'caller', pointer });
const lacking = (required: string) =>
  new Failure('forbidden', `This needs the permission ${required}.`, { fault: 'caller', extra: { required } });

/** What a new thing points at: one that the caller does not see is as one that is not there. */
export async function findTarget<Row extends { id: string }>(
  tx: Tx,
  read: EntityRead<Row>,
  id: string,
  about: { readonly noun: string; readonly pointer: string; readonly read: Permission; readonly needed: Permission },
  can: Can,
): Promise<Row> {
  const row = await findEntity(tx, read, id);
  if (!row || !can(about.read, siteOf(row, read)))
    throw new Failure('unknown-target', `There is no such ${about.noun}.`, { fault: 'caller', pointer: about.pointer });
  if (!can(about.needed, siteOf(row, read))) throw lacking(about.needed);
  return row;
}

/** Who opens a row to change it. */
export interface Opening {
  /** The version that the caller saw; null: any. */
  readonly ifVersion: number | null;
  /** Refuses by throwing; asked at the row's site, before anything is said about the row. */
  readonly demandAt?: (siteId: string | null) => void;
}

/** A row that is about to be changed, inside the organisation's lock. */
export async function openEntity<Row extends { id: string; version: number }>(
  tx: Tx,
  read: EntityRead<Row>,
  id: string,
  noun: string,
  { ifVersion, demandAt }: Opening,
): Promise<Row> {
  await lockOrganization(tx);
  const row = await findEntity(tx, read, id);
  if (!row) throw new Failure('not-found', `There is no such ${noun}.`, { fault: 'caller' });
  demandAt?.(siteOf(row, read));
  if (ifVersion !== null && ifVersion !== row.version)
    throw new Failure('version-conflict', `The ${noun} is at version ${row.version} by now.`, { fault: 'caller' });
  return row;
}

/** Inside the organisation's lock, so that of two at once the second sees the first. */
export async function refuseTakenName<Row extends { id: string }>(
  tx: Tx,
  read: EntityRead<Row>,
  { name, within = {}, self = null, says }: { name: string; within?: Condition; self?: string | null; says: string },
): Promise<void> {
  const others = { ...there(tx, read), ...within, name, ...(self === null ? {} : { id: { $ne: self } }) };
  if ((await tx.em.count(read.entity, others as FilterQuery<Row>)) > 0)
    throw new Failure('name-taken', says, { fault: 'caller', pointer: '/name' });
}

/** The row that this request made before, or a new one. */
export async function createOnce<Row extends { id: string }>(
  tx: Tx,
  read: EntityRead<Row>,
  { noun, use }: { readonly noun: string; readonly use: IdempotencyKeyUse | null },
  make: () => Promise<Row>,
): Promise<Row> {
  await lockOrganization(tx);
  const before = await recallRequest(tx, use);
  if (before === null) {
    const made = await make();
    await rememberRequest(tx, use, made.id);
    return made;
  }
  const row = await findEntity(tx, read, before);
  if (row === null)
    throw new Failure('conflict', `The ${noun} that this request made before was removed since.`, { fault: 'caller' });
  return row;
}
