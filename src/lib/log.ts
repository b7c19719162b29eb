import pino from 'pino';
import { prettyFactory } from 'pino-pretty';
import { Redactor, redactText } from './redact.ts';
import { redactValue } from './redact-value.ts';

type Fields = Record<string, unknown>;

/** What everybody logs with. The first argument holds facts for programs, the second words for people. */
export interface Log {
  debug(facts: Fields, message: string): void;
  info(facts: Fields, message: string): void;
  warn(facts: Fields, message: string): void;
  error(facts: Fields, message: string): void;
  child(bindings: Fields): Log;
}

interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly pretty: boolean;
  /** Which process speaks: api, worker, gateway, agent, up. */
  readonly process: string;
  /** Secrets this process holds and must never print. */
  readonly redactor?: Redactor;
  /** Where lines go; standard output when left out. */
  readonly destination?: { write(line: string): void };
}

/** A logger in whose lines every text went through the one place of redaction, errors with their causes included. */
export function createLogger(options: LoggerOptions): Log {
  const redactor = options.redactor ?? new Redactor();
  const output = options.destination ?? pino.destination(1);
  const destination = options.pretty ? prettyInto(output) : output;
  const logger = pino(
    {
      level: options.level,
      base: { process: options.process },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (facts) => redactValue(facts, redactor) as Fields },
      // The errors in `facts` are plain objects by now; pino's own serializer would lose their type.
      serializers: { err: (error: unknown) => error },
      hooks: {
        logMethod(args, method) {
          // A caller that types do not reach may give words alone; they are not to slip by.
          const [facts, message] = (typeof args[0] === 'string' ? [{}, args[0]] : args) as [Fields, string | undefined];
          method.apply(this, [facts, redactText(message ?? '', redactor)] as never);
        },
      },
    },
    destination,
  );
  return narrowed(logger, redactor);
}

/** For people. Written line by line, not through a stream of its own, which would lose the last lines of a process. */
function prettyInto(output: pino.DestinationStream): pino.DestinationStream {
  const pretty = prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' });
  return { write: (line) => output.write(pretty(line) ?? '') };
}

/** Our calls and nothing of pino's own: bindings of a child reach pino's output without passing its formatters. */
function narrowed(logger: pino.Logger, redactor: Redactor): Log {
  return {
    debug: (facts, message) => logger.debug(facts, message),
    info: (facts, message) => logger.info(facts, message),
    warn: (facts, message) => logger.warn(facts, message),
    error: (facts, message) => logger.error(facts, message),
    child: (bindings) => narrowed(logger.child(redactValue(bindings, redactor) as Fields), redactor),
  };
}
