import type { AddressInfo } from 'node:net';
import { buildApp } from '../app.ts';
import type { App } from '../core/app-type.ts';
import type { ApiParts } from './parts.ts';

export interface RunningApi {
  readonly app: App;
  /** Where people reach it on this machine. */
  readonly url: string;
  /** Takes no new requests, lets the running ones end, then closes its pools. */
  stop(): Promise<void>;
}

/** Listens until it is stopped. Port 0 takes a free one. */
export async function serveApi(
  parts: ApiParts,
  listen: { readonly host: string; readonly port: number },
): Promise<RunningApi> {
  const app = await buildApp(parts);
  await app.listen({ host: listen.host, port: listen.port });
  const { address, port } = app.server.address() as AddressInfo;
  const host = address.includes(':') ? `[${address}]` : address;
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    // A connection whose request ended meanwhile waits for a next one, and would hold the close up until its keep-alive ends.
    const sweep = setInterval(() => app.server.closeIdleConnections(), 20);
    await app.close();
    clearInterval(sweep);
    await parts.database.close();
    await parts.authDb.destroy();
  };
  return {
    app,
    url: `${parts.settings.tls ? 'https' : 'http'}://${host}:${port}`,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
