import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import * as protocol from '../domain/agent-protocol.ts';
import { AttemptResultShape } from './attempt-result.ts';
import { malformed } from './refusal.ts';

export interface AgentMessages {
  readonly Hello: Static<typeof protocol.Hello>;
  readonly Beat: Static<typeof protocol.Beat>;
  readonly Claim: Static<typeof protocol.Claim>;
  readonly Report: protocol.ReportMessage;
}

const SCHEMAS: Readonly<Record<protocol.AgentMethod, TSchema>> = {
  Hello: protocol.Hello,
  Beat: protocol.Beat,
  Claim: protocol.Claim,
  Report: protocol.Report,
};
const validators = new Map(Object.entries(SCHEMAS).map(([method, schema]) => [method, Compile(schema)] as const));
const resultValidator = Compile(AttemptResultShape);

/** What an agent sent, checked. Throws a refusal that names the place but quotes nothing. */
export function readMessage<Method extends protocol.AgentMethod>(method: Method, bytes: Buffer): AgentMessages[Method] {
  let message: unknown;
  try {
    message = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw malformed('not JSON');
  }
  check(validators.get(method)!, message, '');
  if (method === 'Report') checkReport(message as protocol.ReportMessage);
  return message as AgentMessages[Method];
}

function checkReport(report: protocol.ReportMessage): void {
  if (report.result !== null) check(resultValidator, report.result, '/result');
  let bytes = 0;
  for (const [, , text] of report.lines) {
    const length = Buffer.byteLength(text);
    if (length > protocol.MAX_LINE_BYTES) throw malformed(`a line of ${length} bytes`);
    bytes += length;
  }
  if (bytes > protocol.MAX_CHUNK_BYTES) throw malformed(`${bytes} bytes of lines`);
  // PostgreSQL's text and jsonb hold no NUL; let through, it would fail in the database and be sent again for ever.
  if (holdsNul([report.lines, report.progress, report.result])) throw malformed('a NUL character');
}

function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, inner]) => key.includes('\0') || holdsNul(inner));
}

function check(
  validator: { Check(value: unknown): boolean; Errors(value: unknown): { instancePath: string; message: string }[] },
  value: unknown,
  at: string,
): void {
  if (validator.Check(value)) return;
  const first = validator.Errors(value)[0];
  throw malformed(`${at}${first?.instancePath ?? ''} ${first?.message ?? 'does not fit'}`);
}
