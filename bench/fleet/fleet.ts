import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FleetOrder, FleetState } from './fleet-child.ts';
import type { LightState } from './light-agent.ts';

const CHILD = fileURLToPath(new URL('./fleet-child.ts', import.meta.url));
const HOSTS_A_PROCESS = 250;

/** A simulated fleet: light agents in few processes, each with its own credential and connections, as hosts have them. */
export class Fleet {
  readonly #children: ChildProcess[] = [];
  #states: FleetState = {};

  constructor({ gateway, hosts }: FleetOrder) {
    for (let at = 0; at < hosts.length; at += HOSTS_A_PROCESS) {
      const child = fork(CHILD, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      child.send({ gateway, hosts: hosts.slice(at, at + HOSTS_A_PROCESS) } satisfies FleetOrder);
      child.on('message', (states: FleetState) => {
        this.#states = { ...this.#states, ...states };
      });
      this.#children.push(child);
    }
  }

  /** As told in the last second, by host name. */
  get states(): Readonly<Record<string, LightState>> {
    return this.#states;
  }

  get totals(): { online: number; running: number; done: number } {
    const all = Object.values(this.#states);
    return {
      online: all.filter(({ online }) => online).length,
      running: all.filter(({ running }) => running !== null).length,
      done: all.reduce((sum, { done }) => sum + done, 0),
    };
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exit = once(child, 'exit');
        child.kill('SIGTERM');
        await exit;
      }),
    );
  }
}
