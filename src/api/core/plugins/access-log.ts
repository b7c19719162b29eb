import type { FastifyInstance } from 'fastify';

/** Writes one line for each request, without its query: people put secrets there. */
export function installAccessLog(app: FastifyInstance): void {
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
