/** The signals by which the world asks a program to end. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/** What came so far. */
interface Heard {
  readonly stopping: boolean;
  /** When a person pressed Ctrl-C first; null while nobody did. */
  readonly interruptedAtMs: number | null;
}
export const NOTHING_HEARD: Heard = { stopping: false, interruptedAtMs: null };

export type Meaning = 'stop' | 'end-at-once' | 'ignore';

/**
 * One Ctrl-C reaches a process group and comes again from each wrapper in it: npm, the start script. A person who
 * presses twice because it takes too long waits longer than this.
 */
const COPIES_WITHIN_MS = 1_000;

/**
 * What a signal means. Only a person's second SIGINT ends at once: service managers, `timeout` and closing terminals
 * send SIGTERM and SIGHUP to every process of a group, so two of them are no impatience.
 */
export function meaningOf(heard: Heard, signal: StopSignal, atMs: number): { meaning: Meaning; heard: Heard } {
  const first = heard.interruptedAtMs;
  const isSecond = signal === 'SIGINT' && first !== null && atMs - first >= COPIES_WITHIN_MS;
  const meaning = isSecond ? 'end-at-once' : heard.stopping ? 'ignore' : 'stop';
  return { meaning, heard: { stopping: true, interruptedAtMs: signal === 'SIGINT' ? (first ?? atMs) : first } };
}

/**
 * A signal that is sent to all of us, by the group or one by one, may end a program of ours before we hear it ourselves. So
 * long is waited before an end is taken for news; no longer, because it is time in which a killed API does not answer.
 */
export const HEARD_WITHIN_MS = 100;

export interface StopListener {
  readonly process: { on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown };
  /** Started by nohup: the end of a terminal is not for us. */
  readonly hangUpIgnored: boolean;
  readonly now: () => number;
  readonly onStop: (signal: StopSignal) => void;
  readonly onEndAtOnce: () => void;
}

/** From now on signals stop this process in order; it listens until its end, so that no late copy ends it in the middle. */
export function listenForStop({ process, hangUpIgnored, now, onStop, onEndAtOnce }: StopListener): void {
  let heard = NOTHING_HEARD;
  const hear = (signal: StopSignal) => {
    const answer = meaningOf(heard, signal, now());
    heard = answer.heard;
    if (answer.meaning === 'stop') onStop(signal);
    if (answer.meaning === 'end-at-once') onEndAtOnce();
  };
  for (const signal of STOP_SIGNALS) process.on(signal, signal === 'SIGHUP' && hangUpIgnored ? () => {} : hear);
}
