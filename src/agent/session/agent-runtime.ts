import { makeTelemetryFilterString, Runtime } from '@temporalio/worker';
import type { Log } from '../../lib/log.ts';

let installed = false;

/** The SDK's native part, one for the process. */
export function installAgentRuntime(log: Log): void {
  if (installed) return;
  installed = true;
  const write = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, meta?: object) =>
    // The token is a capability: with the host's credential it can claim the attempt's secrets.
    log[level]({ ...meta, taskToken: undefined }, message);
  const logger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  Runtime.install({
    // The entry point hears signals: the SDK swallows the first one when its worker has failed.
    shutdownSignals: [],
    workerHeartbeatInterval: '30s',
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} } },
    logger: {
      ...logger,
      trace: logger.debug,
      log: (level, message, meta) => {
        const name = level.toLowerCase();
        logger[name === 'trace' ? 'debug' : (name as 'debug')](message, meta);
      },
    },
  });
}
