import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isLongRunning, millisecondsOf, ROOT, readCompose, type Service } from './compose-file.ts';
import { addressHere, type Places } from './compose-places.ts';
import type { Ran } from './docker-engine.ts';

export interface ServiceEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
}

export interface RunningService {
  readonly name: string;
  readonly child: ChildProcess;
  readonly ended: Promise<ServiceEnd>;
  /** Its health check; about another process when told, where it is no container. */
  health(pid?: number): Ran;
  /** As `docker stop`: SIGTERM, and what is left after its grace period is killed. */
  stop(): Promise<ServiceEnd>;
}

const DATA = '/var/lib/holdfast';
const ACCOUNT = 10_001;

/**
 * The services of docker-compose.yml without compose: their commands, their environment and nothing else, their secrets and volumes by
 * name. Only addresses are of this machine, and paths where they run as processes of it.
 */
export class ComposeStack {
  readonly compose = readCompose();
  readonly #places: Places;
  readonly #running: RunningService[] = [];

  constructor(places: Places) {
    this.#places = places;
    execFileSync('sh', [join(ROOT, 'deploy/secrets.sh'), this.#own('secrets')]);
    for (const name of Object.keys(this.compose.secrets))
      this.setSecret(name, addressHere(this.#places, readFileSync(this.#own('secrets', name), 'utf8')));
    mkdirSync(this.#own('bin'));
    for (const [name, program] of Object.entries(places.programs)) symlinkSync(program, this.#own('bin', name));
    this.#script('bin/holdfast', `exec ${process.execPath} ${ROOT}scripts/main.mjs "$@"`);
    // What the image's own does, less the search for the container's address.
    this.#script('entrypoint.sh', 'exec temporal-server start');
  }

  setSecret(name: string, text: string): void {
    const file = this.#own('secrets', name);
    chmodSync(file, 0o644);
    writeFileSync(file, text);
    chmodSync(file, 0o444);
  }

  /** Starts the command of a service, with more words when it is the command line. */
  start(name: string, more: readonly string[] = []): RunningService {
    const service = this.compose.services[name]!;
    const words = [...(service.entrypoint ?? []), ...(service.command ?? []), ...more];
    const isContained = this.#places.image !== undefined && service.build !== undefined;
    const [program, ...args] = isContained ? this.#contained(name, service, words) : this.#bare(name, service, words);
    const env = isContained ? process.env : this.#bareEnv(name, service);
    const child = spawn(program!, args, { env, cwd: this.#places.folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        out += chunk;
      });
    const ended = new Promise<ServiceEnd>((done) => child.once('close', (code, signal) => done({ code, signal, out })));
    const running: RunningService = {
      name,
      child,
      ended,
      health: (pid = child.pid!) =>
        isContained
          ? this.#places.image!.engine.run('exec', name, ...service.healthcheck!.test.slice(1))
          : this.#bareHealth(service, env, pid),
      stop: async () => {
        const timer = setTimeout(() => child.kill('SIGKILL'), millisecondsOf(service.stop_grace_period!));
        child.kill('SIGTERM');
        const end = await ended;
        clearTimeout(timer);
        return end;
      },
    };
    if (isLongRunning(service)) this.#running.push(running);
    return running;
  }

  async kill(): Promise<void> {
    for (const { name, child, ended } of this.#running.reverse()) {
      this.#places.image?.engine.run('rm', '--force', name);
      child.kill('SIGKILL');
      await ended;
    }
  }

  /** `docker run` with what compose would do. */
  #contained(name: string, service: Service, words: readonly string[]): readonly string[] {
    const { engine, tag } = this.#places.image!;
    const mounts = (service.volumes ?? []).map((volume) => {
      const [source, ...rest] = volume.split(':');
      return [/^[./]/.test(source!) ? resolve(ROOT, source!) : this.#volume(source!), ...rest].join(':');
    });
    const secrets = (service.secrets ?? []).map((one) => `${this.#own('secrets', one)}:/run/secrets/${one}:ro`);
    const env = Object.entries(service.environment ?? {}).map(
      ([key, value]) => `${key}=${addressHere(this.#places, value)}`,
    );
    const each = (option: string, values: readonly string[] | undefined) =>
      (values ?? []).flatMap((value) => [option, value]);
    return engine.command(
      ...['run', '--rm', '--name', name, '--network', 'host', ...(service.init ? ['--init'] : [])],
      ...(service.read_only ? ['--read-only'] : []),
      ...each('--cap-drop', service.cap_drop),
      ...each('--security-opt', service.security_opt),
      ...each('--tmpfs', service.tmpfs),
      ...each('--volume', [...mounts, ...secrets]),
      ...each('--env', env),
      tag,
      ...words,
    );
  }

  /** The command on this machine, with the volumes in its data folder. */
  #bare(name: string, { volumes = [] }: Service, words: readonly string[]): readonly string[] {
    const home = this.#home(name);
    mkdirSync(this.#own('homes'), { recursive: true });
    const mounts = volumes
      .map((volume) => volume.split(':'))
      .filter(([source]) => !/^[./]/.test(source!))
      .map(([source, target]) => [this.#volume(source!), target!.replace(DATA, home)] as const);
    const whole = mounts.find(([, target]) => target === home);
    if (whole) link(whole[0], home);
    else mkdirSync(home, { recursive: true, mode: 0o700 });
    for (const [source, target] of mounts) if (target !== home) link(source, target);
    return words.map((word) => this.#path(addressHere(this.#places, word), name));
  }

  /** Exactly what compose gives, and what the image has of its own. */
  #bareEnv(name: string, { environment = {} }: Service): Record<string, string> {
    const given = Object.entries(environment).map(([key, value]) => {
      const isHost = value === 'postgres' && /(?:HOST|SEEDS)$/.test(key);
      return [key, isHost ? '127.0.0.1' : this.#path(addressHere(this.#places, value), name)];
    });
    return {
      PATH: `${this.#own('bin')}:/usr/local/bin:/usr/bin:/bin`,
      HOLDFAST_DATA: this.#home(name),
      ...Object.fromEntries(given),
      ...this.#places.more[name],
    };
  }

  #bareHealth({ healthcheck }: Service, env: NodeJS.ProcessEnv, pid: number): Ran {
    const [, program, script, ...args] = healthcheck!.test;
    if (program !== 'node') throw new Error('only ours can be asked without their images');
    const run = [join(ROOT, script!), ...args, String(pid)];
    const asked = spawnSync(process.execPath, run, { env, encoding: 'utf8' });
    return { code: asked.status, out: asked.stdout + asked.stderr };
  }

  #own(...path: readonly string[]): string {
    return join(this.#places.folder, ...path);
  }

  #home(name: string): string {
    return this.#own('homes', name);
  }

  #volume(name: string): string {
    const folder = this.#own('volumes', name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (this.#places.image) chownSync(folder, ACCOUNT, ACCOUNT);
    return folder;
  }

  #path(text: string, name: string): string {
    return text
      .replace(/\/run\/secrets\b/g, this.#own('secrets'))
      .replace(/\/etc\/holdfast\b/g, join(ROOT, 'deploy'))
      .replace('/etc/temporal/entrypoint.sh', this.#own('entrypoint.sh'))
      .replace('/usr/local/bin/restic', this.#own('bin/restic'))
      .replace(/^\/var\/lib\/holdfast\b/, this.#home(name));
  }

  #script(path: string, line: string): void {
    writeFileSync(this.#own(path), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  }
}

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  }
}
