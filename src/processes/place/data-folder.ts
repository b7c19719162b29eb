import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StartProblem } from './start-problem.ts';

/** Where everything lies in the data folder. */
export function dataPaths(dataDir: string) {
  return {
    postgres: join(dataDir, 'postgres'),
    temporal: join(dataDir, 'temporal'),
    temporalTls: join(dataDir, 'temporal', 'tls'),
    temporalUi: join(dataDir, 'temporal-ui'),
    run: join(dataDir, 'run'),
    logs: join(dataDir, 'logs'),
    secrets: join(dataDir, 'secrets'),
    tls: join(dataDir, 'tls'),
    agent: join(dataDir, 'agent'),
    agentFile: join(dataDir, 'agent', 'agent.json'),
    cliFile: join(dataDir, 'cli.json'),
    portsFile: join(dataDir, 'ports.json'),
    repositories: join(dataDir, 'repositories'),
  };
}

const CLOSED = ['run', 'logs', 'secrets', 'tls', 'agent', 'repositories', 'temporal', 'temporalUi'] as const;

/** The data folder and what is closed in it. Started by root, others may pass the folder (not list it): PostgreSQL's account has to. */
export function ensureDataFolder(dataDir: string): void {
  try {
    makeFolder(dataDir);
    chmodSync(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700);
    const probe = join(dataDir, '.writable');
    writeFileSync(probe, '');
    rmSync(probe);
    const paths = dataPaths(dataDir);
    for (const name of CLOSED) mkdirSync(paths[name], { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StartProblem(
      `The data folder cannot be written: ${wordsOf(error)}`,
      dataDir,
      'Give yourself the right to write there, or choose another with HOLDFAST_DATA.',
      error,
    );
  }
}

/** With `recursive` a read-only file system is reported as a missing folder; alone it is called what it is. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') mkdirSync(folder);
    throw error;
  }
}

function wordsOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const known: Record<string, string> = {
    EROFS: 'it is on a read-only file system',
    EACCES: 'permission denied',
    EPERM: 'operation not permitted',
    ENOTDIR: 'a part of the path is a file',
    EEXIST: 'there is a file of that name',
    ENOSPC: 'the disk is full',
  };
  return (code && known[code]) || message;
}

/** Writes a file that only we may read; a crash leaves the old one or the new one, never half of one. */
export function writeSecretFile(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  rmSync(`${file}.new`, { force: true });
  writeFileSync(`${file}.new`, text, { mode: 0o600, flag: 'wx' });
  renameSync(`${file}.new`, file);
}

/** The text of a file, or null when it is not there. */
export function readIfThere(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}
