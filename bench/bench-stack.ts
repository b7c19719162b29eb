import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { clientTls, temporalTlsAt } from '../src/embedded/temporal/temporal-tls.ts';
import { dataPaths } from '../src/processes/place/data-folder.ts';
import type { TemporalTarget } from '../src/temporal/connection.ts';

const MAIN = fileURLToPath(new URL('../scripts/main.mjs', import.meta.url));

export interface BenchStack {
  readonly temporal: TemporalTarget;
  readonly quiet: object;
  /** Starts a no-op job through the API and resolves when its stream has shown the end. */
  runNoop(): Promise<void>;
  close(): Promise<void>;
}

/** The product itself, by `holdfast up`, in a data folder of its own. */
export async function openBenchStack(): Promise<BenchStack> {
  const data = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : homedir(), 'holdfast-bench-'));
  chmodSync(data, 0o711);
  const env = { ...process.env, HOLDFAST_DATA: data, HOLDFAST_PORT: '0', HOLDFAST_GATEWAY_PORT: '0' };
  const child = spawn(process.execPath, [MAIN, 'up', '--no-first-job'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let address = '';
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      address = /temporal-server.*?(127\.0\.0\.1:\d+)/.exec(line)?.[1] ?? address;
      if (/Next:|next:|Ctrl-C/.test(line)) resolve();
    });
    child.once('exit', () => reject(new Error('up ended')));
  });
  const { url, apiKey } = JSON.parse(readFileSync(join(data, 'cli.json'), 'utf8'));
  // Not by fetch: it takes half a millisecond more of a call than the client of the bare job does.
  const agent = new Agent({ keepAlive: true });
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const ask = async (path: string, method: 'GET' | 'POST', body?: object): Promise<string> => {
    const asked = request(`${url}/api/v1${path}`, { method, headers, agent });
    asked.end(body && JSON.stringify(body));
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const said = await text(answer);
    if (answer.statusCode! >= 300) throw new Error(`${path}: ${answer.statusCode} ${said}`);
    return said;
  };
  const silent = () => {};
  return {
    temporal: {
      address,
      namespace: 'holdfast',
      apiKey: null,
      tls: clientTls(temporalTlsAt(dataPaths(data).temporalTls)),
    },
    quiet: { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: silent },
    async runNoop() {
      // Without a host: a host does one job at a time, so many at once would only measure its queue.
      const job = JSON.parse(await ask('/jobs', 'POST', { kind: 'noop', params: {} }));
      const seen = await ask(`/jobs/${job.id}/stream`, 'GET');
      const end = /event: end\ndata: (.*)/.exec(seen);
      const state = end && JSON.parse(end[1]!).job.state;
      if (state !== 'succeeded') throw new Error(`the job is ${state}`);
    },
    async close() {
      child.kill('SIGINT');
      await new Promise((resolve) => child.once('exit', resolve));
      rmSync(data, { recursive: true, force: true });
    },
  };
}
