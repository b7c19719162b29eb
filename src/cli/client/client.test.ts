import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../config/config.ts';
import { systemRandom } from '../../lib/ids.ts';
import { EXIT } from '../output/exit.ts';
import { ApiClient } from './client.ts';
import { readProfile } from './profile.ts';

/** A web server of somebody else, which serves our API below a path. */
async function behindProxy(): Promise<string> {
  const server = createServer((request, response) => {
    const ours = request.url === '/holdfast/api/v1/hosts';
    response.writeHead(ours ? 200 : 404, { 'content-type': ours ? 'application/json' : 'text/html' });
    response.end(ours ? '{"items":[]}' : '<h1>Not Found</h1>');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const clientOf = (url: string) =>
  new ApiClient(readProfile(readConfig({ HOLDFAST_URL: url, HOLDFAST_API_KEY: 'hfk_x' })), systemRandom);

test.each(['/holdfast', '/holdfast/'])('UX-6: the path %s of an address is kept in what is asked', async (path) => {
  const url = await behindProxy();
  expect(await clientOf(`${url}${path}`).get('hosts')).toEqual({ items: [] });
});

test('UX-6: the answer of somebody else is not shown as ours', async () => {
  const url = await behindProxy();
  await expect(clientOf(url).get('hosts')).rejects.toMatchObject({
    exitCode: EXIT.unreachable,
    message: expect.stringMatching(`What answers at ${url} with status 404 is not the API of Holdfast`),
  });
});
