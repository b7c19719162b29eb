import { status } from '@grpc/grpc-js';
import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { SEARCH_ATTRIBUTES } from '../../catalog/search-attributes.ts';
import { lazyConnection, type TemporalTarget } from '../../temporal/connection.ts';
import { StartProblem } from './start-problem.ts';

/** temporal.api.enums.v1.IndexedValueType */
const INDEXED_VALUE_TYPES = { KEYWORD: 2, KEYWORD_LIST: 7 };

/** Caches of the server refresh every 2 s; a first start right after the schema took up to 4 s. */
const USABLE_WITHIN_MS = 30_000;
const RETENTION_HOURS = 72;

export interface NamespaceOptions {
  namespace: string;
  retentionHours: number;
  searchAttributes: Readonly<Record<string, keyof typeof INDEXED_VALUE_TYPES>>;
}

function codeOf(error: unknown): number | undefined {
  return (error as { code?: number }).code;
}

/** Tries until it works: after a start, or for what was just made, the server's caches lag behind. */
async function eventually<T>(
  what: string,
  namespace: string,
  lagCodes: readonly number[],
  attempt: () => Promise<T>,
): Promise<T> {
  const end = Date.now() + USABLE_WITHIN_MS;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      // 14: unavailable, the services behind the frontend still find each other.
      const lag = codeOf(error) === 14 || lagCodes.includes(codeOf(error) ?? -1);
      if (!lag || Date.now() > end)
        throw new StartProblem(
          `Temporal: ${what} failed: ${(error as Error).message}`,
          `namespace ${namespace}`,
          "Look into Temporal's log.",
          error,
        );
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function describeOrRegister(
  connection: Connection,
  { namespace, retentionHours }: NamespaceOptions,
): Promise<string> {
  const describe = () => connection.workflowService.describeNamespace({ namespace });
  const register = async () => {
    const workflowExecutionRetentionPeriod = msToTs(retentionHours * 3_600_000);
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  };
  const first = await eventually('describing the namespace', namespace, [], async () => {
    try {
      return await describe();
    } catch (error) {
      if (codeOf(error) === status.NOT_FOUND) return null;
      throw error;
    }
  });
  if (!first)
    await eventually('registering the namespace', namespace, [], async () => {
      await register().catch((error) => {
        if (codeOf(error) !== status.ALREADY_EXISTS) throw error;
      });
    });
  const described =
    first ?? (await eventually('describing the new namespace', namespace, [status.NOT_FOUND], describe));
  return described.namespaceInfo?.id ?? '';
}

async function addMissing(connection: Connection, { namespace, searchAttributes }: NamespaceOptions): Promise<boolean> {
  const listed = await eventually('listing search attributes', namespace, [status.NOT_FOUND], () =>
    connection.operatorService.listSearchAttributes({ namespace }),
  );
  const missing = Object.entries(searchAttributes).filter(([name]) => listed.customAttributes?.[name] === undefined);
  if (missing.length === 0) return false;
  await eventually('adding search attributes', namespace, [status.NOT_FOUND], async () => {
    await connection.operatorService
      .addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, INDEXED_VALUE_TYPES[type]])),
      })
      .catch((error) => {
        if (codeOf(error) !== status.ALREADY_EXISTS) throw error;
      });
  });
  return true;
}

/** The namespace with its search attributes, usable when this returns. Idempotent. Returns the namespace's UUID. */
export async function ensureNamespace(connection: Connection, options: NamespaceOptions): Promise<string> {
  const { namespace, searchAttributes } = options;
  const id = await describeOrRegister(connection, options);
  await addMissing(connection, options);
  // A query that names them all is refused until visibility knows them. The marks are needed: queries are parsed as
  // MySQL, where for example `Trigger` is a reserved word (`invalid search attribute: trigger`).
  const query = Object.keys(searchAttributes)
    .map((name) => `\`${name}\` = 'x'`)
    .join(' AND ');
  await eventually('using the search attributes', namespace, [status.INVALID_ARGUMENT, status.NOT_FOUND], () =>
    connection.workflowService.countWorkflowExecutions({ namespace, query }),
  );
  return id;
}

/** Ours, as `up` and `holdfast bootstrap` make it; returns its uuid. */
export async function ensureOurNamespace(target: TemporalTarget): Promise<string> {
  const connection = lazyConnection(target);
  try {
    return await ensureNamespace(connection, {
      namespace: target.namespace,
      retentionHours: RETENTION_HOURS,
      searchAttributes: SEARCH_ATTRIBUTES,
    });
  } finally {
    await connection.close();
  }
}
