import { asError } from '../lib/failure.ts';
import { KEYS_HELD } from '../lib/seal.ts';
import { sleep } from '../lib/sleep.ts';
import { lazyConnection, type TemporalTarget } from '../temporal/connection.ts';
import { startWorker } from '../worker/control.ts';
import { readKeyring } from './place/keyring-file.ts';
import { openLoginDatabase } from './place/open-login.ts';
import { temporalTarget } from './place/temporal-target.ts';
import type { ProcessParts, Running } from './process.ts';

const STOP_GRACE_MS = 8_000;
const ASK_MS = 250;
/** How often a worker that waits says so. */
const SAY_MS = 15_000;

/** The worker. It waits for Temporal and its namespace instead of dying: both may come up after it. */
export async function startWorkerProcess(parts: ProcessParts): Promise<Running> {
  const { config, clock, random, log } = parts;
  const temporal = temporalTarget(config);
  const keyring = readKeyring(config.keyringFile, KEYS_HELD.worker);
  const database = await openLoginDatabase(config, 'worker', 10, { clock, random });
  await untilNamespace(temporal, parts);
  const worker = await startWorker({ temporal, database, keyring, clock, random, log });
  log.info({ namespace: temporal.namespace }, 'worker ready');
  return { stop: () => worker.stop(STOP_GRACE_MS), ended: worker.ended };
}

async function untilNamespace(target: TemporalTarget, { clock, log, stopping }: ProcessParts): Promise<void> {
  const connection = lazyConnection(target);
  const { namespace } = target;
  let said = clock.now().getTime();
  try {
    for (;;) {
      const failed = await connection
        .withDeadline(Date.now() + 3_000, () => connection.workflowService.describeNamespace({ namespace }))
        .then(() => null, asError);
      if (failed === null) return;
      stopping.throwIfAborted();
      const now = clock.now().getTime();
      if (now - said >= SAY_MS) {
        said = now;
        log.warn({ err: failed, address: target.address, namespace }, 'waiting for Temporal');
      }
      await sleep(ASK_MS, stopping);
    }
  } finally {
    await connection.close();
  }
}
