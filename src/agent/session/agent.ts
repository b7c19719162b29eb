import '../../lib/small-memory.ts';

import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { NativeConnection } from '@temporalio/worker';
import type { Static } from 'typebox';
import type { Hello, HelloAnswer } from '../../domain/jobs/agent-protocol.ts';
import type { Clock } from '../../lib/clock.ts';
import { asError, Failure } from '../../lib/failure.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import { sleep } from '../../lib/sleep.ts';
import { LogSpool } from '../log/log-spool.ts';
import { keepPresent } from './agent-presence.ts';
import { installAgentRuntime } from './agent-runtime.ts';
import { makeAgentWorker, work } from './agent-worker.ts';
import type { HostActivities } from './attempt-interceptor.ts';
import { backoffMs } from './backoff.ts';
import { endOrphans } from './end-orphans.ts';
import { forNativePart, type GatewayAddress, GatewayClient } from './gateway-client.ts';
import { GatewayContact } from './gateway-contact.ts';
import { type AgentLane, RunningAttempts } from './running-attempts.ts';
import { TaskTokenStore } from './task-token-store.ts';
import { UnsentReports } from './unsent-reports.ts';

/** Why an agent ended. Only `failed` is worth a restart by the service manager. */
export type AgentEnd =
  | { readonly reason: 'stopped' | 'revoked' | 'superseded' }
  | { readonly reason: 'mismatch' | 'failed'; readonly error: Error };

interface AgentOptions {
  readonly gateway: GatewayAddress;
  readonly hello: Omit<Static<typeof Hello>, 'activities'>;
  /** Where the agent keeps what has to outlive it. */
  readonly dataDir: string;
  /** Marks the programs that it starts. */
  readonly agentMark: string;
  readonly activities: Readonly<Record<AgentLane, HostActivities>>;
  /** How long running activities may go on at a stop before they are cancelled. */
  readonly shutdownGraceMs: number;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Counts on while the process is stopped, and never jumps. */
  readonly monotonicMs: () => number;
  readonly log: Log;
}

export interface Agent {
  /** Resolves when the gateway knows us and work can come in. Never when the agent ends before. */
  readonly ready: Promise<HelloAnswer>;
  readonly ended: Promise<AgentEnd>;
  /** Ends the agent within the grace time and 5 s, whatever the gateway does. Exiting is the caller's business. */
  stop(): Promise<AgentEnd>;
}

/** Starts the agent: says hello, keeps its lease, does what comes in on the host's two queues. Tries for ever while the gateway is away. */
export function startAgent(options: AgentOptions): Agent {
  installAgentRuntime(options.log);
  const stopping = new AbortController();
  const ready = Promise.withResolvers<HelloAnswer>();
  const session = new Session(options, stopping);
  const ended = session.run(ready.resolve).catch((thrown): AgentEnd => session.endOf(thrown));
  void ended.then(() => session.close());
  const stop = () => {
    stopping.abort();
    return ended;
  };
  return { ready: ready.promise, ended, stop };
}

class Session {
  readonly #options: AgentOptions;
  readonly #stopping: AbortController;
  readonly #gateway: GatewayClient;
  readonly #running = new RunningAttempts();
  readonly #tokens: TaskTokenStore;
  readonly #spool: LogSpool;
  /** Rejects when the agent is told to stop: connecting to a black hole takes 30 s. */
  readonly #stopped: Promise<never>;
  #verdict: 'superseded' | 'revoked' | null = null;

