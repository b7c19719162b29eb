import { lstat, opendir, readlink, realpath, stat } from 'node:fs/promises';

/** What lies at a path of a plan. `absent` and `unreadable` are what restic itself says best. */
export type Look =
  | { readonly is: 'absent' | 'unreadable' | 'silent' }
  | { readonly is: 'broken-link'; readonly target: string }
  | {
      readonly is: 'there';
      /** Where it really is: no part of it is a link. */
      readonly real: string;
      readonly empty: boolean;
      /** `foreign`: somebody who does not own the target could have set the link to anything. */
      readonly link: { readonly foreign: boolean } | null;
    };

/** How long a path may take to answer: what lies on a dead network mount never does. */
const ANSWER_LIMIT_MS = 10_000;

/** restic follows no link that it is given; so we look where it leads. Throws the signal's reason when it is stopped. */
export async function lookAtPath(path: string, signal: AbortSignal, limitMs = ANSWER_LIMIT_MS): Promise<Look> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  let timer: NodeJS.Timeout | undefined;
  const silent = new Promise<Look>((resolve) => {
    timer = setTimeout(resolve, limitMs, { is: 'silent' });
  });
  try {
    signal.throwIfAborted();
    return await Promise.race([look(path), silent, stopped]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

async function look(path: string): Promise<Look> {
  try {
    const itself = await lstat(path);
    if (!itself.isSymbolicLink())
      return {
        is: 'there',
        real: await realpath(path),
        empty: itself.isDirectory() && (await isEmpty(path)),
        link: null,
      };
    const target = await stat(path).catch(() => null);
    if (target === null) return { is: 'broken-link', target: await readlink(path) };
    const foreign = ![0, process.getuid?.(), target.uid].includes(itself.uid);
    const real = await realpath(path);
    return { is: 'there', real, empty: !foreign && target.isDirectory() && (await isEmpty(real)), link: { foreign } };
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    return { is: code === 'ENOENT' || code === 'ENOTDIR' ? 'absent' : 'unreadable' };
  }
}

/** False for what cannot be read: restic says why. */
async function isEmpty(folder: string): Promise<boolean> {
  try {
    const opened = await opendir(folder);
    try {
      return (await opened.read()) === null;
    } finally {
      await opened.close();
    }
  } catch {
    return false;
  }
}
