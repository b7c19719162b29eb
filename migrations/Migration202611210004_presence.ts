import { Migration } from './base.ts';

/** Whether beats arrive at all; the grant pass for every kind of waiting job; indexes for the sweeps. */
export class Migration202611210004_presence extends Migration {
  override name = '202611210004_presence';

  override up(): void {
    this.addFile('presence.sql');
  }
}
