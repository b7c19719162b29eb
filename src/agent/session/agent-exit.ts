import { monotonicMs } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { listenForStop, type StopListener } from '../../lib/stop-signals.ts';
import type { Agent, AgentEnd } from './agent.ts';

/** What the service manager goes by: it restarts after `failed` only. */
const AGENT_EXIT_CODES: Readonly<Record<AgentEnd['reason'], number>> = {
  stopped: 0,
  failed: 1,
  revoked: 10,
  superseded: 11,
  mismatch: 12,
};

/** After the agent's own limit; a timer of an activity or a native thread may still keep the process. */
const HARD_EXIT_MS = 10_000;

interface ProcessEnd {
  readonly process: StopListener['process'];
  readonly hangUpIgnored: boolean;
  readonly exit: (code: number) => void;
  readonly shutdownGraceMs: number;
  readonly log: Log;
}

/** Ends the process with the agent: a signal stops it, a person's second ends it at once, and nothing keeps it alive. */
export function exitWithAgent(agent: Agent, end: ProcessEnd): void {
  const { exit, shutdownGraceMs, log } = end;
  const onStop = () => {
    setTimeout(() => exit(130), shutdownGraceMs + HARD_EXIT_MS).unref();
    void agent.stop();
  };
  listenForStop({ ...end, now: monotonicMs, onStop, onEndAtOnce: () => exit(130) });
  void agent.ended.then((last) => {
    const fields = 'error' in last ? { reason: last.reason, err: last.error } : { reason: last.reason };
    log[last.reason === 'stopped' ? 'info' : 'error'](fields, 'agent stopped');
    exit(AGENT_EXIT_CODES[last.reason]);
  });
}
