import { Migration } from './base.ts';

/** The first schema. `tables.sql` was generated from the entities; the others are what MikroORM does not know. */
export class Migration202611210001_first extends Migration {
  override name = '202611210001_first';

  override up(): void {
    for (const file of ['tables.sql', 'locks.sql', 'logs.sql', 'audit.sql', 'policies-and-grants.sql'])
      this.addFile(file);
  }
}
