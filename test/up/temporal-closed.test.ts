import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clientTls, ensureTemporalTls } from '../../src/embedded/temporal/temporal-tls.ts';
import { lazyConnection, type TemporalTarget } from '../../src/temporal/connection.ts';
import { type OwnTemporal, startOwnTemporal } from '../harness/own-temporal.ts';
import { ownFolder } from './place.ts';

/** What anybody else on this machine, and any web page in a browser on it, can do with the embedded Temporal: nothing. */
let temporal: OwnTemporal;
beforeAll(async () => {
  temporal = await startOwnTemporal();
});
afterAll(() => temporal?.close());

const WITHIN_MS = 3_000;

/** Starts, signals, ends and reads runs. Answers what worked. */
async function whatWorks(target: TemporalTarget): Promise<string[]> {
  const connection = lazyConnection(target);
  const { workflow } = new Client({ connection, namespace: target.namespace });
  const deeds: Record<string, () => Promise<unknown>> = {
    start: () => workflow.start('noop', { taskQueue: 'control', workflowId: 'job/forged/1', args: [] }),
    signal: () => workflow.getHandle('job/known/1').signal('any'),
    terminate: () => workflow.getHandle('job/known/1').terminate(),
    describe: () => workflow.getHandle('job/known/1').describe(),
    namespaces: () => connection.workflowService.listNamespaces({}),
  };
  const worked: string[] = [];
  for (const [name, deed] of Object.entries(deeds))
    await connection.withDeadline(Date.now() + WITHIN_MS, deed).then(
      () => worked.push(name),
      () => {},
    );
  await connection.close();
  return worked;
}

test('who has no certificate of our authority can start, signal, end and read nothing', async () => {
  const { target } = temporal;
  const connection = lazyConnection(target);
  const { workflow } = new Client({ connection, namespace: target.namespace });
  await workflow.start('noop', { taskQueue: 'nobody', workflowId: 'job/known/1', args: [] });
  const strangers = clientTls(await ensureTemporalTls(ownFolder()));
  const attackers: Record<string, TemporalTarget['tls']> = {
    'in plain text': null,
    'over TLS without a certificate': { ...target.tls!, certificate: null, key: null },
    'with a certificate of another authority': { ...strangers, serverCa: target.tls!.serverCa },
  };
  await Promise.all(
    Object.entries(attackers).map(async ([how, tls]) => expect(await whatWorks({ ...target, tls }), how).toEqual([])),
  );
  // The same with a good one, so that it is not for another reason that nothing worked.
  const good = await whatWorks(target);
  expect(good).toEqual(['start', 'signal', 'terminate', 'describe', 'namespaces']);
  await connection.close();
}, 120_000);

/** What a port says to who does not speak its language. */
function knock(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect({ host: '127.0.0.1', port });
    socket.setTimeout(1_000, () => socket.destroy());
    socket.on('connect', () => socket.write(text));
    socket.on('data', (chunk) => {
      said += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(said));
  });
}

test("a web page's request gets no answer in HTTP from any port of the server", async () => {
  const path = `/api/v1/namespaces/${temporal.target.namespace}/workflows/job%2Fknown%2F1/terminate`;
  const body = '{"reason":"by a web page"}';
  const request = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://evil.example\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  expect(temporal.ports()).toHaveLength(8);
  for (const port of temporal.ports()) expect(await knock(port, request), String(port)).not.toMatch(/HTTP\/1.1 [23]/);
});

test('nobody else can read the keys, and a lost certificate is made anew with all that goes with it', async () => {
  const folder = join(temporal.folder, 'tls');
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0);
  const own = ownFolder();
  const made = await ensureTemporalTls(own);
  const before = readFileSync(made.server.certificate, 'utf8');
  await ensureTemporalTls(own);
  expect(readFileSync(made.server.certificate, 'utf8')).toBe(before);
  spawnSync('truncate', ['-s', '0', made.client.key]);
  await ensureTemporalTls(own);
  expect(readFileSync(made.server.certificate, 'utf8')).not.toBe(before);
});

test('another account of this machine gets in neither by the files nor by the port', (context) => {
  if (process.getuid?.() !== 0) return context.skip('only root can take on another account');
  const script = `
    const { readFileSync } = require('node:fs'); const { connect } = require('node:http2');
    const found = [];
    for (const name of ['client-key.pem', 'server-key.pem', 'authority.pem'])
      try { readFileSync(${JSON.stringify(`${join(temporal.folder, 'tls')}/`)} + name); found.push(name); } catch {}
    for (const scheme of ['http', 'https']) {
      const session = connect(scheme + '://${temporal.target.address}', { rejectUnauthorized: false });
      session.on('error', () => {});
      const call = session.request({ ':method': 'POST', ':path': '/temporal.api.workflowservice.v1.WorkflowService/GetSystemInfo', 'content-type': 'application/grpc' });
      call.on('error', () => {});
      call.on('response', (headers) => found.push(scheme + ' answered ' + headers[':status']));
      call.end(Buffer.alloc(5));
    }
    setTimeout(() => { console.log(JSON.stringify(found)); process.exit(0); }, 1500);`;
  const ran = spawnSync(process.execPath, ['-e', script], { uid: 65534, gid: 65534, encoding: 'utf8', cwd: '/' });
  expect({ ...ran, output: null }).toMatchObject({ status: 0, stdout: '[]\n' });
});
