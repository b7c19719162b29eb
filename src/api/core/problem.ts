import type { FastifyReply } from 'fastify';
import { ERRORS, type ErrorCode } from '../../catalog/errors.ts';
import type { Failure } from '../../lib/failure.ts';
import type { FieldError } from '../../lib/input-errors.ts';
import { PROBLEM_TYPE, type Problem } from './problem-schema.ts';

export interface ProblemFacts {
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly extra?: Readonly<Record<string, unknown>>;
}

export function problemOf(code: ErrorCode, requestId: string, facts: ProblemFacts = {}): Problem {
  const { status, title } = ERRORS[code];
  const { required, jobId } = facts.extra ?? {};
  return {
    type: `/problems/${code}`,
    title,
    status,
    // What went wrong inside us is for our log only.
    ...(facts.detail !== undefined && status < 500 ? { detail: facts.detail } : {}),
    code,
    requestId,
    ...(facts.errors && status < 500 ? { errors: [...facts.errors] } : {}),
    ...(typeof required === 'string' ? { required } : {}),
    ...(typeof jobId === 'string' ? { jobId } : {}),
  };
}

/** Serialised here and not by the route's schema: a problem has to get out of every route, in the same form. */
export function sendProblem(reply: FastifyReply, code: ErrorCode, facts: ProblemFacts = {}): FastifyReply {
  const problem = problemOf(code, reply.request.id, facts);
  if (code === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
  if (code === 'unavailable' || code === 'too-many-streams') reply.header('retry-after', '2');
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type(PROBLEM_TYPE)
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(problem);
}

/** The facts of a failure whose code the catalog knows. */
export function factsOf(failure: Failure): ProblemFacts {
  return {
    detail: failure.message,
    extra: failure.extra,
    ...(failure.pointer === undefined
      ? {}
      : { errors: [{ pointer: failure.pointer, message: failure.message, code: failure.code }] }),
  };
}

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);
