import Type from 'typebox';

export const PROBLEM_TYPE = 'application/problem+json';

/** RFC 9457. Every answer that is not 2xx is one of these. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Address of the page about this code.' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
    code: Type.String({ description: 'Stable; programs go by this.' }),
    requestId: Type.String(),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({
            description: 'JSON pointer into the body, or the name of a query parameter or header.',
          }),
          message: Type.String(),
          code: Type.String(),
        }),
      ),
    ),
    required: Type.Optional(Type.String({ description: 'The permission that is missing.' })),
    jobId: Type.Optional(Type.String({ description: 'The job that is in the way.' })),
  },
  { $id: 'Problem', title: 'Problem' },
);
export type Problem = Type.Static<typeof Problem>;

const described = (description: string) => ({
  description,
  content: { [PROBLEM_TYPE]: { schema: Type.Unsafe({ $ref: 'Problem#' }) } },
});

const WORDS: Record<number, string> = {
  400: 'The request cannot be read.',
  401: 'No valid credential.',
  403: 'Not permitted.',
  404: 'Nothing here that you may see.',
  409: 'It cannot be done in this state.',
  412: 'It was changed meanwhile.',
  413: 'The body is too large.',
  415: 'Only JSON is taken.',
  422: 'The input does not fit.',
  429: 'Too many at once.',
  431: 'The headers are too large.',
  500: 'Our fault.',
  503: 'Not available at the moment.',
};

const each = (statuses: readonly number[]): Record<number, unknown> =>
  Object.fromEntries([...new Set(statuses)].map((status) => [status, described(WORDS[status]!)]));

/** The problems a route can answer with, beside those that every route can that asks for a credential. */
export const problems = (...statuses: (keyof typeof WORDS)[]) => each([400, 401, 403, 422, 431, 500, 503, ...statuses]);

/** The same of a route that everybody may call. */
export const publicProblems = (...statuses: (keyof typeof WORDS)[]) => each([400, 431, 500, ...statuses]);
