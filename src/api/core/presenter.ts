import type { TSchema } from 'typebox';
import { publicId, publicIdNoun } from '../../lib/ids.ts';

interface Schema {
  readonly pattern?: string;
  readonly format?: string;
  readonly anyOf?: readonly TSchema[];
  readonly properties?: Readonly<Record<string, TSchema>>;
}
type Present = (value: never) => unknown;

/** Shows a row as a schema says: uuids as public ids, times as text, and nothing that it does not name. */
export function presenterOf(schema: TSchema): (value: unknown) => unknown {
  return present(schema) as (value: unknown) => unknown;
}

function present(schema: TSchema): Present {
  const { pattern, format, anyOf, properties } = schema as Schema;
  const noun = pattern === undefined ? null : publicIdNoun(pattern);
  if (noun !== null) return (uuid: string) => publicId(noun, uuid);
  if (format === 'date-time') return (time: Date) => time.toISOString();
  if (anyOf?.length === 2) {
    const inner = present(anyOf[0]!);
    // A row that was made just now lacks what nobody gave it.
    return (value: unknown) => (value === null || value === undefined ? null : inner(value as never));
  }
  if (properties === undefined) return (value: unknown) => value;
  const names = Object.entries(properties).map(([name, of]) => [name, present(of)] as const);
  return (row: Record<string, unknown>) =>
    Object.fromEntries(names.map(([name, of]) => [name, of(row[name] as never)]));
}
