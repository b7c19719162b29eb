import { type RawBuilder, sql } from 'kysely';
import type { SubjectFact, SubjectFacts } from '../../domain/jobs/facts.ts';
import type { AnySubject } from '../../kinds/core/kind-registry.ts';
import type { Tx } from '../core/transaction.ts';
import type { JobRow } from './job-row.ts';

/** Uuids by noun. */
export type AskedSubjects = Readonly<Record<string, string>>;

/**
 * Loads what many requests name, and what that brings along, in one statement and in their order. What a request names itself
 * goes before what is brought along. Only the tables of nouns that somebody asked for are in the statement.
 */
export async function loadSubjects(tx: Tx, asked: readonly AskedSubjects[]): Promise<SubjectFacts[]> {
  const subjects = wantedSubjects(tx, asked);
  if (subjects.length === 0) return asked.map(() => ({}));
  const loads = (noun: string) => subjects.some((subject) => subject.noun === noun);
  const columns = sql.join(subjects.map(({ noun }) => selected(tx, noun, loads)));
  const arrays = sql.join(subjects.map(({ noun }) => sql`${asked.map((ids) => ids[noun] ?? null)}::uuid[]`));
  const names = sql.join([...subjects.map(({ noun }) => sql.id(`${noun}_id`)), sql.id('no')]);
  const joins = sql.join(subjects.map((subject) => joined(tx, subject, subjects)), sql` `); // biome-ignore format: one line
  const rows = await tx.rows(sql<Record<string, unknown>>`
    select ${columns} from unnest(${arrays}) with ordinality as w(${names}) ${joins} order by w.no`);
  return rows.map((row, at) => {
    const named = subjects.filter(({ noun }) => row[noun] !== null || asked[at]![noun] !== undefined);
    return Object.fromEntries(named.map(({ noun }) => [noun, factOf(tx, noun, row[noun])]));
  });
}

/** What a job is about, from its row: what its kind finds in its params, and the columns that lists filter by. */
export function subjectsOfJob(tx: Tx, job: JobRow): AskedSubjects {
  const { kinds } = tx.registry;
  const kind = kinds.byKey(job.kind);
  const columns = { host: job.hostId, repository: job.repositoryId, plan: job.planId };
  const filled = Object.entries(columns).filter((column): column is [string, string] => column[1] !== null);
  return { ...(kind && kinds.asked(kind, job.params, job.hostId)), ...Object.fromEntries(filled) };
}

function wantedSubjects(tx: Tx, asked: readonly AskedSubjects[]): readonly AnySubject[] {
  const { subjects } = tx.registry.kinds;
  const nouns = new Set(asked.flatMap((ids) => Object.keys(ids)));
  // What brings others along stands before them.
  for (const { noun, brings } of subjects) if (nouns.has(noun)) for (const brought of brings) nouns.add(brought);
  return subjects.filter(({ noun }) => nouns.has(noun));
}

function selected(tx: Tx, noun: string, loads: (noun: string) => boolean): RawBuilder<unknown> {
  const more = tx.registry.tables[noun]!.more?.(tx.orgId, loads);
  const row = sql`to_jsonb(${sql.id(noun)})`;
  return sql`${more ? sql`${row} || ${more}` : row} as ${sql.id(noun)}`;
}

/**
 * `case`, not `coalesce`: that counts as leaky, row-level security keeps it out of the index, and one request read all ten
 * thousand hosts inside the organisation's lock.
 */
function joined(tx: Tx, { noun }: AnySubject, subjects: readonly AnySubject[]): RawBuilder<unknown> {
  const { table, goneAt } = tx.registry.tables[noun]!;
  const column = `${noun}_id`;
  const named = sql.id('w', column);
  const brought = subjects
    .filter(({ brings }) => brings.includes(noun))
    .map((by) => sql`when ${sql.id(by.noun, 'id')} is not null then ${sql.id(by.noun, column)}`);
  const id =
    brought.length === 0 ? named : sql`case when ${named} is not null then ${named} ${sql.join(brought, sql` `)} end`;
  const there = goneAt === null ? sql`` : sql` and ${sql.id(noun, goneAt)} is null`;
  return sql`left join ${sql.id(table)} as ${sql.id(noun)} on ${sql.id(noun, 'org_id')} = ${tx.orgId} and ${sql.id(noun, 'id')} = ${id}${there}`;
}

const factOf = (tx: Tx, noun: string, row: unknown): SubjectFact | null =>
  row === null ? null : tx.registry.tables[noun]!.factOf(row as never);
