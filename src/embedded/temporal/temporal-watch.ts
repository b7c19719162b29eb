import { status } from '@grpc/grpc-js';
import { sleep } from '../../lib/sleep.ts';
import { lazyConnection, type TemporalTarget } from '../../temporal/connection.ts';
import type { ProgressOutput } from '../progress-output.ts';

interface WatchedTemporal {
  /** Null when the server is none of ours: then only the namespace is. */
  readonly own: {
    /** Which databases the server runs on; null while it is being started. */
    startedOn(): string | null;
    /** Which ones are there now; null when one is missing. Throws when PostgreSQL is away. */
    now(): Promise<string | null>;
    renew(why: string): Promise<void>;
  } | null;
  readonly target: TemporalTarget;
  readonly ensureNamespace: () => Promise<void>;
  readonly stopping: AbortSignal;
  readonly output: ProgressOutput;
}

/** One query and one call each time; what was lost is whole again some 5 s later. */
const CHECK_MS = 2_000;
const CALL_MS = 3_000;

/** Looks after Temporal until we stop: a server under which the databases were dropped goes on without an error for minutes. */
export async function watchTemporal(watched: WatchedTemporal): Promise<void> {
  const { stopping, target } = watched;
  const connection = lazyConnection(target);
  const { namespace } = target;
  const isNamespaceGone = () =>
    connection
      .withDeadline(Date.now() + CALL_MS, () => connection.workflowService.describeNamespace({ namespace }))
      .then(
        () => false,
        (thrown: { code?: number }) => thrown.code === status.NOT_FOUND,
      );
  while (!stopping.aborted) {
    // What is away for the moment is kept running by others; the next look finds it.
    await checkOnce(watched, isNamespaceGone).catch(() => {});
    await sleep(CHECK_MS, stopping);
  }
  await connection.close();
}

async function checkOnce(watched: WatchedTemporal, isNamespaceGone: () => Promise<boolean>): Promise<void> {
  const { own, output } = watched;
  if (own !== null) {
    const before = own.startedOn();
    if (before === null) return;
    if ((await own.now()) !== before) return await own.renew('its databases were dropped; they are made anew');
  }
  if (!(await isNamespaceGone())) return;
  output.step('temporal: its namespace is gone; it is made anew');
  await watched.ensureNamespace();
}
