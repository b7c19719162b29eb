import { fstatSync, writeSync } from 'node:fs';
import { isatty, type WriteStream } from 'node:tty';
import { CliError, EXIT } from './exit.ts';
import type { Streams } from './output.ts';

type NodeStream = Pick<WriteStream, 'write' | 'isTTY' | 'columns' | 'on'> & { readonly fd: number };

interface StandardStreams extends Streams {
  /** From now on what cannot be written is passed over: whoever serves goes on without a reader. */
  serve(): void;
  /** False: something on standard error, which may have been a password, could not be written. */
  readonly isWhole: boolean;
}

/**
 * The standard output and error of a command, of which nothing is lost without a word. Node writes to files once and forgets
 * what did not fit, so on a full disk the last text was cut and the command succeeded; here the rest is written too, or its
 * error is thrown. Pipes and terminals tell of their errors later: `end` is called then, with null when the reader went away.
 */
export function standardStreams(
  out: NodeStream,
  err: NodeStream,
  end: (lost: CliError | null) => void,
): StandardStreams {
  let serves = false;
  let isWhole = true;
  const [writeOut, writeErr] = [writerOf(out), writerOf(err)];
  out.on('error', (error: NodeJS.ErrnoException) => {
    if (!serves) end(error.code === 'EPIPE' ? null : lost(error));
  });
  err.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') isWhole = false;
  });
  return {
    serve: () => {
      serves = true;
    },
    get isWhole() {
      return isWhole;
    },
    out: {
      write(text) {
        try {
          writeOut(text);
        } catch (error) {
          if (!serves) throw lost(error as NodeJS.ErrnoException);
        }
      },
      isTTY: out.isTTY,
      get columns() {
        return out.columns;
      },
    },
    err: {
      write(text) {
        try {
          writeErr(text);
        } catch {
          // There is no place left to say it; the exit code does.
          isWhole = false;
        }
      },
      isTTY: err.isTTY,
      get columns() {
        return err.columns;
      },
    },
  };
}

function writerOf(stream: NodeStream): (text: string) => void {
  if (!isFile(stream.fd)) return (text) => void stream.write(text);
  return (text) => {
    for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(writeSync(stream.fd, rest));
  };
}

/** A file or a device, but no terminal, pipe or socket. */
function isFile(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFile() || (stat.isCharacterDevice() && !isatty(fd));
  } catch {
    return false;
  }
}

const lost = ({ code, message }: NodeJS.ErrnoException): CliError =>
  new CliError(
    EXIT.output,
    `Standard output cannot be written: ${reasonOf(code, message)}. What was printed is not whole.`,
  );

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EFBIG: 'the file may not grow further',
};

/** Why something could not be written, for people. */
export const reasonOf = (code: string | undefined, message: string): string => REASONS[code ?? ''] ?? message;
