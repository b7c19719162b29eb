import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * Every function of the schema, in the order in which they are made: SQL functions are checked when they are made, so those
 * that they call come first. Each file is the current text, and who may call it.
 */
export const FUNCTIONS = [
  'lock_enter',
  'lock_try',
  'lock_grant',
  'lock_release',
  'lock_presence',
  'lock_forgotten',
  'lock_repeat',
  'lock_limit',
  'lock_site',
  'lock_check',
  'log_partitions_make',
  'log_partitions_drop',
  'audit_digest',
  'audit_chain',
  'audit_verify',
  'audit_event_listed',
  'audit_event_immutable',
] as const;

/** The statements of a function's file. */
export const functionText = (name: string): string =>
  readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8').replace(/^(?:--.*\n)+/, '');

/** Changes with any of them. The newest migration that says one names this one. */
export function functionsDigest(texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 12);
}
