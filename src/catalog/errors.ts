export interface ErrorDefinition {
  readonly status: number;
  readonly title: string;
  /** What the reader should do, in one sentence; the documentation page of the code starts with it. */
  readonly help: string;
}

/** Every problem the API can answer with, by its stable code (RFC 9457 `type` is `/problems/<code>`). */
export const ERRORS = {
  'bad-json': {
    status: 400,
    title: 'The body is not valid JSON',
    help: 'Send valid JSON with content type application/json.',
  },
  'bad-request': {
    status: 400,
    title: 'The request cannot be read',
    help: 'Correct the part of the request that the detail names.',
  },
  unauthenticated: {
    status: 401,
    title: 'No valid credential',
    help: 'Send an API key that is not expired as "Authorization: Bearer ...".',
  },
  forbidden: {
    status: 403,
    title: 'Not permitted',
    help: 'Ask an owner of the organisation for the permission that the answer names.',
  },
  'not-found': {
    status: 404,
    title: 'Nothing here',
    help: 'Check the address; what you may not see answers the same.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'This address does not take that method',
    help: 'Use a method that the API documentation lists.',
  },
  conflict: {
    status: 409,
    title: 'It cannot be done in this state',
    help: 'Look at the current state and decide again.',
  },
  'name-taken': { status: 409, title: 'The name is in use', help: 'Choose another name.' },
  'address-taken': {
    status: 409,
    title: 'Another repository has this address',
    help: 'Use the repository that the detail names, or another address.',
  },
  'host-busy': {
    status: 409,
    title: 'The host is busy',
    help: 'Wait for the job that the answer names (`holdfast jobs tail JOB`), or leave out "ifBusy" to queue behind it.',
  },
  'site-in-use': {
    status: 409,
    title: 'Hosts, jobs or roles belong to the site',
    help: 'Such a site stays; give it another name if it has a wrong one: `holdfast sites edit NAME --name NAME`.',
  },
  'plan-in-use': {
    status: 409,
    title: 'A job of the plan has not ended',
    help: 'Wait until the job that the answer names has ended, or cancel it: `holdfast jobs cancel JOB`. Then remove the plan: `holdfast plans remove PLAN`.',
  },
  'job-already-finished': {
    status: 409,
    title: 'The job has ended',
    help: 'Nothing to do. How it ended: `holdfast jobs show JOB`.',
  },
  'version-conflict': {
    status: 412,
    title: 'It was changed meanwhile',
    help: 'Read it again and send the new ETag as If-Match.',
  },
  'request-timeout': {
    status: 408,
    title: 'The request did not arrive in time',
    help: 'Send the whole request within 30 seconds.',
  },
  'body-too-large': { status: 413, title: 'The body is too large', help: 'Send at most 1 MiB.' },
  'unsupported-media-type': {
    status: 415,
    title: 'Only JSON is taken',
    help: 'Send content type application/json, in UTF-8.',
  },
  'range-not-satisfiable': {
    status: 416,
    title: 'The file has no such part',
    help: 'Ask for the whole file, without a Range header.',
  },
  'invalid-input': {
    status: 422,
    title: 'The input does not fit',
    help: 'Correct the fields that "errors" points at.',
  },
  'unknown-kind': {
    status: 422,
    title: 'There is no such kind of job',
    help: 'GET /api/v1/job-kinds lists them, and so does `holdfast jobs kinds`.',
  },
  'unknown-target': {
    status: 422,
    title: 'The target does not exist',
    help: 'Use the id of something you can see: `holdfast hosts list`, `holdfast plans list`, `holdfast repositories list`.',
  },
  'agent-too-old': {
    status: 422,
    title: 'The agent of the host cannot do this',
    help: 'Update the agent on the host.',
  },
  'repository-has-no-password': {
    status: 422,
    title: 'The repository has no password',
    help: 'Give it one: `holdfast repositories password NAME --file FILE`.',
  },
  'repository-was-ready': {
    status: 409,
    title: 'The repository was ready before',
    help: 'Mount it or correct the address (`holdfast repositories address NAME ADDRESS`); to begin anew, send the confirmation that the detail names: `holdfast repositories init NAME --host HOST --confirm TEXT`.',
  },
  'idempotency-key-reused': {
    status: 422,
    title: 'The key was used for another request',
    help: 'Use a new Idempotency-Key for a new request.',
  },
  'too-many-streams': {
    status: 429,
    title: 'Too many open streams',
    help: 'Close streams that are no longer looked at, or read pages of the log instead: `holdfast jobs logs JOB`.',
  },
  'headers-too-large': {
    status: 431,
    title: 'The headers are too large',
    help: 'Send headers of at most 16 KiB together.',
  },
  internal: {
    status: 500,
    title: 'Our fault',
    help: 'Try again; if it stays, give the request id to whoever runs this instance.',
  },
  unavailable: {
    status: 503,
    title: 'Not available at the moment',
    help: 'Try again after the time that Retry-After names.',
  },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERRORS;
