import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLongRunning, millisecondsOf, ROOT, readCompose, type Service } from './compose-file.ts';

/** Where the addresses and programs of the containers are on this machine. */
export interface Places {
  readonly folder: string;
  readonly ports: Readonly<Record<'postgres' | 'temporal' | 'api' | 'gateway', number>>;
  /** More for a service than compose gives it: ports that nobody has to choose inside a container. */
  readonly more: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By the name that a container calls them. */
  readonly programs: Readonly<Record<string, string>>;
}

export interface ServiceEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
}

/** One that runs, as a process of this machine. */
export interface RunningService {
  readonly name: string;
  readonly child: ChildProcess;
  readonly ended: Promise<ServiceEnd>;
  /** Runs its health check beside it, with its environment; about another process when told. */
  health(pid?: number): { code: number; out: string };
  /** As `docker stop`: SIGTERM, and what is left after its grace period is killed. */
  stop(): Promise<ServiceEnd>;
}

const IN_CONTAINER = '/var/lib/holdfast';

/**
 * The services of docker-compose.yml as separate processes without docker: its commands, its environment and nothing else, its
 * secrets and volumes by name; only addresses and paths are of this machine.
 */
export class ComposeStack {
  readonly compose = readCompose();
  readonly secrets: string;
  readonly #places: Places;
  readonly running: RunningService[] = [];

  constructor(places: Places) {
    this.#places = places;
    this.secrets = join(places.folder, 'secrets');
    execFileSync('sh', [join(ROOT, 'deploy/secrets.sh'), this.secrets]);
    for (const name of Object.keys(this.compose.secrets)) {
      const file = join(this.secrets, name);
      this.setSecret(name, this.#here(readFileSync(file, 'utf8')));
    }
    mkdirSync(join(places.folder, 'bin'));
    for (const [name, program] of Object.entries(places.programs))
      symlinkSync(program, join(places.folder, 'bin', name));
    this.#write('bin/holdfast', `#!/bin/sh\nexec ${process.execPath} ${ROOT}scripts/main.mjs "$@"\n`);
    // What the image's own does, less the search for the container's address.
    this.#write('entrypoint.sh', '#!/bin/sh\nexec temporal-server start\n');
  }

  setSecret(name: string, text: string): void {
    const file = join(this.secrets, name);
    chmodSync(file, 0o600);
    writeFileSync(file, text);
  }

  /** The data folder of a service, with its volumes in their places. */
  home(name: string): string {
    return join(this.#places.folder, 'homes', name);
  }

  /** Starts the command of a service, or another one in its place. */
  start(name: string, more: readonly string[] = []): RunningService {
    const service = this.compose.services[name]!;
    this.#mount(name, service);
    const env = this.env(name);
    const [program, ...args] = [...(service.entrypoint ?? []), ...(service.command ?? []), ...more].map((word) =>
      this.#here(word, name),
    );
    const child = spawn(program!, args, { env, cwd: this.home(name), stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        out += chunk;
      });
    const ended = new Promise<ServiceEnd>((resolve) =>
      child.once('close', (code, signal) => resolve({ code, signal, out })),
    );
    const running: RunningService = {
      name,
      child,
      ended,
      health: (pid = child.pid!) => this.#health(service, env, pid),
      stop: async () => {
        const timer = setTimeout(() => child.kill('SIGKILL'), millisecondsOf(service.stop_grace_period!));
        child.kill('SIGTERM');
        const end = await ended;
        clearTimeout(timer);
        return end;
      },
    };
    if (isLongRunning(service)) this.running.push(running);
    return running;
  }

  /** Exactly what compose gives, and the PATH of the image. */
  env(name: string): Record<string, string> {
    const given = Object.entries(this.compose.services[name]!.environment ?? {});
    const isHost = (key: string, value: string) => value === 'postgres' && /(?:HOST|SEEDS)$/.test(key);
    const replaced = given.map(([key, value]) => [key, isHost(key, value) ? '127.0.0.1' : this.#here(value, name)]);
    return {
      PATH: `${join(this.#places.folder, 'bin')}:/usr/local/bin:/usr/bin:/bin`,
      HOLDFAST_DATA: this.home(name),
      ...Object.fromEntries(replaced),
      ...this.#places.more[name],
    };
  }

  async kill(): Promise<void> {
    for (const { child, ended } of this.running.reverse()) {
      child.kill('SIGKILL');
      await ended;
    }
  }

  #health({ healthcheck }: Service, env: Record<string, string>, pid: number): { code: number; out: string } {
    const [, program, script, ...args] = healthcheck!.test;
    if (program !== 'node') throw new Error('only ours can be asked without their images');
    const run = [join(ROOT, script!), ...args, String(pid)];
    try {
      return { code: 0, out: execFileSync(process.execPath, run, { env, encoding: 'utf8' }) };
    } catch (thrown) {
      const { status, stdout } = thrown as { status: number; stdout: string };
      return { code: status, out: stdout };
    }
  }

  /** A volume of that name, in the place of the service's data folder or in it. */
  #mount(name: string, { volumes = [] }: Service): void {
    const home = this.home(name);
    const { folder } = this.#places;
    mkdirSync(join(folder, 'homes'), { recursive: true });
    const mounts = volumes
      .map((volume) => volume.split(':'))
      .filter(([source]) => !/^[./]/.test(source!))
      .map(([source, target]) => [join(folder, 'volumes', source!), target!.replace(IN_CONTAINER, home)] as const);
    for (const [source] of mounts) mkdirSync(source, { recursive: true, mode: 0o700 });
    const whole = mounts.find(([, target]) => target === home);
    if (whole) link(whole[0], home);
    else mkdirSync(home, { recursive: true, mode: 0o700 });
    for (const [source, target] of mounts) if (target !== home) link(source, target);
  }

  /** Names and paths of a container, as they are here. */
  #here(text: string, name?: string): string {
    const { ports, folder } = this.#places;
    const addresses: readonly (readonly [RegExp, string])[] = [
      [/\bpostgres:5432\b/g, `127.0.0.1:${ports.postgres}`],
      [/\btemporal:7233\b/g, `127.0.0.1:${ports.temporal}`],
      [/\bapi:8080\b|\b127\.0\.0\.1:8080\b/g, `127.0.0.1:${ports.api}`],
      [/\bgateway:7443\b/g, `127.0.0.1:${ports.gateway}`],
      [/^8080$/g, String(ports.api)],
      [/^7443$/g, String(ports.gateway)],
      [/^5432$/g, String(ports.postgres)],
      [/^0\.0\.0\.0$/g, '127.0.0.1'],
      [/\/run\/secrets\b/g, this.secrets],
      [/\/etc\/holdfast\b/g, join(ROOT, 'deploy')],
      [/\/etc\/temporal\/entrypoint\.sh\b/g, join(folder, 'entrypoint.sh')],
      [/\/usr\/local\/bin\/(restic)\b/g, join(folder, 'bin', '$1')],
      [/^\/var\/lib\/holdfast\b/g, name === undefined ? IN_CONTAINER : this.home(name)],
    ];
    return addresses.reduce((said, [there, here]) => said.replace(there, here), text);
  }

  #write(path: string, text: string): void {
    writeFileSync(join(this.#places.folder, path), text, { mode: 0o755 });
  }
}

function link(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  }
}
