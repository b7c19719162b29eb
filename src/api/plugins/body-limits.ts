import type { FastifyInstance, FastifyServerOptions } from 'fastify';

/** Our biggest body is a plan with 100 paths, about 400 kB. */
export const BODY_LIMIT = 1024 * 1024;

/** So that nobody can hold a connection or memory with a request that never ends. */
export const SERVER_LIMITS = {
  bodyLimit: BODY_LIMIT,
  connectionTimeout: 0,
  requestTimeout: 30_000,
  keepAliveTimeout: 72_000,
  routerOptions: { maxParamLength: 200 },
} satisfies FastifyServerOptions;

/** Nesting deeper than this is no body of ours, and walking it could exhaust the stack. */
const MAX_DEPTH = 32;

function isTooDeep(value: unknown, left: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return left === 0 || Object.values(value).some((inner) => isTooDeep(inner, left - 1));
}

export class TooDeep extends Error {}

/** Takes JSON only; the framework would also take plain text. */
export function installBodyLimits(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain');
  app.addHook('preValidation', async (request) => {
    if (isTooDeep(request.body, MAX_DEPTH)) throw new TooDeep('the body is nested too deeply');
  });
}
