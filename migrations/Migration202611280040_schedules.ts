import { Migration } from './base.ts';

/** Schedules of plans. Nothing fires by them yet. */
export class Migration202611280040_schedules extends Migration {
  override name = '202611280040_schedules';

  override up(): void {
    this.addSql(`create table "schedule" ("org_id" uuid not null, "id" uuid not null, "plan_id" uuid not null, "name" text not null, "spec" text not null,
      "time_zone" text not null, "enabled" boolean not null default true, "version" int not null default 1, "created_at" timestamptz not null,
      constraint "schedule_pkey" primary key ("org_id", "id"), constraint "schedule_name_unique" unique ("org_id", "plan_id", "name"),
      constraint "schedule_org_id_plan_id_foreign" foreign key ("org_id", "plan_id") references "plan" ("org_id", "id") on update no action on delete no action)`);
    this.addSql('alter table "schedule" enable row level security');
    const mine = `org_id = nullif(current_setting('app.org', true), '')::uuid`;
    const across = `current_setting('app.across', true) = 'on' or ${mine}`;
    this.addSql(`create policy "schedule_api" on "schedule" to holdfast_g_api using (${mine}) with check (${mine})`);
    this.addSql(
      `create policy "schedule_worker" on "schedule" to holdfast_g_worker using (${across}) with check (${across})`,
    );
    this.addSql('grant select, insert, update, delete on schedule to holdfast_g_api');
    this.addSql('grant select on schedule to holdfast_g_worker');
  }
}
