/** How long a file or folder may take to answer: what lies on a dead network mount never does. */
const ANSWER_LIMIT_MS = 10_000;

/**
 * What was asked of a file system, or `otherwise` when it does not answer in time. Throws the signal's reason when the
 * attempt is stopped: a call into a dead mount cannot be ended, only left behind.
 */
export async function inTime<Answer>(
  asked: Promise<Answer>,
  otherwise: Answer,
  signal: AbortSignal | null,
  limitMs = ANSWER_LIMIT_MS,
): Promise<Answer> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<Answer>((resolve) => {
    timer = setTimeout(resolve, limitMs, otherwise);
  });
  try {
    signal?.throwIfAborted();
    return await Promise.race([asked, silent, stopped]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
