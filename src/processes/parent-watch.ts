import type { Readable } from 'node:stream';

/**
 * Calls `onDeath` as soon as the process that started us is gone, even by kill -9.
 * Our parent holds the other end of our standard input (spawnChild with `diesWithParent`) and never writes to it;
 * the kernel closes it with the parent, so end of file is the news: at once, and no polling. Call this only when the
 * parent said it holds the pipe: a program started by hand may have /dev/null there, which ends at once.
 */
export function exitWhenParentDies(onDeath: () => void, input: Readable = process.stdin): void {
  let told = false;
  const tell = () => {
    if (told) return;
    told = true;
    onDeath();
  };
  input.once('end', tell);
  input.once('close', tell);
  input.once('error', tell);
  input.resume();
  // Watching must not keep a process alive that has nothing else to do.
  if ('unref' in input && typeof input.unref === 'function') input.unref();
}
