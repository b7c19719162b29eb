import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { type Document, finishDocument } from '../openapi-document.ts';
import { operationName, tagOf } from '../operation-name.ts';
import { Problem } from '../problem-schema.ts';

const TAGS = [
  ['auth', 'Who you are, and what you may.'],
  ['sites', 'Places of hosts.'],
  ['hosts', 'Machines with an agent.'],
  ['repositories', 'Where backups go.'],
  ['plans', 'Which folders of a host go into which repository.'],
  ['jobs', 'What is done, with its log.'],
  ['instance', 'This Holdfast itself: its health, and pages for people.'],
] as const;

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
        license: { name: 'All rights reserved' },
      },
      // Wherever this document was had from.
      servers: [{ url: '/' }],
      tags: TAGS.map(([name, description]) => ({ name, description })),
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'An API key: hfk_...' } } },
      security: [{ key: [] }],
    },
    transformObject: (made) => finishDocument((made as unknown as { openapiObject: Document }).openapiObject) as object,
    refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `schema-${index}`) },
  });
  // Said here and not at each route: it follows from what the route declares about who may call it.
  app.addHook('onRoute', (route) => {
    if (!route.schema || route.schema.hide) return;
    const { authz } = route.config ?? {};
    const needs = authz ? { 'x-permission': authz.permission } : { security: [] };
    const named = { operationId: operationName([route.method].flat()[0]!, route.url), tags: [tagOf(route.url)] };
    route.schema = { ...named, ...route.schema, ...needs } as typeof route.schema;
  });
}
