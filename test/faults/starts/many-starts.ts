import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { seeded } from '../../db/storm/seeded.ts';
import type { FaultReport } from '../table.ts';
import { ApiProcess } from './api-process.ts';
import { sendStart } from './client.ts';
import { lookAtStarts } from './look.ts';
import type { Place } from './place.ts';

export interface ManyStartsOptions {
  readonly seed: number;
  readonly starts: number;
  readonly clients: number;
  /** How often each key is sent at the same time. */
  readonly copies: number;
  /** Of the answers, how many are not read. */
  readonly dropped: number;
  /** How often the API is killed meanwhile. */
  readonly kills: number;
  readonly deadlineMs: number;
}

const RETRY_MS = 50;

/** FT-1: many clients start jobs, each key more than once, read not every answer, and the API is killed under them. */
export async function manyStarts(place: Place, options: ManyStartsOptions): Promise<FaultReport> {
  const api = new ApiProcess({ urls: place.urls, temporal: place.temporal, diesBeforeStart: false });
  await api.start();
  const answers = new Map(
    Array.from({ length: options.starts }, (_, at) => [`ft1-${options.seed}-${at}`, [] as string[]]),
  );
  const todo = [...answers.keys()];
  const killer = killAtRandom(api, options, () => options.starts - todo.length);
  const client = async (at: number) => {
    const chance = seeded(options.seed + at);
    const agent = new http.Agent({ keepAlive: true });
    for (let key = todo.shift(); key !== undefined; key = todo.shift())
      answers
        .get(key)!
        .push(...(await startUntilAnswered(key, { port: api.port, apiKey: place.apiKey, agent }, options, chance)));
    agent.destroy();
  };
  try {
    await Promise.all(Array.from({ length: options.clients }, (_, at) => client(at)));
    const slowestRecoveryMs = await killer;
    const { lost, doubled, stuck } = await lookAtStarts(place, answers, options.deadlineMs);
    return {
      fault: 'api killed under starts, answers dropped',
      times: options.kills,
      jobs: options.starts,
      lost: lost.length,
      doubled: doubled.length,
      stuck: stuck.length,
      slowestRecoveryMs,
      findings: [...lost, ...doubled, ...stuck],
    };
  } finally {
    await api.kill();
  }
}

/** Some copies at once, again and again, until one was answered and read; what the others were answered counts too. */
async function startUntilAnswered(
  key: string,
  target: Parameters<typeof sendStart>[0],
  { copies, dropped }: ManyStartsOptions,
  chance: (below: number) => number,
): Promise<string[]> {
  for (;;) {
    const drops = Array.from({ length: copies }, () => (chance(1_000) < dropped * 1_000 ? chance(30) : null));
    const read = (await Promise.all(drops.map((drop) => sendStart(target, key, drop)))).filter((id) => id !== null);
    if (read.length > 0) return read;
    await sleep(RETRY_MS);
  }
}

/** Kills the API as the starts go on, spread over them by chance; answers the longest time until it listened again. */
async function killAtRandom(
  api: ApiProcess,
  { seed, starts, kills }: ManyStartsOptions,
  begun: () => number,
): Promise<number> {
  const chance = seeded(seed - 1);
  let slowest = 0;
  for (let kill = 0; kill < kills; kill++) {
    const at = Math.floor((starts * (kill + chance(1_000) / 1_000)) / kills);
    while (begun() < at) await sleep(2);
    const from = performance.now();
    await api.kill();
    await api.start();
    slowest = Math.max(slowest, performance.now() - from);
  }
  return slowest;
}
