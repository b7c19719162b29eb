import type { Database } from '../../src/db/core/database.ts';
import { gatewayStore } from '../../src/db/hosts/gateway-store.ts';
import { beginRun } from '../../src/db/jobs/run/begin-run.ts';
import { finishRun } from '../../src/db/jobs/run/finish-run.ts';
import type { LogLine, Progress } from '../../src/domain/jobs/agent-protocol.ts';
import type { AttemptResult } from '../../src/domain/jobs/outcome.ts';
import { parsePublicId, publicId } from '../../src/lib/ids.ts';
import { host } from '../factories.ts';
import { openTestLogin } from '../harness/database.ts';
import { type ApiBench, startApi } from './bench.ts';
import { openStream, type StreamAsked, type StreamReader } from './stream-client.ts';

/** A running job whose host says what the test wants, by the statements that the gateway and the worker use. */
export interface SpeakingJob {
  readonly id: string;
  /** Adds lines behind the ones of this attempt so far. */
  say(texts: readonly string[], attempt?: number): Promise<void>;
  progress(fraction: number): Promise<void>;
  /** The last report of an attempt. */
  last(attempt?: number): Promise<void>;
  /** Its attempts say their last word, and the job ends. */
  finish(): Promise<void>;
  /** The job ends, and its host has more lines. */
  finishEarly(): Promise<void>;
}

export interface StreamBench extends ApiBench {
  /** Address of the API, on a real socket. */
  readonly url: string;
  readonly worker: Database;
  startJob(): Promise<SpeakingJob>;
  watch(job: SpeakingJob, asked?: Partial<StreamAsked>): Promise<StreamReader>;
}

const TOKEN = Buffer.from('token');
const RESULT: AttemptResult = {
  outcome: { code: 'succeeded', counts: {}, refs: {} },
  failures: [],
  failureCount: 0,
} as AttemptResult;
const progressOf = (fraction: number): Progress => ({
  fraction,
  bytesDone: Math.round(fraction * 1000),
  bytesTotal: 1000,
  filesDone: 1,
  filesTotal: 2,
  current: '/srv/file',
  ratePerSecond: 10,
  etaSeconds: 5,
});

/** An API that listens, and jobs that speak. */
export async function startStreams(streams: Parameters<typeof startApi>[1] = {}): Promise<StreamBench> {
  const api = await startApi(undefined, streams);
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  const { registry } = api.parts.database;
  const worker = await openTestLogin(api.database, 'worker', { keep: true, registry });
  const gateway = await openTestLogin(api.database, 'gateway', { keep: true, registry });
  const store = gatewayStore(gateway);
  return {
    ...api,
    url,
    worker,
    async startJob() {
      const machine = await host(api.database.owner, api.org);
      const body = { kind: 'noop', target: { hostId: publicId('host', machine.id) } };
      const { id } = (await api.ask('POST', 'jobs', { body })).body;
      const jobId = parsePublicId('job', id)!;
      const input = { orgId: api.org.id, jobId, runNo: 1 };
      await worker.inOrganization(api.org.id, (tx) => beginRun(tx, input, 'run'));
      const who = { orgId: api.org.id, hostId: machine.id, hostName: machine.name };
      const next = new Map<number, number>();
      const report = async (
        attempt: number,
        texts: readonly string[],
        progress: Progress | null,
        result: AttemptResult | null,
        last = false,
      ) => {
        const ticket = { jobId, runNo: 1, runId: 'run', attempt, activity: 'noop.v1' };
        const first = next.get(attempt) ?? 0;
        const lines = texts.map((text): LogLine => [Date.now(), 'out', text]);
        const { nextSeq } = await store.report(who, ticket, TOKEN, {
          firstSeq: first,
          lines,
          progress,
          result,
          last,
        });
        if (nextSeq !== first + lines.length) throw new Error(`a report was not taken: ${nextSeq}`);
        next.set(attempt, nextSeq);
      };
      const last = (attempt = 1) => report(attempt, [], null, RESULT, true);
      const end = async () => {
        await worker.inOrganization(api.org.id, (tx) => finishRun(tx, input, 'run', { how: 'cancelled' }, 1));
      };
      return {
        id,
        say: (texts, attempt = 1) => report(attempt, texts, null, null),
        progress: (fraction) => report(1, [], progressOf(fraction), null),
        last,
        async finishEarly() {
          await report(1, [], null, RESULT);
          await end();
        },
        async finish() {
          for (const attempt of next.keys()) await last(attempt);
          await end();
        },
      };
    },
    watch: (job, asked = {}) => openStream(url, job.id, { key: api.key, ...asked }),
    async close() {
      await Promise.all([worker.close(), gateway.close()]);
      await api.close();
    },
  };
}
