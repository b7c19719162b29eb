import { Migration } from './base.ts';

/** A plan can be removed: its row stays for the jobs that point at it, its name is free for another. */
export class Migration202611270021_plan_deleted extends Migration {
  override name = '202611270021_plan_deleted';

  override up(): void {
    this.addSql(`set local lock_timeout = '5s'`);
    this.addSql(`alter table "plan" add column "deleted_at" timestamptz null, drop constraint "plan_name_unique"`);
    this.addSql(
      `create unique index "plan_name_unique" on "plan" ("org_id", "host_id", "name") where deleted_at is null`,
    );
  }
}
