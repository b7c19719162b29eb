/** How long a file or folder may take to answer: what lies on a dead network mount never does. */
const ANSWER_LIMIT_MS = 10_000;

/**
 * Places of which a call has not come back yet. Each such call holds one of the four threads that Node has for files; with all
 * of them held the agent could not even write its logs. So a silent place is not asked again until it has answered.
 */
const silentPlaces = new Set<string>();
const SILENT = Symbol('silent');

/**
 * What was asked of a file system, or `otherwise` when it does not answer in time. Throws the signal's reason when the
 * attempt is stopped: a call into a dead mount cannot be ended, only left behind.
 */
export async function withTimeout<Answer>(
  place: string,
  ask: () => Promise<Answer>,
  otherwise: Answer,
  signal: AbortSignal | null,
  limitMs = ANSWER_LIMIT_MS,
): Promise<Answer> {
  signal?.throwIfAborted();
  if (silentPlaces.has(place)) return otherwise;
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<typeof SILENT>((resolve) => {
    timer = setTimeout(resolve, limitMs, SILENT);
  });
  try {
    const asked = ask();
    const answer = await Promise.race([asked, timeout, stopped]);
    if (answer !== SILENT) return answer;
    silentPlaces.add(place);
    const heard = () => silentPlaces.delete(place);
    asked.then(heard, heard);
    return otherwise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
