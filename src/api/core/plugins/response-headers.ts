import type { FastifyInstance } from 'fastify';

/** What stands in front of every answer: the request's id for whoever reports it, and what browsers must not do with it. */
export function installResponseHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
  });
}
