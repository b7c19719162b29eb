import { meaningOf, NOTHING_HEARD } from '../../lib/stop-signals.ts';

interface CtrlC {
  readonly process: Pick<NodeJS.Process, 'on' | 'off'>;
  readonly now: () => number;
  readonly endAtOnce: () => void;
}

/** Has Ctrl-C call the listener instead of ending the program, until the answer is called. */
export function onCtrlC({ process, now, endAtOnce }: CtrlC, listener: () => void): () => void {
  let heard = NOTHING_HEARD;
  const hear = () => {
    const answer = meaningOf(heard, 'SIGINT', now());
    heard = answer.heard;
    if (answer.meaning === 'stop') listener();
    if (answer.meaning === 'end-at-once') endAtOnce();
  };
  process.on('SIGINT', hear);
  // Once it came we listen to the end: a copy from npm or the start script must not end us before our last words.
  return () => void (heard.stopping || process.off('SIGINT', hear));
}
