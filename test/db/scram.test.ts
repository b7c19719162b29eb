import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, inject, onTestFinished, test } from 'vitest';
import { PooledClient } from '../../src/db/core/pooled-client.ts';
import { ScramClient } from '../../src/db/core/scram-client.ts';

const PASSWORD = 'canary-5d1e-password';
const authentication = (...rest: number[]) => {
  const message = Buffer.alloc(5 + rest.length * 4);
  message.write('R');
  message.writeInt32BE(4 + rest.length * 4, 1);
  for (const [at, word] of rest.entries()) message.writeInt32BE(word, 5 + at * 4);
  return message;
};
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** Took the port of a PostgreSQL: says these words to whoever connects, and keeps what it hears. */
async function thief(words: Buffer): Promise<{ url: string; heard: () => string }> {
  let heard = '';
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.write(words));
    socket.on('data', (data) => {
      heard += data.toString('latin1');
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return {
    url: `postgres://api:${PASSWORD}@127.0.0.1:${(server.address() as AddressInfo).port}/holdfast`,
    heard: () => heard,
  };
}

test.each([
  ['asks for it in clear text', authentication(3)],
  ['asks for it as MD5', authentication(5, 0x01020304)],
  ['asks for nothing', Buffer.concat([authentication(0), READY])],
])('SC-10: who took the port and %s gets neither the password nor a question', async (_words, said) => {
  const { url, heard } = await thief(said);
  for (const Client of [ScramClient, PooledClient]) {
    const client = new Client({ connectionString: url });
    client.on('error', () => {});
    await expect(client.connect()).rejects.toThrow(/did not ask for the password by SCRAM/);
    await expect(client.query('select secret_question')).rejects.toThrow();
  }
  expect(heard()).toContain('holdfast');
  expect(heard()).not.toContain(PASSWORD);
  expect(heard()).not.toContain('md5');
  expect(heard()).not.toContain('secret_question');
});

test('SC-10: the real server, and one to which no password is known, are asked as before', async () => {
  const client = new ScramClient({ connectionString: inject('postgres').ownerUrl });
  await client.connect();
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await client.end();
  const { url } = await thief(Buffer.concat([authentication(0), READY]));
  const trusting = new ScramClient({ connectionString: url.replace(`:${PASSWORD}`, '') });
  trusting.on('error', () => {});
  await trusting.connect();
  await trusting.end();
});
