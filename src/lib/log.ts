import pino from 'pino';
import pretty from 'pino-pretty';
import { Redactor, redactText } from './redact.ts';

type Fields = Record<string, unknown>;

/** What everybody logs with. The first argument holds facts for programs, the second words for people. */
export interface Log {
  debug(facts: Fields, message: string): void;
  info(facts: Fields, message: string): void;
  warn(facts: Fields, message: string): void;
  error(facts: Fields, message: string): void;
  child(bindings: Fields): Log;
}

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly pretty: boolean;
  /** Which process speaks: api, worker, gateway, agent, up. */
  readonly process: string;
  /** Secrets this process holds and must never print. */
  readonly redactor?: Redactor;
  /** Where lines go; standard output when left out. */
  readonly destination?: { write(line: string): unknown };
}

const MAX_DEPTH = 6;
/** Fields that are secret by their name, whatever is in them. */
const SECRET_FIELD =
  /^(?:authorization|cookie|set-cookie|password|passphrase|token|secret|credential|tasktoken|apikey)s?$/i;

/** A logger in whose lines every text went through the one place of redaction, errors with their causes included. */
export function createLogger(options: LoggerOptions): Log {
  const redactor = options.redactor ?? new Redactor();
  const destination = options.pretty
    ? pretty({
        colorize: true,
        translateTime: 'SYS:HH:MM:ss.l',
        ignore: 'pid,hostname',
        ...(options.destination ? { destination: options.destination as never } : {}),
      })
    : options.destination;
  const logger = pino(
    {
      level: options.level,
      base: { process: options.process },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (facts) => clean(facts, redactor, 0) as Fields },
      hooks: {
        logMethod(args, method) {
          const [facts, message] = args as unknown as [Fields, string];
          method.apply(this, [facts, redactText(String(message), redactor)] as never);
        },
      },
    },
    (destination ?? pino.destination(1)) as pino.DestinationStream,
  );
  return logger as unknown as Log;
}

function clean(value: unknown, redactor: Redactor, depth: number): unknown {
  if (typeof value === 'string') return redactText(value, redactor);
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return value;
  if (depth >= MAX_DEPTH) return '[deeper]';
  if (value instanceof Error) return cleanError(value, redactor, depth);
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => clean(item, redactor, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      SECRET_FIELD.test(name) ? '***' : clean(item, redactor, depth + 1),
    ]),
  );
}

function cleanError(error: Error, redactor: Redactor, depth: number): Fields {
  const { name, message, stack, cause, ...rest } = error as Error & Fields;
  return {
    type: name,
    message: redactText(message, redactor),
    stack: stack === undefined ? undefined : redactText(stack, redactor),
    ...(cause === undefined ? {} : { cause: clean(cause, redactor, depth + 1) }),
    ...(clean(rest, redactor, depth + 1) as Fields),
  };
}
