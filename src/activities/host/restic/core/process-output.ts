import type { AttemptContext, LineHandler } from '../../../../agent/attempt/attempt-context.ts';
import { decodeLines, type ResticMessage } from './decode.ts';
import type { ResticReading } from './reading.ts';
import type { StallGuard } from './stall.ts';

/** What restic says when it tries something again: between that and the next byte it is why nothing moves. */
const REPEATS = /returned error, retrying after/;

/** Decodes what restic says: figures go to the reading and the progress, words to the job log. `guard` sees whether anything moves. */
export function processOutput(
  context: AttemptContext,
  reading: ResticReading,
  guard: StallGuard | null = null,
): LineHandler {
  const take = (stream: 'out' | 'err', message: ResticMessage) => {
    const isNew = reading.take(message);
    if (message.type === 'status') {
      if (guard === null || guard.moved(message.progress)) context.note(null);
      context.progress(message.progress);
    } else if (message.type === 'text' && REPEATS.test(message.text)) {
      guard?.repeats(message.text);
      context.note(message.text);
    }
    if (!isNew) return;
    for (const words of wordsOf(message)) context.log(words, stream);
  };
  return (stream, line) => {
    for (const message of decodeLines(line)) take(stream, message);
  };
}

/** The log is for people: no figures as JSON, and of a message with a stack trace the first lines (0.19 sends one). */
function wordsOf(message: ResticMessage): readonly string[] {
  switch (message.type) {
    case 'text':
    case 'other':
      return message.text === '' ? [] : [message.text];
    case 'item-error':
      return [`${message.item}: ${message.message}`];
    case 'path-missing':
      return [`${message.path} does not exist, skipping`];
    case 'exit-error':
      return message.message.split('\n', 3).filter((line) => line !== '');
    case 'summary':
      return message.snapshotId === null ? [] : [`snapshot ${message.snapshotId} saved`];
    default:
      return [];
  }
}
