import { Migration } from './base.ts';

/** A site that nothing points at can be removed. */
export class Migration202611280030_site_remove extends Migration {
  override name = '202611280030_site_remove';

  override up(): void {
    this.addSql('grant delete on site to holdfast_g_api');
  }
}
