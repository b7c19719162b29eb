import swaggerUi from '@fastify/swagger-ui';
import Type from 'typebox';
import type { App } from '../core/app-type.ts';
import { publicProblems } from '../core/problem-schema.ts';

/** Nothing from outside. Their own policy also makes browsers ask for https where the API speaks http. */
const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The description of this API for programs and for people. */
export async function docsRoutes(app: App): Promise<void> {
  app.get(
    '/openapi.json',
    {
      config: { public: true },
      schema: {
        summary: 'This document',
        response: {
          200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: Type.Object({}) } } },
          ...publicProblems(),
        },
      },
    },
    async (_request, reply) =>
      reply
        .type('application/json')
        .serializer((value: unknown) => JSON.stringify(value))
        .send(app.swagger() as object),
  );
  await app.register(async (docs) => {
    // Their routes are not ours to declare at each place.
    docs.addHook('onRoute', (route) => {
      route.config = { ...route.config, public: true };
      route.schema = { ...route.schema, hide: true };
    });
    // Without the last slash the page asked for its files at another address. A relative one is right behind any proxy.
    docs.addHook('onRequest', async (request, reply) => {
      if (/\/docs$/.test(request.url.split('?')[0]!)) return reply.redirect('docs/');
    });
    await docs.register(swaggerUi, {
      routePrefix: '/docs',
      staticCSP: CSP,
      theme: { title: 'Holdfast API' },
    });
  });
}
