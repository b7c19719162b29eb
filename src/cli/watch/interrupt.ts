import type { Cli } from '../client/cli.ts';
import { CliError, EXIT } from '../output/exit.ts';

/** Ctrl-C while a job is watched: it ends the watching, never the job. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Ends the command when Ctrl-C came, and says how to end the job. */
  check(): void;
  /** Waits, or until Ctrl-C. */
  sleep(ms: number): Promise<void>;
  stop(): void;
}

export function interruptOf(cli: Cli, jobId: string): Interrupt {
  const controller = new AbortController();
  const { signal } = controller;
  const stop = cli.onInterrupt(() => controller.abort());
  const check = () => {
    if (!signal.aborted) return;
    throw new CliError(
      EXIT.detached,
      `No longer watching; the job goes on. To look again: holdfast jobs tail ${jobId}. To cancel it: holdfast jobs cancel ${jobId}`,
    );
  };
  return {
    signal,
    check,
    async sleep(ms) {
      let wake = () => {};
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
        signal.addEventListener('abort', wake, { once: true });
      });
      await Promise.race([cli.sleep(ms), woken]);
      signal.removeEventListener('abort', wake);
      check();
    },
    stop,
  };
}
