import { Migration } from './base.ts';

/** How much an attempt has said, kept or not: the gateway bounds it. */
export class Migration202611210008_log_bytes extends Migration {
  override name = '202611210008_log_bytes';

  override up(): void {
    this.addSql(`set local lock_timeout = '5s'`);
    this.addSql(`alter table log_head add column bytes bigint not null default 0`);
  }
}
