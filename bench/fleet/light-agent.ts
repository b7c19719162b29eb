import { setTimeout as sleep } from 'node:timers/promises';
import { type GatewayAddress, GatewayClient } from '../../src/agent/session/gateway-client.ts';
import { BEAT_INTERVAL_MS, type HelloAnswer, type HostActivityInput } from '../../src/domain/jobs/agent-protocol.ts';
import { LightLog } from './light-log.ts';
import { SIMULATED } from './simulated-work.ts';
import { type Task, TemporalCalls } from './temporal-calls.ts';

const HEARTBEAT_MS = 10_000;
const RETRY_MS = 500;
const NOT_FOUND = 5;

export interface LightState {
  readonly online: boolean;
  /** The job it is doing, by its public id, and the lines of it that the gateway has acknowledged. */
  readonly running: { readonly jobId: string; readonly acknowledged: number } | null;
  readonly done: number;
}

/** An agent without the SDK: the same wire, the same gateway, simulated work. Hundreds fit into a process. */
export class LightAgent {
  readonly #name: string;
  readonly #gateway: GatewayClient;
  readonly #temporal: TemporalCalls;
  #stopped = false;
  #online = false;
  #current: { input: HostActivityInput; log: LightLog } | null = null;
  #done = 0;

  constructor(name: string, address: GatewayAddress) {
    this.#name = name;
    this.#gateway = new GatewayClient(address);
    this.#temporal = new TemporalCalls(address);
  }

  get state(): LightState {
    const running = this.#current && {
      jobId: this.#current.input.jobId,
      acknowledged: this.#current.log.acknowledged,
    };
    return { online: this.#online, running, done: this.#done };
  }

  async run(): Promise<void> {
    const hello = await this.#forEver(() =>
      this.#gateway.hello({
        protocol: 1,
        agentVersion: '0.1.0-simulated',
        hostname: this.#name,
        os: 'linux',
        arch: 'x64',
        programs: [{ name: 'restic', version: '0.18.1', path: '/simulated' }],
        powers: [],
        activities: Object.keys(SIMULATED),
      }),
    );
    if (hello === null) return;
    await Promise.all([this.#beat(hello), this.#work(hello)]);
  }

  stop(): void {
    this.#stopped = true;
    this.#gateway.close();
    this.#temporal.close();
  }

  async #beat({ epoch }: HelloAnswer): Promise<void> {
    while (!this.#stopped) {
      const running = this.#current ? [{ jobId: this.#current.input.jobId, attempt: this.#current.input.attempt }] : [];
      this.#online = await this.#gateway.beat({ epoch, running }).then(
        ({ verdict }) => verdict === 'ok',
        () => false,
      );
      await sleep(this.#online ? BEAT_INTERVAL_MS : RETRY_MS);
    }
  }

  async #work(hello: HelloAnswer): Promise<void> {
    while (!this.#stopped) {
      const task = await this.#temporal.poll(hello.namespace, hello.mainQueue, hello.hostId).catch(async () => {
        await sleep(RETRY_MS);
        return null;
      });
      if (task !== null) await this.#perform(hello, task).catch(() => {});
      this.#current = null;
    }
  }

  /** As the real agent: claim, work with lines and beats, result with the last report, answer. */
  async #perform({ namespace, hostId }: HelloAnswer, task: Task): Promise<void> {
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
    const link = this.#gateway.attempt(base64(task.token), base64(task.ticket));
    const log = new LightLog(link);
    const stop = new AbortController();
    this.#current = { input: task.input as HostActivityInput, log };
    const beats = setInterval(() => {
      void this.#temporal.heartbeat(namespace, hostId, task.token).then(
        (cancelled) => cancelled && stop.abort('cancelled'),
        (error: { code?: number }) => error.code === NOT_FOUND && stop.abort('gone'),
      );
    }, HEARTBEAT_MS);
    try {
      const { work } = await link.claim();
      const attempt = {
        signal: stop.signal,
        say: log.say.bind(log),
        progress: log.progress.bind(log),
      };
      const result = await SIMULATED[task.activity]!(work as Record<string, unknown>, attempt);
      log.say('sys', `The attempt ended: ${result.outcome.code}`);
      await log.close(result);
      await this.#forEver(() => this.#temporal.complete(namespace, hostId, task.token, result.outcome));
      this.#done++;
    } catch (thrown) {
      if (stop.signal.reason !== 'cancelled') throw thrown;
      log.say('sys', 'The attempt was stopped.');
      await log.close(null);
      await this.#forEver(() => this.#temporal.cancelled(namespace, hostId, task.token));
    } finally {
      clearInterval(beats);
    }
  }

  /** Until it is answered; null when it is refused for good or we stop. */
  async #forEver<Answer>(call: () => Promise<Answer>): Promise<Answer | null> {
    while (!this.#stopped) {
      try {
        return await call();
      } catch (thrown) {
        const { code, retryable } = thrown as { code?: number | string; retryable?: boolean };
        if (code === NOT_FOUND || retryable === false) return null;
        await sleep(RETRY_MS);
      }
    }
    return null;
  }
}
