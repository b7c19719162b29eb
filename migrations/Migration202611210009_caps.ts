import { Migration } from './base.ts';

/** People say how many jobs run at once against a repository and at a site. */
export class Migration202611210009_caps extends Migration {
  override name = '202611210009_caps';

  override up(): void {
    this.addFile('caps.sql');
  }
}