  constructor(options: AgentOptions, stopping: AbortController) {
    this.#options = options;
    this.#stopping = stopping;
    this.#stopped = new Promise((_, reject) => {
      stopping.signal.addEventListener('abort', () => reject(new Stopped()));
    });
    this.#stopped.catch(() => {});
    this.#gateway = new GatewayClient(options.gateway);
    this.#tokens = new TaskTokenStore(options.dataDir, options.log);
    this.#spool = new LogSpool(join(options.dataDir, 'spool'));
  }

  async run(ready: (hello: HelloAnswer) => void): Promise<AgentEnd> {
    const { activities, hello: about, log, shutdownGraceMs } = this.#options;
    const hello = await this.#untilDone('hello', () =>
      this.#gateway.hello({
        ...about,
        activities: [...Object.keys(activities.main), ...Object.keys(activities.quick)],
      }),
    );
    log.info({ hostId: hello.hostId, epoch: hello.epoch }, `agent registered as ${hello.hostName}`);
    const presence = this.#keepPresent(hello.epoch);
    const connection = await this.#untilDone('connection', () => this.#connect());
    const [gateway, running, tokens, spool] = [this.#gateway, this.#running, this.#tokens, this.#spool];
    const unsent = new UnsentReports(await spool.unsent(), gateway, this.#options);
    // First: what is failed without its result would be done again.
    await unsent.tellResults((token) => tokens.keep(token));
    await this.#failOrphanedAttempts(connection, hello);
    void unsent.deliver();
    await endOrphans(this.#options);
    const parts = { connection, hello, activities, gateway, running, tokens, spool, shutdownGraceMs };
    const workers = await this.#untilDone('worker', async () => [
      await makeAgentWorker(parts, 'main'),
      await makeAgentWorker(parts, 'quick'),
    ]);
    ready(hello);
    const error = await work(workers, shutdownGraceMs, this.#stopping.signal);
    this.#stopping.abort();
    await presence;
    // Fails when the worker hangs; then it is left to the end of the process.
    if (error === null) await connection.close().catch(() => {});
    if (this.#verdict) return { reason: this.#verdict };
    return error ? { reason: 'failed', error } : { reason: 'stopped' };
  }

  endOf(thrown: unknown): AgentEnd {
    this.#stopping.abort();
    if (this.#verdict) return { reason: this.#verdict };
    if (thrown instanceof Stopped) return { reason: 'stopped' };
    if (thrown instanceof Failure && thrown.code === 'agent-revoked') return { reason: 'revoked' };
    if (thrown instanceof Failure && thrown.code === 'agent-mismatch') return { reason: 'mismatch', error: thrown };
    return { reason: 'failed', error: asError(thrown) };
  }

  close(): void {
    this.#gateway.close();
  }

  async #keepPresent(epoch: number): Promise<void> {
    const { log, random, monotonicMs } = this.#options;
    const contact = new GatewayContact(monotonicMs);
    const watch = setInterval(() => this.#running.endSilent(contact.lostForMs()), CONTACT_CHECK_MS);
    const verdict = await keepPresent({
      beat: () => contact.madeBy(() => this.#gateway.beat({ epoch, running: this.#running.list() })),
      sleep: (ms) => sleep(ms, this.#stopping.signal),
      signal: this.#stopping.signal,
      random,
      log,
    });
    clearInterval(watch);
    if (verdict === null) return;
    log.error(
      { verdict },
      verdict === 'revoked' ? 'credential revoked' : 'superseded by another agent with the same credential',
    );
    this.#verdict = verdict;
    this.#stopping.abort();
  }

  #connect(): Promise<NativeConnection> {
    return NativeConnection.connect(forNativePart(this.#options.gateway));
  }

  /** Attempts that ran when the agent last died: nothing of them runs any more, so the engine need not wait for their time-out. */
  async #failOrphanedAttempts(connection: NativeConnection, hello: HelloAnswer): Promise<void> {
    const failure = { message: 'The agent was restarted.', applicationFailureInfo: { type: 'AgentRestarted' } };
    const failed = await this.#tokens.clear(async (taskToken) => {
      const answer = { namespace: hello.namespace, identity: hello.hostId, taskToken, failure };
      await connection.workflowService.respondActivityTaskFailed(answer).catch((thrown: { code?: number }) => {
        if (thrown.code !== status.NOT_FOUND) throw thrown;
      });
    });
    if (failed > 0) this.#options.log.warn({ attempts: failed }, 'orphaned attempts failed after agent restart');
  }

  async #untilDone<Value>(what: string, run: () => Promise<Value>): Promise<Value> {
    for (let attempt = 1; ; attempt++) {
      if (this.#stopping.signal.aborted) throw new Stopped();
      try {
        return await Promise.race([run(), this.#stopped]);
      } catch (thrown) {
        if (thrown instanceof Stopped) throw thrown;
        if (thrown instanceof Failure && !thrown.retryable) throw thrown;
        const waitMs = backoffMs(attempt, this.#options.random);
        this.#options.log.warn(
          { err: asError(thrown), attempt, waitMs: Math.round(waitMs) },
          `${what} failed, retrying`,
        );
        await sleep(waitMs, this.#stopping.signal);
      }
    }
  }
}

/** How often the agent looks for how long it could not beat. */
const CONTACT_CHECK_MS = 1_000;

class Stopped extends Error {}
