import { Migration } from './base.ts';

/** Who cannot see an organisation cannot take its lock, and is told. */
export class Migration202611210010_lock_enter extends Migration {
  override name = '202611210010_lock_enter';

  override up(): void {
    this.addFile('lock-enter.sql');
  }
}
