// Where a test activity waits for its test. Spoken over the channel between the agent's process and the test's.

/** In the agent: says something to the test. */
export const tell = (what: string): void => void process.send!(what);

/** In the agent: says that it is at this gate and waits until it is opened. */
export async function gate(name: Gate): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const hear = (message: unknown) => message === opening(name) && resolve();
  process.on('message', hear);
  tell(`at ${name}`);
  await promise;
  process.off('message', hear);
}

export type Gate = 'claim' | 'spawn' | 'answer';

/** What the test sends to open it. */
export const opening = (name: Gate): string => `open ${name}`;
