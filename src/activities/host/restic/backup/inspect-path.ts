import { lstat, opendir, readlink, realpath, stat } from 'node:fs/promises';
import { withTimeout } from '../../../../agent/programs/with-timeout.ts';

/** What lies at a path of a plan. `absent` and `unreadable` are what restic itself says best. */
export type PathState =
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

/** restic follows no link that it is given; so we look where it leads. `place`: what is silent as one. */
export const inspectPath = (path: string, signal: AbortSignal, place = path): Promise<PathState> =>
  withTimeout<PathState>(place, () => inspect(path), { is: 'silent' }, signal);

async function inspect(path: string): Promise<PathState> {
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
