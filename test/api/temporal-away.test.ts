import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildApp } from '../../src/api/app.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { parsePublicId } from '../../src/lib/ids.ts';
import { createLogger } from '../../src/lib/log.ts';
import { openWorkflowEngine, type WorkflowEngine } from '../../src/temporal/workflow-engine.ts';
import { type ApiBench, startApi } from './bench.ts';

/** One takes connections and never says a word, as a Temporal that hangs; of the other nothing listens any more. */
const hangs: Server = createServer();
const gone: Server = createServer();
const addressOf = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
};
const log = createLogger({ level: 'error', pretty: false, process: 'test' });

let api: ApiBench;
const engines: Record<string, WorkflowEngine> = {};
beforeAll(async () => {
  api = await startApi();
  for (const [name, server] of Object.entries({ hangs, gone })) {
    const target = { address: await addressOf(server), namespace: 'holdfast', apiKey: null, tls: null };
    engines[name] = openWorkflowEngine({
      target,
      clock: systemClock,

      log: { ...log, warn: () => {} } as never,
    });
  }
  gone.close();
});
afterAll(async () => {
  await Promise.all(Object.values(engines).map((engine) => engine.close()));
  hangs.close();
  await api?.close();
});

test.each(['gone', 'hangs'])(
  'FT-7: with a Temporal that is %s jobs are taken and cancelled at once, and it is called degraded',
  async (name) => {
    const app = await buildApp({ ...api.parts, engine: engines[name]! });
    const ask = (url: string, payload: object) =>
      app.inject({ method: 'POST', url, payload, headers: { authorization: `Bearer ${api.key}` } });
    const beganMs = Date.now();
    const [kept, cancelled] = [
      await ask('/api/v1/jobs', { kind: 'noop' }),
      await ask('/api/v1/jobs', { kind: 'noop' }),
    ];
    expect([kept.statusCode, cancelled.statusCode]).toEqual([202, 202]);
    const acceptedMs = Date.now() - beganMs;
    // Less than any call to Temporal waits for its answer.
    expect(acceptedMs).toBeLessThan(4_000);
    const cancel = await ask(`/api/v1/jobs/${cancelled.json().id}/cancel`, { reason: 'not now' });
    expect(cancel.json()).toMatchObject({ state: 'cancelled', cancelReason: 'not now' });
    const ready = await app.inject('/readyz');
    expect(ready.statusCode).toBe(200);
    expect(ready.json()).toMatchObject({ status: 'degraded', parts: { temporal: { state: 'away' } } });
    // What could not be said is written down for the pump; what was cancelled before it began needs nobody.
    const outbox = await api.database.owner.query(
      'select kind, run_no from outbox where job_id = any($1) order by job_id, id',
      [[kept, cancelled].map((answer) => parsePublicId('job', answer.json().id))],
    );
    expect(outbox.rows.map(({ kind }) => kind)).toEqual(['start']);
    await app.close();
  },
);
