import { Migration } from './base.ts';

/** Old log days and old idempotency keys can be found and dropped in short transactions. */
export class Migration202611210003_upkeep extends Migration {
  override name = '202611210003_upkeep';

  override up(): void {
    this.addFile('upkeep.sql');
  }
}
