import { type Child, type ChildOptions, spawnChild } from '../../src/embedded/supervisor/children.ts';

/** A child that has said a line: only then does it hear signals and its parent's end as it means to. */
export async function spawnTalking(options: Omit<ChildOptions, 'onLine' | 'logFile'>): Promise<Child> {
  const spoke = Promise.withResolvers<string>();
  const child = await spawnChild({ ...options, onLine: spoke.resolve });
  const silent = child.exited.then((exit) => {
    throw new Error(`${options.name} ended without a word: ${JSON.stringify(exit)}`);
  });
  await Promise.race([spoke.promise, silent]);
  silent.catch(() => {});
  return child;
}

/** A shell with a program of its own; neither hears SIGTERM, so the whole group has to be ended. */
export function spawnStubborn(options: Pick<ChildOptions, 'name' | 'runDir' | 'stopGraceMs'>): Promise<Child> {
  const script = 'trap "" TERM; sleep 600 & echo ready; wait; wait';
  return spawnTalking({ ...options, command: 'sh', args: ['-c', script], env: { ...process.env } });
}
