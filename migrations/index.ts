import { FunctionsChanged } from './base.ts';
import { Migration202611210001_first } from './Migration202611210001_first.ts';
import { Migration202611210003_upkeep } from './Migration202611210003_upkeep.ts';
import { Migration202611210004_presence } from './Migration202611210004_presence.ts';
import { Migration202611210005_audit_chain } from './Migration202611210005_audit_chain.ts';
import { Migration202611210006_runs_under_way } from './Migration202611210006_runs_under_way.ts';
import { Migration202611210007_verify_host } from './Migration202611210007_verify_host.ts';
import { Migration202611210008_log_bytes } from './Migration202611210008_log_bytes.ts';
import { Migration202611210009_caps } from './Migration202611210009_caps.ts';
import { Migration202611210010_lock_enter } from './Migration202611210010_lock_enter.ts';
import { Migration202611270021_plan_deleted } from './Migration202611270021_plan_deleted.ts';
import { Migration202611270022_repository_identity } from './Migration202611270022_repository_identity.ts';
import { Migration202611280030_site_remove } from './Migration202611280030_site_remove.ts';
import { Migration202611280040_schedules } from './Migration202611280040_schedules.ts';

/** Every migration, oldest first. Forward only. One that only changes functions (`src/db/functions`) is its line here. */
export const MIGRATIONS = [
  { name: '202611210001_first', class: Migration202611210001_first },
  { name: '202611210003_upkeep', class: Migration202611210003_upkeep },
  { name: '202611210004_presence', class: Migration202611210004_presence },
  { name: '202611210005_audit_chain', class: Migration202611210005_audit_chain },
  { name: '202611210006_runs_under_way', class: Migration202611210006_runs_under_way },
  { name: '202611210007_verify_host', class: Migration202611210007_verify_host },
  { name: '202611210008_log_bytes', class: Migration202611210008_log_bytes },
  { name: '202611210009_caps', class: Migration202611210009_caps },
  { name: '202611210010_lock_enter', class: Migration202611210010_lock_enter },
  { name: '202611270021_plan_deleted', class: Migration202611270021_plan_deleted },
  { name: '202611270022_repository_identity', class: Migration202611270022_repository_identity },
  { name: '202611280023_function_files', class: FunctionsChanged, functions: '090ff8e33049' },
  { name: '202611280030_site_remove', class: Migration202611280030_site_remove },
  { name: '202611280040_schedules', class: Migration202611280040_schedules },
];

export const MIGRATION_NAMES: readonly string[] = MIGRATIONS.map(({ name }) => name);

/** The newest one. */
export const SCHEMA_VERSION: string = MIGRATIONS.at(-1)!.name;
