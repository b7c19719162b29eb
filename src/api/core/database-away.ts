/**
 * Codes by which PostgreSQL, its driver and the operating system say that the database cannot serve right now. In one
 * place: whoever sees one of these answers 503, because trying again can help.
 */
const CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  '08000',
  '08001',
  '08003',
  '08004',
  '08006',
  '25P03',
  '25P04',
  '40001',
  '40P01',
  '53100',
  '53200',
  '53300',
  '55P03',
  '57014',
  '57P01',
  '57P02',
  '57P03',
]);
/** The pool and the driver say these without a code. */
const WORDS =
  /timeout exceeded when trying to connect|connection terminated|client has encountered a connection error|cannot use a pool after/i;

export function isDatabaseAway(thrown: unknown): boolean {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && CODES.has(code)) return true;
    if (WORDS.test(error.message)) return true;
    if (error instanceof AggregateError && error.errors.some(isDatabaseAway)) return true;
  }
  return false;
}
