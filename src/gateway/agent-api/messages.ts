import { status } from '@grpc/grpc-js';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import * as protocol from '../../domain/jobs/agent-protocol.ts';
import { AGENT_FAULT, type AttemptResult } from '../../domain/jobs/outcome.ts';
import { readAttemptResult } from '../../domain/jobs/read-outcome.ts';
import { cutTo, safeText } from '../../lib/safe-text.ts';
import { malformed, Refusal, tooMuch } from '../proxy/refusal.ts';

export interface AgentMessages {
  readonly Hello: Static<typeof protocol.Hello>;
  readonly Beat: Static<typeof protocol.Beat>;
  readonly Claim: Static<typeof protocol.Claim>;
  readonly Report: protocol.ReportMessage;
}

const SCHEMAS = {
  Hello: protocol.Hello,
  Beat: protocol.Beat,
  Claim: protocol.Claim,
  Report: protocol.Report,
};
const validators = new Map(Object.entries(SCHEMAS).map(([method, schema]) => [method, Compile(schema)] as const));
/** Of each field, to say which one it is: a list of all that is wrong with a message took up to 440 ms to make. */
const fieldValidators = new Map(
  Object.entries(SCHEMAS).map(([method, { properties }]) => [
    method,
    Object.entries(properties).map(([name, schema]) => [name, Compile(schema as TSchema)] as const),
  ]),
);
/** The last moment that RFC 3339 can write. */
const LAST_MS = Date.UTC(9999, 11, 31);

/**
 * What an agent sent, as it may be stored and shown: of its type's size and shape, ids by their patterns, texts that the
 * database can hold, safe for terminals and pages. The only way in: what does not pass here reaches nothing of ours. Throws
 * a refusal that names the place but quotes nothing.
 */
export function readMessage<Method extends protocol.AgentMethod>(method: Method, bytes: Buffer): AgentMessages[Method] {
  if (bytes.length > protocol.MAX_MESSAGE_BYTES[method]) throw tooMuch(`a message of ${bytes.length} bytes`);
  let sent: unknown;
  try {
    sent = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw malformed('not JSON');
  }
  if (method === 'Hello') speaksOurs(sent);
  if (!validators.get(method)!.Check(sent)) throw malformed(whatIsWrong(method, sent));
  if (method === 'Report') return readReport(sent as protocol.ReportMessage) as AgentMessages[Method];
  return storable(sent, '') as AgentMessages[Method];
}

function whatIsWrong(method: protocol.AgentMethod, sent: unknown): string {
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent)) return 'not an object';
  for (const [name, field] of fieldValidators.get(method)!)
    if (Object.hasOwn(sent, name) && !field.Check(sent[name as never])) return `/${name} does not fit`;
  return 'fields are missing, or there are others';
}

/** Before the shape: an agent of another version has other fields, and is to be told so. */
function speaksOurs(hello: unknown): void {
  const spoken = (hello as { protocol?: unknown } | null)?.protocol;
  if (!Number.isInteger(spoken) || spoken === protocol.AGENT_PROTOCOL) return;
  const older = Number(spoken) < protocol.AGENT_PROTOCOL ? 'agent' : 'gateway';
  throw new Refusal(
    status.FAILED_PRECONDITION,
    `agent speaks protocol ${spoken}, the gateway ${protocol.AGENT_PROTOCOL}: update the ${older}`,
    false,
  );
}

function readReport({ result, lines, ...rest }: protocol.ReportMessage): protocol.ReportMessage {
  let bytes = 0;
  for (const [, , text] of lines) {
    const length = Buffer.byteLength(text);
    if (length > protocol.MAX_LINE_BYTES) throw malformed(`a line of ${length} bytes`);
    bytes += length;
  }
  if (bytes > protocol.MAX_CHUNK_BYTES) throw malformed(`${bytes} bytes of lines`);
  const safe = storable({ lines, ...rest }, '') as Omit<protocol.ReportMessage, 'result'>;
  return {
    ...safe,
    // A picture of a control character is longer than the character.
    lines: safe.lines.map(([atMs, stream, text]) => [timeOf(atMs), stream, cutTo(text, protocol.MAX_LINE_BYTES)]),
    progress: safe.progress && progressOf(safe.progress),
    result: result === null ? null : (readAttemptResult(result) ?? FAULT),
  };
}

const FAULT: AttemptResult = { outcome: AGENT_FAULT, failures: [], failureCount: 0 };

/** Clocks of hosts say anything. */
const timeOf = (atMs: number): number => within(Math.trunc(atMs), LAST_MS);
const within = (value: number, most: number): number => Math.min(Math.max(value, 0), most);

function momentOf(text: string | null): string | null {
  const atMs = Date.parse(text ?? '');
  return Number.isNaN(atMs) ? null : new Date(timeOf(atMs)).toISOString();
}

/** Figures that people can read, whatever a program said. */
function progressOf(progress: protocol.Progress): protocol.Progress {
  const figure = (value: number) => within(value, Number.MAX_SAFE_INTEGER);
  const known = (value: number | null) => (value === null ? null : figure(value));
  const { fraction, bytesDone, bytesTotal, filesDone, filesTotal, ratePerSecond, etaSeconds, current } = progress;
  const { note, noteAt } = progress;
  return {
    fraction: fraction === null ? null : within(fraction, 1),
    bytesDone: figure(bytesDone),
    bytesTotal: figure(bytesTotal),
    filesDone: figure(filesDone),
    filesTotal: figure(filesTotal),
    current,
    ratePerSecond: known(ratePerSecond),
    etaSeconds: known(etaSeconds),
    ...(note !== undefined && { note }),
    ...(noteAt !== undefined && { noteAt: momentOf(noteAt) }),
  };
}

/** A copy with safe texts. Shapes are closed and checked, so it is as deep as they are. */
function storable(value: unknown, at: string): unknown {
  if (typeof value === 'string') {
    // No agent of ours sends it, and in a name it is there to stumble over. Half letters are mended like all else.
    if (value.includes('\0')) throw malformed(`${at} is no text that can be stored`);
    return safeText(value);
  }
  if (typeof value === 'number' && !Number.isFinite(value)) throw malformed(`${at} is no number`);
  if (Array.isArray(value)) return value.map((inner) => storable(inner, at));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, storable(inner, `${at}/${name}`)]));
}
