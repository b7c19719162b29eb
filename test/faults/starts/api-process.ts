import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ApiOrder } from './api-child.ts';

const CHILD = fileURLToPath(new URL('./api-child.ts', import.meta.url));

/** An API process that is killed and comes back on the same port. */
export class ApiProcess {
  #order: ApiOrder;
  #child: ChildProcess | null = null;

  constructor(order: Omit<ApiOrder, 'port'>) {
    this.#order = { ...order, port: 0 };
  }

  get port(): number {
    return this.#order.port;
  }

  async start(): Promise<void> {
    const child = fork(CHILD, [JSON.stringify(this.#order)]);
    this.#child = child;
    const ended = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`the API ended with ${code ?? signal} before it listened`);
    });
    const [said] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }];
    ended.catch(() => {});
    this.#order = { ...this.#order, port: said.port };
  }

  /** Resolves when the process is gone, by whoever's hand. */
  async gone(): Promise<void> {
    const child = this.#child!;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    if (this.#child) await this.gone();
  }
}
