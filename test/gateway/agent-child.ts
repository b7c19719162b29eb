import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Engine } from './engine.ts';

type Told = { event: string } & Record<string, unknown>;

/** The agent in a process of its own, and what it tells. */
export class AgentChild {
  readonly child: ChildProcess;
  readonly told: Told[] = [];
  readonly exit: Promise<number | null>;
  #waiting: (() => void)[] = [];

  constructor(engine: Engine, credential: string, name: string) {
    const authorityFile = join(engine.folder, 'authority.pem');
    writeFileSync(authorityFile, engine.authorityPem);
    const script = fileURLToPath(new URL('./agent-process.ts', import.meta.url));
    const args = [script, engine.gatewayAddress, authorityFile, credential, join(engine.folder, name)];
    // As the command does it: without the cache each start keeps 30 MiB of Node's type stripper in memory.
    const env = { ...process.env, NODE_COMPILE_CACHE: join(engine.folder, 'compile-cache') };
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
    this.exit = new Promise((resolve) => this.child.once('exit', resolve));
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.told.push(JSON.parse(line) as Told);
      for (const look of this.#waiting.splice(0)) look();
    });
  }

  /** The first thing of this kind that the agent tells, from the given place on. */
  async tells(event: string, from = 0): Promise<Told> {
    for (;;) {
      const found = this.told.slice(from).find((one) => one.event === event);
      if (found) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async rssMib(): Promise<number> {
    const from = this.told.length;
    this.child.kill('SIGUSR1');
    return (await this.tells('rss', from)).mib as number;
  }
}
