import type { FastifyInstance, FastifyRequest, FastifyServerOptions } from 'fastify';
import { Failure } from '../../../lib/failure.ts';

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

const refused = (code: string, message: string) => new Failure(code, message, { fault: 'caller' });

/** Of a body that is no UTF-8, parts would be stored as other letters than those that were sent. */
function readUtf8(request: FastifyRequest, body: Buffer): string {
  const charset = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8')
    throw refused('unsupported-media-type', 'content-type: the charset must be utf-8, or left out.');
  if ((request.headers['content-encoding'] || 'identity') !== 'identity')
    throw refused('unsupported-media-type', 'content-encoding: must be identity, or left out.');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw refused('bad-json', 'The body is not valid UTF-8.');
  }
}

/** Takes JSON only, in UTF-8; the framework would also take plain text and other encodings. */
export function installBodyLimits(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      parse(request, readUtf8(request, body as Buffer), done);
    } catch (thrown) {
      done(thrown as Error);
    }
  });
  app.addHook('preValidation', async (request) => {
    if (isTooDeep(request.body, MAX_DEPTH)) throw new TooDeep('the body is nested too deeply');
  });
}
