import http from 'node:http';
import { publicId } from '../../../src/lib/ids.ts';
import type { FaultReport } from '../table.ts';
import { ApiProcess } from './api-process.ts';
import { sendStart } from './client.ts';
import { lookAtStarts } from './look.ts';
import type { Place } from './place.ts';

export interface CutOffOptions {
  readonly seed: number;
  readonly times: number;
  readonly deadlineMs: number;
}

/** A process takes about a second to come up; the next ones do so meanwhile. */
const AHEAD = 2;

/** FT-2: the API dies by kill -9 between the commit of a start and its way to Temporal; nobody asks again. */
export async function cutOffStarts(place: Place, { seed, times, deadlineMs }: CutOffOptions): Promise<FaultReport> {
  const killedAt = new Map<string, number>();
  const agent = new http.Agent({ keepAlive: false });
  const begin = async () => {
    const api = new ApiProcess({ urls: place.urls, temporal: place.temporal, diesBeforeStart: true });
    await api.start();
    return api;
  };
  const ready = Array.from({ length: AHEAD }, begin);
  for (let time = 0; time < times; time++) {
    const api = await ready.shift()!;
    if (time + AHEAD < times) ready.push(begin());
    const key = `ft2-${seed}-${time}`;
    await sendStart({ port: api.port, apiKey: place.apiKey, agent }, key, null);
    await api.gone();
    killedAt.set(key, Date.now());
  }
  const found = await lookAtStarts(place, new Map([...killedAt.keys()].map((key) => [key, []])), deadlineMs);
  const asked = await askAgain(place, [...killedAt.keys()]);
  const began = await place.rows<{ key: string; started_at: Date }>(
    `select i.key, j.started_at from idempotency_key i join job j on j.org_id = i.org_id and j.id = i.subject_id where i.org_id = $1 and i.key = any($2)`,
    [place.org, [...killedAt.keys()]],
  );
  const recoveries = began.map(({ key, started_at }) => new Date(started_at).getTime() - killedAt.get(key)!);
  return {
    fault: 'api killed between commit and start',
    times,
    jobs: times,
    lost: found.lost.length,
    doubled: found.doubled.length + asked.length,
    stuck: found.stuck.length,
    slowestRecoveryMs: Math.max(...recoveries),
    findings: [...found.lost, ...found.doubled, ...found.stuck, ...asked],
  };
}

/** Who lost the answer and asks with the same key is told the same job. */
async function askAgain(place: Place, keys: readonly string[]): Promise<string[]> {
  const api = new ApiProcess({ urls: place.urls, temporal: place.temporal, diesBeforeStart: false });
  await api.start();
  const agent = new http.Agent({ keepAlive: true });
  const wrong: string[] = [];
  for (const key of keys) {
    const answer = await sendStart({ port: api.port, apiKey: place.apiKey, agent }, key, null);
    const rows = await place.rows<{ subject_id: string }>(
      'select subject_id from idempotency_key where org_id = $1 and key = $2',
      [place.org, key],
    );
    if (rows.length !== 1 || answer !== publicId('job', rows[0]!.subject_id))
      wrong.push(`${key} asked again is ${answer}`);
  }
  agent.destroy();
  await api.kill();
  return wrong;
}
