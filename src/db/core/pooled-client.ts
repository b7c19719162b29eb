import type pg from 'pg';
import { ScramClient } from './scram-client.ts';

/** A name for each text of a statement, the same on all connections. Texts come from our code, so they are few. */
const names = new Map<string, string>();

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `s${names.size + 1}`;
  names.set(text, name);
  return name;
}

type Query = (config: unknown, values?: unknown, done?: unknown) => unknown;

/**
 * A connection for pools of ours. Statements with parameters are prepared once for each connection, and statements that do
 * not wait for each other's answers travel together (`pipeline`).
 */
export class PooledClient extends ScramClient {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    // Not by a copy of the options: the pool hides the password from copies.
    (this as { pipeline?: boolean }).pipeline = true;
    const query = super.query.bind(this) as Query;
    const preparing: Query = (config, values, done) =>
      typeof config === 'string' && Array.isArray(values) && values.length > 0
        ? query({ name: nameOf(config), text: config, values }, done)
        : query(config, values, done);
    this.query = preparing as typeof this.query;
  }
}
