import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../../catalog/errors.ts';
import { asError, Failure } from '../../lib/failure.ts';
import { isDatabaseAway } from '../database-away.ts';
import { factsOf, isErrorCode, problemOf, sendProblem } from '../problem.ts';
import { PROBLEM_TYPE } from '../schemas/problem.ts';
import { TooDeep } from './body-limits.ts';
import { InputError } from './validation.ts';

/** What the framework refuses by itself, by its codes. */
const FRAMEWORK: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'bad-json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'bad-json',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'bad-request',
  FST_ERR_BAD_URL: 'bad-request',
  FST_ERR_MAX_PARAM_LENGTH: 'not-found',
};
export const NOT_HERE = 'There is nothing here that you may see.';

/** The one place where what was thrown becomes an answer. */
export function answerError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = asError(thrown) as FastifyError;
  if (error instanceof InputError) {
    // An id of the wrong form can be the id of nothing.
    if (error.part === 'params') return sendProblem(reply, 'not-found', { detail: NOT_HERE });
    return sendProblem(reply, 'invalid-input', { detail: sayInput(error), errors: error.errors });
  }
  if (error instanceof TooDeep) return sendProblem(reply, 'bad-json', { detail: 'The body is nested too deeply.' });
  if (error instanceof Failure && isErrorCode(error.code)) return answerFailure(error, error.code, request, reply);
  const known = FRAMEWORK[error.code];
  if (known) return sendProblem(reply, known, known === 'not-found' ? { detail: NOT_HERE } : {});
  // secure-json-parse refuses `__proto__` and broken JSON with a plain error of status 400.
  if (error instanceof SyntaxError && (error as FastifyError).statusCode === 400) return sendProblem(reply, 'bad-json');
  if (isDatabaseAway(error)) {
    request.log.warn(forLog(error), 'the database cannot serve at the moment');
    return sendProblem(reply, 'unavailable');
  }
  request.log.error(forLog(error), 'a request failed by our fault');
  return sendProblem(reply, 'internal');
}

/** An error of the database quotes the statement with its values; of its stack only the frames are kept. */
function forLog(error: Error): Record<string, unknown> {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return { err: error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { sqlState: code, said: error.message, frames: frames.map((line) => line.trim()) };
}

function answerFailure(failure: Failure, code: ErrorCode, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (code === 'not-found') return sendProblem(reply, 'not-found', { detail: NOT_HERE });
  if (failure.fault !== 'caller') request.log.error({ err: failure }, 'a request failed');
  return sendProblem(reply, code, factsOf(failure));
}

function sayInput({ errors }: InputError): string {
  const [first] = errors;
  return first
    ? `${first.pointer || 'The body'}: ${first.message}${errors.length > 1 ? `, and ${errors.length - 1} more` : ''}.`
    : 'The input does not fit.';
}

export function installProblems(app: FastifyInstance): void {
  const routes: { method: string; pattern: RegExp }[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    const pattern = new RegExp(
      `^${url
        .replaceAll(/[.+?^$()|[\]\\]/g, '\\$&')
        .replaceAll(/:[A-Za-z]+/g, '[^/]+')
        .replace('*', '.*')}$`,
    );
    for (const one of [method].flat()) routes.push({ method: one, pattern });
  });
  app.setErrorHandler(answerError);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]!;
    const allowed = [...new Set(routes.filter((r) => r.pattern.test(path)).map((r) => r.method))];
    if (allowed.length === 0 || allowed.includes(request.method))
      return sendProblem(reply, 'not-found', { detail: NOT_HERE });
    return sendProblem(reply.header('allow', allowed.join(', ')), 'method-not-allowed');
  });
}

/** For what is no HTTP at all, or has headers without end: no request object exists yet. */
export function answerClientError(newId: () => string) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
    const id = newId();
    const problem = problemOf('bad-request', id);
    const body = JSON.stringify(problem);
    socket.end(
      `HTTP/1.1 400 ${STATUS_CODES[400]}\r\ncontent-type: ${PROBLEM_TYPE}\r\nx-request-id: ${id}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  };
}
