import { Migration } from './base.ts';

/** Which restic repository a row means, since when it was ready, and how many snapshots it got: so that another one in its place is seen. */
export class Migration202611270022_repository_identity extends Migration {
  override name = '202611270022_repository_identity';

  override up(): void {
    this.addFile('repository-identity.sql');
  }
}
