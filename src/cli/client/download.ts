import { createWriteStream } from 'node:fs';
import { lstat, rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { CliError, EXIT } from '../output/exit.ts';
import { reasonOf } from '../output/standard-streams.ts';

/** What lies there by the name: only a file, or nothing, may be replaced. */
async function kindOf(file: string): Promise<{ replace: boolean; mode?: number }> {
  try {
    const stat = await lstat(file);
    return { replace: stat.isFile(), mode: stat.mode & 0o777 };
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return { replace: true };
    throw thrown;
  }
}

/**
 * Writes what comes into a file. A regular or new one is written under another name first, so that a file of that name is
 * always whole; a device, a FIFO or a link is written into as it is, never replaced. `open` is asked when the target is known.
 */
export async function download(
  file: string,
  mark: string,
  open: () => Promise<AsyncIterable<Uint8Array>>,
): Promise<void> {
  try {
    const { replace, mode } = await kindOf(file);
    if (!replace) return await pipeline(await open(), createWriteStream(file));
    const part = `${file}.${mark}.part`;
    try {
      await pipeline(await open(), createWriteStream(part, { flags: 'wx', ...(mode === undefined ? {} : { mode }) }));
      await rename(part, file);
    } catch (thrown) {
      await rm(part, { force: true });
      throw thrown;
    }
  } catch (thrown) {
    if (thrown instanceof CliError) throw thrown;
    const { code, message } = thrown as NodeJS.ErrnoException;
    throw new CliError(
      EXIT_OF[code ?? ''] ?? EXIT.unreachable,
      `The log could not be written to ${file}: ${reasonOf(code, message)}.`,
    );
  }
}

/** What is the caller's to mend; everything else broke between the API and us. */
const EXIT_OF: Readonly<Record<string, typeof EXIT.usage | typeof EXIT.output>> = {
  ...Object.fromEntries(
    ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EISDIR', 'EROFS', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'].map((code) => [
      code,
      EXIT.usage,
    ]),
  ),
  ...Object.fromEntries(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EPIPE'].map((code) => [code, EXIT.output])),
};
