import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inPath } from '../../src/embedded/programs/programs.ts';
import { INSTALLED_WHEN, installDebian } from './debian.ts';
import { env } from './programs.ts';
import { untilTrue } from './until-true.ts';

/** Debian's client first: others may need a plugin to build. */
const PATH = `/usr/bin:${env.PATH ?? ''}:/usr/sbin:/sbin`;
/** Nothing of the machine's network is touched: containers have its own, or none. */
const ALONE = ['--iptables=false', '--ip6tables=false', '--bridge=none', '--ip-forward=false', '--ip-masq=false'];

export interface Ran {
  readonly code: number | null;
  readonly out: string;
}

/** A docker engine of the test's own. */
export class DockerEngine {
  readonly folder: string;
  readonly #client: string;
  readonly #child: ChildProcess;

  constructor(folder: string, client: string, child: ChildProcess) {
    this.folder = folder;
    this.#client = client;
    this.#child = child;
  }

  /** The command line of the client for this engine. */
  command(...args: readonly string[]): readonly string[] {
    return [this.#client, '--host', `unix://${this.folder}/docker.sock`, ...args];
  }

  run(...args: readonly string[]): Ran {
    const [program, ...rest] = this.command(...args);
    // The engine's newer builder: 50 s for our image where the older one took 140.
    const done = spawnSync(program!, rest, { encoding: 'utf8', env: { ...env, PATH, DOCKER_BUILDKIT: '1' } });
    return { code: done.status, out: done.stdout + done.stderr };
  }

  /** Makes an image of a folder. */
  import(root: string, tag: string, changes: readonly string[]): void {
    const tar = join(this.folder, 'image.tar');
    const packed = spawnSync('tar', ['-C', root, '--owner=0', '--group=0', '-cf', tar, '.'], { encoding: 'utf8' });
    if (packed.status !== 0) throw new Error(packed.stderr);
    const { code, out } = this.run('import', ...changes.flatMap((change) => ['--change', change]), tar, tag);
    rmSync(tar);
    if (code !== 0) throw new Error(out);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
    spawnSync('umount', [join(this.folder, 'exec/netns/default')], { stdio: 'ignore' });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** An engine, or why there is none. */
export async function startDocker(): Promise<DockerEngine | string> {
  if (process.getuid?.() !== 0) return 'a docker engine of its own is started by root only';
  if (inPath('dockerd', PATH).length === 0) installDebian('docker.io', 'containerd', 'runc', 'iptables');
  const [daemon, client] = [inPath('dockerd', PATH)[0], inPath('docker', PATH)[0]];
  if (daemon === undefined || client === undefined) return `no dockerd in PATH; ${INSTALLED_WHEN}`;
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-docker-'));
  const place = ['--data-root', 'data', '--exec-root', 'exec', '--pidfile', 'pid'].map((word) =>
    word.startsWith('--') ? word : join(folder, word),
  );
  const log = openSync(join(folder, 'log'), 'w');
  const args = [...place, '--host', `unix://${folder}/docker.sock`, ...ALONE];
  const child = spawn(daemon, args, { env: { ...env, PATH }, stdio: ['ignore', log, log] });
  const engine = new DockerEngine(folder, client, child);
  const state = () => child.exitCode !== null || engine.run('version').code === 0;
  await untilTrue('the docker engine', state);
  if (child.exitCode === null) return engine;
  const why = readFileSync(join(folder, 'log'), 'utf8').trim().split('\n').at(-1);
  rmSync(folder, { recursive: true, force: true });
  return `no docker engine can run on this machine: ${why}`;
}
