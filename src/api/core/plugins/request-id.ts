import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { RandomBytes } from '../../../lib/ids.ts';

/** What a caller may choose as its request id. It stands in logs, audit rows and headers, so its letters are few. */
const ACCEPTABLE = /^[A-Za-z0-9._-]{8,64}$/;

export function requestIdMaker(random: RandomBytes): (request: IncomingMessage) => string {
  return (request) => {
    const given = request.headers['x-request-id'];
    if (typeof given === 'string' && ACCEPTABLE.test(given)) return given;
    return `req_${Buffer.from(random(12)).toString('hex')}`;
  };
}

/** Gives the id back, and writes one line for each request, without its query: people put secrets there. */
export function installRequestId(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });
  app.addHook('onResponse', async (request, reply) => {
    const principal = request.known?.principal;
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
        actorId: principal ? (principal.keyId ?? principal.userId) : null,
        orgId: principal?.orgId ?? null,
      },
      'request',
    );
  });
}
