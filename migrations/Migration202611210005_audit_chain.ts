import { Migration } from './base.ts';

/** The functions that link audit events into a chain and find what was changed in it. */
export class Migration202611210005_audit_chain extends Migration {
  override name = '202611210005_audit_chain';

  override up(): void {
    this.addFile('audit-chain.sql');
  }
}
