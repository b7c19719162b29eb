import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ResticDeps } from '../../src/activities/host/restic/core/command.ts';
import { performAttempt } from '../../src/agent/attempt/attempt.ts';
import type { AttemptBody } from '../../src/agent/attempt/attempt-context.ts';
import { findSetpriv } from '../../src/agent/programs/parent-death-signal.ts';
import type { LogLine, Progress } from '../../src/domain/jobs/agent-protocol.ts';
import type { AttemptResult } from '../../src/domain/jobs/outcome.ts';
import { backup } from '../../src/kinds/backup/backup.ts';
import type { StopProtocol } from '../../src/kinds/core/define-kind.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { RealRestic } from './restic.ts';
import { locksIn } from './restic-locks.ts';

/** Stands for every secret: nothing that leaves the host, and no argument of a program, may hold it. */
export const PASSWORD = 'canary-7f3a-password';

/** A folder with sources and repositories, a real restic, and attempts without Temporal and gateway. */
export class ResticBench {
  readonly folder: string;
  readonly deps: ResticDeps;
  readonly #setpriv: string | null;
  /** Each has its own number: by that an attempt knows the programs that it left. */
  #attempts = 0;

  private constructor(folder: string, restic: RealRestic, setpriv: string | null) {
    this.folder = folder;
    this.#setpriv = setpriv;
    this.deps = {
      resticPath: restic.path,
      resticVersion: restic.version,
      dataDir: join(folder, 'agent'),
      ownFolders: [],
      baseEnv: { PATH: '/usr/bin:/bin', HOME: folder, TMPDIR: folder },
    };
  }

  static async make(restic: RealRestic): Promise<ResticBench> {
    const folder = await mkdtemp(join(tmpdir(), 'restic-bench-'));
    await mkdir(join(folder, 'source'));
    return new ResticBench(folder, restic, await findSetpriv());
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Performs one attempt of a restic body, and gives everything that left the host. */
  attempt(body: AttemptBody, work: object, options: { password?: string; stop?: Partial<StopProtocol> } = {}) {
    const lines: LogLine[] = [];
    const progress: Progress[] = [];
    const results: (AttemptResult | null)[] = [];
    const stop = new AbortController();
    const link = {
      claim: () => Promise.resolve({ work, secrets: { password: options.password ?? PASSWORD } }),
      report: (firstSeq: number, more: readonly LogLine[], now: Progress | null, result: AttemptResult | null) => {
        lines.push(...more);
        if (now !== null) progress.push(now);
        results.push(result);
        return Promise.resolve({ nextSeq: firstSeq + more.length, closed: false });
      },
    };
    const input = {
      kind: 'backup',
      jobId: `job_${this.folder.split('-').at(-1)}`,
      runNo: 1,
      attempt: ++this.#attempts,
    };
    const answer = performAttempt(
      body,
      { ...backup.stop, ...options.stop },
      input,
      link,
      { signal: stop.signal, heartbeat: () => undefined },
      { clock: systemClock, agentMark: this.folder, setpriv: this.#setpriv },
    );
    const text = () => lines.map((line) => line[2]).join('\n');
    return { answer, stop, text, progress, result: () => results.at(-1) ?? null, jobId: input.jobId };
  }

  async restic(repository: string, ...args: string[]): Promise<string> {
    const env = { ...this.deps.baseEnv, RESTIC_PASSWORD: PASSWORD, RESTIC_REPOSITORY: repository };
    const cache = { RESTIC_CACHE_DIR: this.path('cache') };
    return (await promisify(execFile)(this.deps.resticPath, args, { env: { ...env, ...cache } })).stdout;
  }

  /** The locks of a local repository. */
  locks(repository: string): string[] {
    return locksIn(join(repository, 'locks'));
  }

  close(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** Of every process: its arguments and environment, as root or its owner can read them. */
export async function processes(): Promise<{ pid: number; args: string; env: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = (pid: string, file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  return await Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      args: await read(pid, 'cmdline'),
      env: await read(pid, 'environ'),
    })),
  );
}
