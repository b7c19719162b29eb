/** Whose fault a failure is: who has to do something about it. */
type Fault = 'caller' | 'host' | 'operator' | 'us';

/**
 * An error meant to be read: it says whose fault it is, whether trying again can help, and what we were doing.
 * `code` is stable (catalog/errors.ts lists those that reach the API); `message` is for people and holds no secret.
 */
export class Failure extends Error {
  readonly code: string;
  readonly fault: Fault;
  readonly retryable: boolean;
  /** JSON pointer of the input that is wrong, where there is one. */
  readonly pointer: string | undefined;
  /** Facts for programs that go with the code, for example the job that holds a lock. */
  readonly extra: Record<string, unknown>;

  constructor(
    code: string,
    message: string,
    options: { fault: Fault; retryable?: boolean; pointer?: string; extra?: Record<string, unknown>; cause?: unknown },
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Failure';
    this.code = code;
    this.fault = options.fault;
    this.retryable = options.retryable ?? false;
    this.pointer = options.pointer;
    this.extra = options.extra ?? {};
  }
}

/** Anything that was thrown, as an Error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
