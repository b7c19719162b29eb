import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorCode } from '../../../catalog/errors.ts';
import { asError, Failure } from '../../../lib/failure.ts';
import { isDatabaseAway } from '../database-away.ts';
import { factsOf, isErrorCode, problemOf, sendProblem } from '../problem.ts';
import { PROBLEM_TYPE } from '../problem-schema.ts';
import { TooDeep } from './body-limits.ts';
import { InputError } from './validation.ts';

/** What the framework and its static files refuse by themselves, by their codes. */
const FRAMEWORK: Readonly<Record<string, [ErrorCode, string?]>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['bad-json', 'The body is no JSON, or a field is named "__proto__" or "constructor".'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['bad-json', 'The body is empty.'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported-media-type', 'content-type: must be application/json.'],
  FST_ERR_BAD_URL: ['bad-request', 'The address holds a "%" that starts no character of UTF-8.'],
  FST_ERR_MAX_PARAM_LENGTH: ['not-found'],
  FST_STATIC_FORBIDDEN_PATH: ['not-found'],
};
/** What they refuse beside that, and will with their next versions: never our fault, whatever its code. */
const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  404: 'not-found',
  405: 'method-not-allowed',
  408: 'request-timeout',
  412: 'version-conflict',
  413: 'body-too-large',
  415: 'unsupported-media-type',
  416: 'range-not-satisfiable',
  431: 'headers-too-large',
};
export const NOT_HERE = 'There is nothing here that you may see.';

/** What was refused before any code of ours ran; null when that is not so. */
function refusedByFramework(error: FastifyError, request: FastifyRequest): { code: ErrorCode; detail?: string } | null {
  const [known, words] = FRAMEWORK[error.code] ?? [];
  const { statusCode: status = 500 } = error;
  // Routes that are hidden are those of other people's plugins.
  const isTheirs = String(error.code).startsWith('FST_') || request.routeOptions.schema?.hide === true;
  if (known === undefined && (!isTheirs || status < 400 || status > 499)) return null;
  const code = known ?? BY_STATUS[status] ?? 'bad-request';
  const detail = code === 'not-found' ? NOT_HERE : (words ?? (code === 'bad-request' ? error.message : undefined));
  return { code, ...(detail === undefined ? {} : { detail }) };
}

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
  const refused = refusedByFramework(error, request);
  if (refused) return sendProblem(reply, refused.code, refused);
  // secure-json-parse refuses `__proto__` and broken JSON with a plain error of status 400.
  if (error instanceof SyntaxError && (error as FastifyError).statusCode === 400) return sendProblem(reply, 'bad-json');
  if (isDatabaseAway(error)) {
    request.log.warn(forLog(error), 'database unavailable');
    return sendProblem(reply, 'unavailable');
  }
  request.log.error(forLog(error), 'request failed: internal error');
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
  if (failure.fault !== 'caller') request.log.error({ err: failure }, 'request failed');
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
  const answerNotHere = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const path = request.url.split('?')[0]!;
    const allowed = [...new Set(routes.filter((r) => r.pattern.test(path)).map((r) => r.method))];
    if (allowed.length === 0 || allowed.includes(request.method))
      return sendProblem(reply, 'not-found', { detail: NOT_HERE });
    const detail = `It takes ${allowed.join(', ')}.`;
    return sendProblem(reply.header('allow', allowed.join(', ')), 'method-not-allowed', { detail });
  };
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(answerNotHere);
  // Before the framework looks at a body or a content type that nobody is going to read.
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404) return answerNotHere(request, reply);
  });
  // To `Expect` anything but 100-continue Node itself would answer 417 without a word; it may be passed over.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
}

/** What Node's parser refuses, by its codes. */
const NO_HTTP: Readonly<Record<string, [ErrorCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'Address and headers hold more than 16 KiB together.'],
  HPE_INVALID_METHOD: ['bad-request', 'The method is none that HTTP knows.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'The request did not arrive within 30 s.'],
};

/** For what is no HTTP at all, or has headers without end: no request object exists yet. */
export function answerClientError(newId: () => string) {
  return (error: Error & { code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return;
    const id = newId();
    const [code, detail] = NO_HTTP[error.code ?? ''] ?? ['bad-request', 'This is not a request of HTTP/1.1.'];
    const problem = problemOf(code, id, { detail });
    const body = JSON.stringify(problem);
    const { status } = problem;
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${PROBLEM_TYPE}\r\nx-request-id: ${id}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  };
}
