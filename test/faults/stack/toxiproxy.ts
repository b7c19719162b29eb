import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { choosePorts } from '../../../src/embedded/ports.ts';
import type { ProgramRecipe } from '../../../src/embedded/programs/program-list.ts';
import { spawnChild } from '../../../src/embedded/supervisor/children.ts';
import { builtProgram } from '../../harness/built-program.ts';
import { untilTrue } from '../../harness/until-true.ts';
import { Skipped } from '../scenario.ts';
import type { Link, Via } from './ours.ts';

const RECIPE: ProgramRecipe<'toxiproxy'> = {
  name: 'toxiproxy',
  version: '2.5.0',
  module: 'toxiproxy',
  pkg: 'github.com/Shopify/toxiproxy/v2/cmd/server',
  buildArgs: [],
  versionArgs: ['-version'],
  says: /(\d+\.\d+\.\d+|git)/,
  accepts: () => true,
  wanted: '2.5.0',
};

/** What is done to a connection, in toxiproxy's own words. `away` closes the port. */
export type Toxic =
  | { readonly type: 'latency'; readonly attributes: { latency: number; jitter: number } }
  | { readonly type: 'reset_peer'; readonly attributes: { timeout: number } }
  | { readonly type: 'timeout'; readonly attributes: { timeout: number } }
  | { readonly type: 'limit_data'; readonly attributes: { bytes: number } }
  | { readonly type: 'away' };

export interface FaultyNetwork {
  readonly via: Via;
  /** Does it to all connections of a link, in both directions, until the returned function is called. */
  hurt(link: Link, toxic: Toxic): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

/** A proxy on each link that asks for one; harmless until it is told otherwise. */
export async function openFaultyNetwork(folder: string): Promise<FaultyNetwork> {
  const program = await builtProgram(RECIPE);
  if (program === null) throw new Skipped('toxiproxy is not there and there is no Go to build it with');
  const { toxiproxy: port } = await choosePorts(join(folder, 'ports.json'), ['toxiproxy']);
  const child = await spawnChild({
    name: 'toxiproxy',
    command: program,
    args: ['-host', '127.0.0.1', '-port', String(port)],
    env: { PATH: process.env.PATH },
    runDir: join(folder, 'run'),
    logFile: join(folder, 'logs', 'toxiproxy.log'),
  });
  const ask = async (method: string, path: string, body?: unknown) => {
    const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(`http://127.0.0.1:${port}/${path}`, init);
    if (!answer.ok) throw new Error(`toxiproxy ${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : ((await answer.json()) as { listen: string });
  };
  await untilTrue('toxiproxy answers', async () => (await ask('GET', 'proxies')) !== null);
  const proxies = new Map<Link, string[]>();
  const listens = new Map<string, string>();
  return {
    async via(link, upstream) {
      const names = proxies.get(link) ?? [];
      const name = `${link}-${names.length + 1}`;
      const made = await ask('POST', 'proxies', { name, listen: '127.0.0.1:0', upstream, enabled: true });
      proxies.set(link, [...names, name]);
      listens.set(name, made!.listen);
      return made!.listen;
    },
    async hurt(link, toxic) {
      const names = proxies.get(link) ?? [];
      for (const name of names) refuseUnused(name, listens.get(name)!);
      const streams = ['upstream', 'downstream'];
      for (const name of names) {
        if (toxic.type === 'away') await ask('POST', `proxies/${name}`, { enabled: false });
        else
          for (const stream of streams) await ask('POST', `proxies/${name}/toxics`, { ...toxic, name: stream, stream });
      }
      return async () => {
        for (const name of names) {
          if (toxic.type === 'away') await ask('POST', `proxies/${name}`, { enabled: true });
          else for (const stream of streams) await ask('DELETE', `proxies/${name}/toxics/${stream}`);
        }
      };
    },
    async stop() {
      await child.stop();
    },
  };
}

/** Hurting a proxy that nobody goes through would prove nothing. */
function refuseUnused(name: string, address: string): void {
  const port = Number(address.split(':')[1]).toString(16).toUpperCase().padStart(4, '0');
  // Fields of a connection: number, local address, remote address, state; 01 is established.
  const used = readFileSync('/proc/net/tcp', 'utf8').includes(`:${port} 01 `);
  if (!used) throw new Error(`nobody is connected through the proxy ${name} (${address})`);
}
