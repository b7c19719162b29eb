import { Failure } from '../../lib/failure.ts';
import { StartProblem } from './start-problem.ts';

const BY_CODE: Readonly<Record<string, readonly [what: string, todo: string]>> = {
  ECONNREFUSED: ['nothing listens there', 'Start PostgreSQL there, or correct the host and port'],
  ENOTFOUND: ['there is no such host', 'Correct the host'],
  EAI_AGAIN: ['the name of the host cannot be looked up', 'Correct the host, or mend the name service'],
  ETIMEDOUT: ['it does not answer', 'Correct the host, or look whether a firewall is between'],
  EHOSTUNREACH: ['the host cannot be reached', 'Correct the host, or look whether a firewall is between'],
  '28P01': ['it refuses the name or password', 'Correct the name and password'],
  '28000': ['it refuses this login', 'Correct the name, or allow it in pg_hba.conf'],
  '3D000': ['there is no such database', 'Create it, or correct the name'],
  '42501': ['this login may not do that', 'Give the owner of the database, which may create roles'],
  '57P03': ['it is starting or stopping', 'Try again in a moment'],
};

/** Where a connection string leads, without its password. */
function whereOf(url: string): string {
  const { hostname, port, pathname, username } = new URL(url);
  return `${decodeURIComponent(username)}@${hostname}:${port || 5432}${pathname}`;
}

/** One message for what a person has to mend, when that is what it is; anything else is passed on. */
export function databaseProblem(thrown: unknown, url: string, variable: string): Error {
  if (thrown instanceof Failure || thrown instanceof StartProblem) return thrown;
  for (let error = thrown as { code?: string; message?: string; cause?: unknown } | undefined; error; ) {
    const known = BY_CODE[error.code ?? ''] ?? (/timeout/i.test(error.message ?? '') ? BY_CODE.ETIMEDOUT : undefined);
    if (known)
      return new StartProblem(
        `The database cannot be used: ${known[0]}`,
        whereOf(url),
        `${known[1]} in ${variable}.`,
        thrown,
      );
    error = error.cause as typeof error;
  }
  return thrown as Error;
}
