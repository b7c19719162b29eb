import type { Log } from '../lib/log.ts';
import type { Agent, AgentEnd } from './agent.ts';

/** What the service manager goes by: it restarts after `failed` only. */
export const AGENT_EXIT_CODES: Readonly<Record<AgentEnd['reason'], number>> = {
  stopped: 0,
  failed: 1,
  revoked: 10,
  superseded: 11,
  mismatch: 12,
};

/** After the agent's own limit; a timer of an activity or a native thread may still keep the process. */
const HARD_EXIT_MS = 10_000;

export interface ProcessEnd {
  readonly process: { on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown };
  readonly exit: (code: number) => void;
  readonly shutdownGraceMs: number;
  readonly log: Log;
}

/** Ends the process with the agent: the first signal stops it, the second ends it at once, and nothing keeps it alive. */
export function exitWithAgent(agent: Agent, { process, exit, shutdownGraceMs, log }: ProcessEnd): void {
  let signals = 0;
  const onSignal = () => {
    signals++;
    if (signals > 1) return exit(130);
    setTimeout(() => exit(130), shutdownGraceMs + HARD_EXIT_MS).unref();
    void agent.stop();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  void agent.ended.then((end) => {
    const fields = 'error' in end ? { reason: end.reason, err: end.error } : { reason: end.reason };
    log[end.reason === 'stopped' ? 'info' : 'error'](fields, 'the agent ends');
    exit(AGENT_EXIT_CODES[end.reason]);
  });
}
