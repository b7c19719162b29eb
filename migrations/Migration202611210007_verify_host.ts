import { Migration } from './base.ts';

/** A job whose attempt gave no answer says until when its host is asked; attempts say what they are for and when they were given up. */
export class Migration202611210007_verify_host extends Migration {
  override name = '202611210007_verify_host';

  override up(): void {
    this.addSql(`set local lock_timeout = '5s'`);
    this.addSql(`alter table "job" add column "verifying_until" timestamptz null`);
    this.addSql(
      `alter table "attempt" add column "class" text not null default 'work' constraint "attempt_class_check" check (class = any (array['work', 'cleanup'])),
         add column "given_up_at" timestamptz null, alter column "token_hash" drop not null`,
    );
  }
}
