import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AGENT_SERVICE } from '../../src/domain/jobs/agent-protocol.ts';
import { newCredential } from '../../src/gateway/identity/credential.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { newUuid, systemRandom } from '../../src/lib/ids.ts';
import { Attacker, codeOf, wholeJob } from './attacker.ts';
import { type Engine, startEngine } from './engine.ts';

let engine: Engine;
let good: Attacker;
beforeAll(async () => {
  engine = await startEngine();
  good = await Attacker.on(engine, engine.store.enrol('good'));
}, 15 * 60_000);
afterAll(async () => {
  await good?.close();
  await engine?.stop();
}, 60_000);

function session(): ClientHttp2Session {
  const at = engine.gatewayAddress.replace('127.0.0.1', 'localhost');
  const opened = connect(`https://${at}`, { ca: engine.authorityPem, maxSessionMemory: 1_000 });
  opened.on('error', () => {});
  return opened;
}

/** A call whose message was announced with 2 MB and of which so much was sent. */
function unfinished(on: ClientHttp2Session, authorization: string | null, bytes: number): ClientHttp2Stream {
  const call = on.request({
    ':method': 'POST',
    ':path': `/${AGENT_SERVICE}/Report`,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(authorization !== null && { authorization }),
  });
  call.on('error', () => {});
  const frame = Buffer.alloc(5 + bytes, ' ');
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(2_000_000, 1);
  call.write(frame);
  return call;
}

/** The status that it is answered with, at once in the headers. */
const answered = async (call: ClientHttp2Stream): Promise<number> => {
  const [headers] = (await once(call, 'response')) as [Record<string, string>];
  return Number(headers['grpc-status']);
};

test('SC-7: without a good credential nothing of a message is read: it is answered while it is still on its way', {
  timeout: 60_000,
}, async () => {
  const sessions = [session(), session()];
  const wrong = `Bearer ${newCredential(newUuid(systemClock, systemRandom), newUuid(systemClock, systemRandom), systemRandom)}`;
  const calls = sessions.flatMap((one) =>
    Array.from({ length: 50 }, (_, at) => unfinished(one, at % 2 ? wrong : null, 1_900_000)),
  );
  const codes = await Promise.all(calls.map(answered));
  expect(new Set(codes)).toEqual(new Set([status.UNAUTHENTICATED]));
  expect(await codeOf(wholeJob(engine, good))).toBe(0);
  for (const one of sessions) one.destroy();
});

test('SC-7: messages that never end are ended, hold few places meanwhile, and hold up nobody else', {
  timeout: 60_000,
}, async () => {
  const host = engine.store.enrol('slow');
  const slow = session();
  const beganMs = Date.now();
  const calls = Array.from({ length: 60 }, () => unfinished(slow, `Bearer ${host.credential}`, 100));
  expect(await codeOf(wholeJob(engine, good))).toBe(0);
  // The first four are read and ended after ten seconds; the others wait for their turn.
  const codes = await Promise.all(calls.slice(0, 4).map(answered));
  expect(new Set(codes)).toEqual(new Set([status.DEADLINE_EXCEEDED]));
  expect(Date.now() - beganMs).toBeGreaterThan(9_000);
  expect(calls.slice(8).every((call) => !call.closed)).toBe(true);
  slow.destroy();
});

test('SC-7: connections of strangers are few and short, and keep no host out', { timeout: 60_000 }, async () => {
  const [host = '', port] = engine.gatewayAddress.split(':');
  const sockets: Socket[] = [];
  const closed: number[] = [];
  for (let at = 0; at < 200; at++) {
    const socket = connectTcp(Number(port), host);
    socket.on('error', () => {});
    socket.on('close', () => closed.push(at));
    await once(socket, 'connect');
    sockets.push(socket);
  }
  // Of one network 64 stay: the newest.
  await expect.poll(() => closed.length, { timeout: 5_000 }).toBe(136);
  expect([...closed].sort((a, b) => a - b)).toEqual(Array.from({ length: 136 }, (_, at) => at));
  const another = await Attacker.on(engine, engine.store.enrol('another'));
  expect(await codeOf(wholeJob(engine, another))).toBe(0);
  expect(await codeOf(wholeJob(engine, good))).toBe(0);
  await expect.poll(() => closed.length, { timeout: 20_000 }).toBe(200);
  await another.close();
});
