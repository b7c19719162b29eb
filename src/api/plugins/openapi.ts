import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { Problem } from '../schemas/problem.ts';

/** Reads the routes as they are registered, so it comes before them. */
export async function installOpenapi(app: FastifyInstance, version: string): Promise<void> {
  app.addSchema(Problem);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Holdfast',
        description: 'Jobs, backups and alerts for fleets of hosts. The organisation comes from the credential.',
        version,
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key: hfk_...' } } },
      security: [{ key: [] }],
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `schema-${index}`) },
  });
  // Said here and not at each route: it follows from what the route declares about who may call it.
  app.addHook('onRoute', (route) => {
    if (!route.schema || route.schema.hide) return;
    const { authz } = route.config ?? {};
    const needs = authz ? { 'x-permission': authz.permission } : { security: [] };
    route.schema = { ...route.schema, ...needs } as typeof route.schema;
  });
}
