/** What the migrations that a database has mean for a program. */
export type SchemaVerdict = 'same' | 'newer' | 'older' | 'breaking';

/** A migration that the programs of before cannot live with says so in its name. */
const BREAKING = /_breaking$/;

/**
 * Judges by names. Migrations are made so that the programs of before run on (columns are added first and removed two releases
 * later), so replicas of two versions serve side by side during an upgrade; only one whose name ends in `_breaking` keeps
 * them out. `older`: the database lacks something that this program needs.
 */
export function judgeSchema(applied: readonly string[], known: readonly string[]): SchemaVerdict {
  const foreign = applied.filter((name) => !known.includes(name));
  if (foreign.some((name) => BREAKING.test(name))) return 'breaking';
  if (known.some((name) => !applied.includes(name))) return 'older';
  return foreign.length > 0 ? 'newer' : 'same';
}
