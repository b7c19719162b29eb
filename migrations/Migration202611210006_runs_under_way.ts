import { Migration } from './base.ts';

/** Runs that are under way are found without their history: the sweep walks over them each 15 s. */
export class Migration202611210006_runs_under_way extends Migration {
  override name = '202611210006_runs_under_way';

  override up(): void {
    this.addSql(`set local lock_timeout = '5s'`);
    this.addSql(
      `create index "job_under_way" on "job" ("org_id", "id") where state = any (array['queued', 'running', 'cancelling'])`,
    );
  }
}
