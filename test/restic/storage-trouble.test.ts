import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { backupBody } from '../../src/activities/host/restic/backup/backup.ts';
import { initBody } from '../../src/activities/host/restic/init.ts';
import { forgeLock } from '../harness/forge-lock.ts';
import { findRestServer, type RestServer, startRestServer } from '../harness/rest-server.ts';
import { findRestic } from '../harness/restic.ts';
import { ResticBench } from '../harness/restic-bench.ts';

const restic = findRestic();
/** In tests nothing may stand still for long. */
const LIMITS = { stallMs: 60_000, hopelessMs: 2_000 };

describe.skipIf(restic === null)(`restic ${restic?.version.text}`, { timeout: 120_000 }, () => {
  let bench: ResticBench;
  let program: string | null;
  const servers: RestServer[] = [];
  const work = (repositoryUrl: string) => ({
    repositoryUrl,
    hostName: 'db-1',
    paths: [bench.path('big')],
    excludes: [],
    tags: [],
  });
  const backup = (url: string, stallLimits = LIMITS) =>
    bench.attempt(backupBody(bench.deps, { stallLimits, lockRetryMs: 20_000 }), work(url));
  async function made(repositoryUrl: string): Promise<string> {
    expect((await bench.attempt(initBody(bench.deps), { repositoryUrl }).answer).code).toBe('initialised');
    return repositoryUrl;
  }
  const serve = async (name: string, more: readonly string[] = []) => {
    const server = await startRestServer(program!, bench.path(name), more);
    servers.push(server);
    return server;
  };

  beforeAll(async () => {
    bench = await ResticBench.make(restic!);
    await mkdir(bench.path('big'));
    await writeFile(bench.path('big/x'), randomBytes(24 * 1024 * 1024));
    program = await findRestServer();
  }, 300_000);
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await bench.close();
  });

  test('P2-06: a quota of the storage ends as no space, within minutes whatever restic tries', async ({ skip }) => {
    if (program === null) return skip('there is no rest-server and no Go to build it with');
    const { url } = await serve('quota', ['--max-size', '3000000']);
    expect((await backup(await made(`rest:${url}/q/`)).answer).code).toBe('no-space');
  });

  test('P2-06: a limit of a proxy is told as one; meanwhile the job says what restic says', async ({ skip }) => {
    if (program === null) return skip('there is no rest-server and no Go to build it with');
    const { url } = await serve('proxied');
    const proxy = await limitingProxy(url);
    try {
      const run = backup(await made(`rest:http://127.0.0.1:${(proxy.address() as AddressInfo).port}/p/`));
      const noted = () => run.progress.find(({ note }) => note?.includes('(413)'));
      await vi.waitUntil(noted, { timeout: 60_000, interval: 50 });
      expect(noted()).toMatchObject({
        note: expect.stringContaining('retrying after'),
        noteAt: expect.stringMatching(/^\d{4}-.*Z$/),
      });
      expect((await run.answer).code).toBe('upload-too-large');
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });

  test('a storage that goes away while it is written to: the job says so, and is ended when nothing moves', async ({
    skip,
  }) => {
    if (program === null) return skip('there is no rest-server and no Go to build it with');
    const server = await startRestServer(program, bench.path('dying'));
    const url = await made(`rest:${server.url}/d/`);
    const slow = backupBody(bench.deps, { limitUploadKiB: 400, stallLimits: { stallMs: 15_000, hopelessMs: 15_000 } });
    // Of a dead server restic cannot remove its lock, which it tries for a minute.
    const run = bench.attempt(slow, work(url), { stop: { graceMs: 2_000 } });
    await vi.waitUntil(() => run.progress.some(({ bytesDone }) => bytesDone > 0), { timeout: 30_000, interval: 50 });
    await server.stop();
    await vi.waitUntil(() => run.progress.some(({ note }) => note?.includes('connection refused')), {
      timeout: 40_000,
      interval: 50,
    });
    expect((await run.answer).code).toBe('repository-unreachable');
  });

  test('a lock of somebody else is waited for, told meanwhile, and passed when it goes', async () => {
    const repository = await made(bench.path('locked'));
    const masterKey = await bench.restic(repository, 'cat', 'masterkey', '--no-lock');
    const theirs = { hostname: 'nas', username: 'anna', pid: 4711, exclusive: true, time: new Date() };
    forgeLock(repository, masterKey, theirs);
    const run = backup(repository);
    await vi.waitUntil(() => run.progress.some(({ note }) => note?.startsWith('anna@nas (PID 4711) holds')), {
      timeout: 30_000,
      interval: 50,
    });
    await bench.restic(repository, 'unlock', '--remove-all');
    expect((await run.answer).code).toBe('succeeded');
    expect(run.progress.at(-1)?.note ?? null).toBeNull();
  });

  test('a cancel ends a backup that waits for a lock', async () => {
    const repository = await made(bench.path('waiting'));
    const masterKey = await bench.restic(repository, 'cat', 'masterkey', '--no-lock');
    forgeLock(repository, masterKey, { hostname: 'nas', username: 'a', pid: 1, exclusive: true, time: new Date() });
    const run = backup(repository);
    const refused = expect(run.answer).rejects.toThrow('CANCELLED');
    await vi.waitUntil(() => run.progress.some(({ note }) => note?.includes('holds a lock')), { timeout: 30_000 });
    run.stop.abort(new Error('CANCELLED'));
    await refused;
  });
});

/** Passes everything on to `target` but uploads of more than 1 MB, as a proxy with a limit does. */
async function limitingProxy(target: string): Promise<Server> {
  const { port } = new URL(target);
  const proxy = createServer((asked, answer) => {
    const isLarge = asked.method === 'POST' && /\/data\//.test(asked.url ?? '');
    if (isLarge && Number(asked.headers['content-length'] ?? Number.POSITIVE_INFINITY) > 1_000_000) {
      asked.resume().on('end', () => answer.writeHead(413).end());
      return;
    }
    const { url: path, method, headers } = asked;
    const passed = request({ host: '127.0.0.1', port, path, method, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers);
      got.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return proxy;
}
