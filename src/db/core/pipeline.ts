import {
  type CompiledQuery,
  type DatabaseConnection,
  DefaultQueryExecutor,
  PostgresAdapter,
  PostgresQueryCompiler,
  type QueryExecutorProvider,
  type QueryResult,
} from 'kysely';
import type pg from 'pg';

const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/**
 * Runs statements on one connection in the order they were asked, each sent without waiting for the answers before it:
 * three reads that know nothing of each other cost one round trip. Kysely's own single connection sends one at a time.
 * `isOpen`: may anything be asked still; outside its transaction a statement would see nothing, and commit by itself.
 */
export function pipelineOn(client: pg.PoolClient, isOpen: () => boolean): QueryExecutorProvider {
  const connection: DatabaseConnection = {
    async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
      if (!isOpen()) throw new Error(`asked after the transaction was over: ${sql.slice(0, 80)}`);
      const { command, rowCount, rows } = await client.query(sql, [...parameters]);
      // A statement with several commands returns a list; nobody asks for the rows of those.
      return WRITES.has(command)
        ? { rows: (rows ?? []) as R[], numAffectedRows: BigInt(rowCount ?? 0) }
        : { rows: (rows ?? []) as R[] };
    },
    // biome-ignore lint/correctness/useYield: the interface wants a generator, and transactions of ours are short
    async *streamQuery() {
      throw new Error('a pipeline does not stream');
    },
  };
  const provider = { provideConnection: <T>(use: (connection: DatabaseConnection) => Promise<T>) => use(connection) };
  const executor = new DefaultQueryExecutor(new PostgresQueryCompiler(), new PostgresAdapter(), provider);
  return { getExecutor: () => executor };
}
