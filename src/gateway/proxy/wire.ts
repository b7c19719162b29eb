/**
 * Protobuf by hand. The gateway cuts and joins the bytes that pass: decoding and encoding a whole message drops every
 * field that our copy of the schema does not know (protobufjs 8.8), and servers and SDKs are newer or older than it.
 */

/** The bytes are no protobuf message, or a policed field stands there in a way that two readers may understand differently. */
export class WireError extends Error {}

interface Field {
  readonly id: number;
  readonly wire: number;
  /** The whole field with its tag. */
  readonly whole: Buffer;
  /** The content of a length-delimited field, else empty. */
  readonly body: Buffer;
  /** The value of a varint field up to 2^53, else 0. */
  readonly value: number;
}

export const VARINT = 0;
const FIXED64 = 1;
export const LENGTH = 2;
const FIXED32 = 5;

/** A number that was written as a varint, and where the next byte stands. */
export function readVarint(bytes: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  let scale = 1;
  // Ten bytes hold 64 bits. Above 2^53 the number is not exact; nothing that we read as a number is that large.
  for (let index = at; index < at + 10; index++) {
    const byte = bytes[index];
    if (byte === undefined) throw new WireError('ends in the middle of a number');
    value += (byte & 127) * scale;
    if (byte < 128) return [value, index + 1];
    scale *= 128;
  }
  throw new WireError('a number of more than ten bytes');
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** The fields of a message in their order. */
export function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  for (let at = 0; at < message.length; ) {
    const [tag, bodyAt] = readVarint(message, at);
    const id = Math.floor(tag / 8);
    if (id < 1 || id > 536_870_911) throw new WireError('a field number that cannot be');
    const wire = tag % 8;
    let body = message.subarray(0, 0);
    let value = 0;
    let end: number;
    if (wire === VARINT) [value, end] = readVarint(message, bodyAt);
    else if (wire === FIXED64) end = bodyAt + 8;
    else if (wire === FIXED32) end = bodyAt + 4;
    else if (wire === LENGTH) {
      const [length, start] = readVarint(message, bodyAt);
      end = start + length;
      body = message.subarray(start, end);
    } else throw new WireError(`wire type ${wire}`); // Groups: nothing of Temporal's has them.
    if (end > message.length) throw new WireError('ends in the middle of a field');
    fields.push({ id, wire, whole: message.subarray(at, end), body, value });
    at = end;
  }
  return fields;
}

/** A length-delimited field with its tag. */
export function lengthField(id: number, body: Uint8Array): Buffer {
  return Buffer.concat([varint(id * 8 + LENGTH), varint(body.length), body]);
}

/**
 * The one field with this number. Sent twice it is refused: the server takes the last of two texts and merges two
 * messages, and a check that read the other one would have checked nothing.
 */
export function single(message: Buffer, id: number, wire: number): Field | null {
  const found = fieldsOf(message).filter((field) => field.id === id);
  if (found.length > 1) throw new WireError(`field ${id} stands there ${found.length} times`);
  const field = found[0];
  if (field && field.wire !== wire) throw new WireError(`field ${id} has wire type ${field.wire}`);
  return field ?? null;
}

export function bytesAt(message: Buffer, id: number): Buffer {
  return single(message, id, LENGTH)?.body ?? Buffer.alloc(0);
}

export function textAt(message: Buffer, id: number): string {
  return bytesAt(message, id).toString('utf8');
}

export function numberAt(message: Buffer, id: number): number {
  return single(message, id, VARINT)?.value ?? 0;
}

/** Replaces what stands at a path of field numbers, wherever it stands; null drops the field. All else stays byte for byte. */
export function replaceAt(message: Buffer, path: readonly number[], map: (body: Buffer) => Buffer | null): Buffer {
  const [id, ...rest] = path;
  if (id === undefined) throw new RangeError('an empty path');
  const parts = fieldsOf(message).map((field) => {
    if (field.id !== id || field.wire !== LENGTH) return field.whole;
    const body = rest.length > 0 ? replaceAt(field.body, rest, map) : map(field.body);
    return body === null ? Buffer.alloc(0) : lengthField(id, body);
  });
  return Buffer.concat(parts);
}

/** The message without the fields of this number, of whatever wire type. */
export function without(message: Buffer, id: number): Buffer {
  return Buffer.concat(fieldsOf(message).flatMap((field) => (field.id === id ? [] : [field.whole])));
}
