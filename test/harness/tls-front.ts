import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { TemporalTarget } from '../../src/temporal/connection.ts';

export interface TlsFront {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * What stands before a Temporal that is not on a private network: TLS, a client certificate of one authority, and an API
 * key; behind it the real server. Calls without the key are answered as Temporal Cloud answers them.
 */
export async function startTlsFront(options: {
  readonly behind: TemporalTarget;
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly clientAuthorityPem: string;
  readonly apiKey: string;
}): Promise<TlsFront> {
  const { address, tls } = options.behind;
  const behind = http2.connect(`https://${address}`, {
    ca: tls!.serverCa!,
    cert: tls!.certificate!,
    key: tls!.key!,
    servername: tls!.serverName!,
  });
  const server = http2.createSecureServer({
    cert: options.certificatePem,
    key: options.keyPem,
    ca: options.clientAuthorityPem,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    if (headers.authorization !== `Bearer ${options.apiKey}`) {
      const refusal = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '7' };
      return stream.respond(refusal, { endStream: true });
    }
    const call = behind.request(headers);
    call.on('error', () => stream.close());
    let trailers: http2.IncomingHttpHeaders = {};
    call.on('response', (answer, flags) => {
      const ends = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      stream.respond(answer, ends ? { endStream: true } : { waitForTrailers: true });
    });
    call.on('trailers', (sent) => {
      trailers = sent;
    });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.pipe(call).pipe(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const session of sessions) session.destroy();
      behind.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
