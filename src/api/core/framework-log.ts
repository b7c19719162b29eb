import type { FastifyBaseLogger } from 'fastify';
import type { Log } from '../../lib/log.ts';

/** Our log in the form the framework asks for, so that what it says goes through the one place of redaction too. */
export function frameworkLog(log: Log): FastifyBaseLogger {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (first: unknown, message?: string): void => {
      if (typeof first === 'string') log[level]({}, first);
      else if (first instanceof Error) log[level]({ err: first }, message ?? first.message);
      else log[level]((first ?? {}) as Record<string, unknown>, message ?? '');
    };
  return {
    level: 'info',
    debug: at('debug'),
    trace: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    fatal: at('error'),
    silent: () => {},
    child: (bindings: Record<string, unknown>) => frameworkLog(log.child(bindings)),
  } as unknown as FastifyBaseLogger;
}
