import { readFileSync } from 'node:fs';
import { Migration as Base } from '@mikro-orm/migrations';
import { GROUPS, groupRole } from '../src/db/core/policies.ts';

/** The prefix of this instance's roles. Set by migrate before it runs; roles are cluster-wide, so instances need their own. */
export const instance = { rolePrefix: 'holdfast' };

/** The group role of this instance that stands for a plain name in policies and grants. */
export const prefixedGroup = (rolePrefix: string, group: string): string => `${rolePrefix}_g_${group}`;

const PLAIN = new RegExp(`\\b(?:${GROUPS.map(groupRole).join('|')})\\b`, 'g');

/** Gives the plain role names of a statement the instance's prefix. */
export function withPrefix(sql: string, rolePrefix: string): string {
  return sql.replaceAll(PLAIN, (name) => prefixedGroup(rolePrefix, name.slice('holdfast_g_'.length)));
}

/** What our migrations extend: forward only, role names rewritten. */
export abstract class Migration extends Base {
  override addSql(sql: unknown): void {
    super.addSql(typeof sql === 'string' ? withPrefix(sql, instance.rolePrefix) : (sql as string));
  }

  /** Adds a hand-written file of this folder's `sql/`. */
  protected addFile(name: string): void {
    this.addSql(readFileSync(new URL(`./sql/${name}`, import.meta.url), 'utf8'));
  }
}

/**
 * Marks that files of `src/db/functions` changed, which are applied after the migrations. A program of before does not know
 * its name, and so leaves the functions as they are.
 */
export class FunctionsChanged extends Migration {
  override up(): void {}
}
