import type { RandomBytes } from '../lib/ids.ts';
import { decryptPayload, ENCODING, ENCRYPTED_ENCODING, encryptPayload, KEY_ID } from '../lib/payload-codec.ts';
import type { Keyring } from '../lib/seal.ts';
import { bytesAt, fieldsOf, LENGTH, lengthField, replaceAt, textAt, VARINT } from './wire.ts';

/** Failures caused by failures: more than this is nobody's explanation, and recursion has to end somewhere. */
const MAX_CAUSES = 10;
/** Types and sources are code, kept readable for people at the Temporal UI; text in their place is not kept. */
const CODE = /^[A-Za-z][\w.-]{0,63}$/;

const PAYLOADS = { payloads: 1 };
const PAYLOAD = { metadata: 1, data: 2 };
const FAILURE = { message: 1, source: 2, stackTrace: 3, cause: 4, encodedAttributes: 20 };
/** Field numbers of what went wrong, and in each of them what may pass: codes, numbers (by wire type), payloads. */
const FAILURE_INFO: Readonly<
  Record<number, { code: number | null; plain: readonly number[]; payloads: number | null }>
> = {
  5: { code: 1, plain: [2, 4, 5], payloads: 3 }, // application: type, non_retryable, next_retry_delay, category; details
  6: { code: null, plain: [1], payloads: 2 }, // timeout: its type; last_heartbeat_details
  7: { code: null, plain: [], payloads: 1 }, // canceled: details
  9: { code: null, plain: [1], payloads: null }, // server: non_retryable
};

/** Between hosts, which see plain payloads and hold no key, and Temporal, which keeps nothing that can be read. */
export class Transcoder {
  readonly #keyring: Keyring;
  readonly #random: RandomBytes;

  constructor(keyring: Keyring, random: RandomBytes) {
    this.#keyring = keyring;
    this.#random = random;
  }

  /** Opens the Payloads at the field `id` of a message. */
  openPayloads(message: Buffer, id: number): Buffer {
    return replaceAt(message, [id, PAYLOADS.payloads], (payload) => this.#open(payload));
  }

  /**
   * Encrypts the Payloads at the field `id`, encrypted-looking ones too: a ciphertext of somebody else's that came in
   * as heartbeat details would else come back opened with the next attempt.
   */
  sealPayloads(message: Buffer, id: number): Buffer {
    return replaceAt(message, [id, PAYLOADS.payloads], (payload) => this.#seal(payload));
  }

  /** Makes the Failure at the field `id` what the SDK's converter makes with `encodeCommonAttributes`, and drops what we do not know. */
  sealFailure(message: Buffer, id: number): Buffer {
    return replaceAt(message, [id], (failure) => this.#failure(failure, MAX_CAUSES));
  }

  #open(payload: Buffer): Buffer {
    const metadata = metadataOf(payload);
    if (metadata.get(ENCODING) !== ENCRYPTED_ENCODING) return payload;
    return decryptPayload(this.#keyring, { keyId: metadata.get(KEY_ID) ?? '', data: bytesAt(payload, PAYLOAD.data) });
  }

  #seal(payload: Buffer): Buffer {
    const { keyId, data } = encryptPayload(this.#keyring, this.#random, payload);
    const metadata = { [ENCODING]: ENCRYPTED_ENCODING, [KEY_ID]: keyId };
    return payloadOf(metadata, data);
  }

  #failure(failure: Buffer, causesLeft: number): Buffer {
    const own = bytesAt(failure, FAILURE.encodedAttributes);
    const attributes = { message: textAt(failure, FAILURE.message), stack_trace: textAt(failure, FAILURE.stackTrace) };
    const plain =
      own.length > 0 ? own : payloadOf({ [ENCODING]: 'json/plain' }, Buffer.from(JSON.stringify(attributes)));
    const parts = fieldsOf(failure).flatMap(({ id, wire, body }) => {
      const info = FAILURE_INFO[id];
      if (wire !== LENGTH) return [];
      if (info) return [lengthField(id, this.#info(body, info))];
      if (id === FAILURE.source) return CODE.test(body.toString('utf8')) ? [lengthField(id, body)] : [];
      if (id === FAILURE.cause && causesLeft > 0) return [lengthField(id, this.#failure(body, causesLeft - 1))];
      return [];
    });
    return Buffer.concat([
      lengthField(FAILURE.message, Buffer.from('Encoded failure')),
      ...parts,
      lengthField(FAILURE.encodedAttributes, this.#seal(plain)),
    ]);
  }

  #info(info: Buffer, allowed: (typeof FAILURE_INFO)[number]): Buffer {
    const parts = fieldsOf(info).flatMap((field) => {
      if (field.id === allowed.code && field.wire === LENGTH)
        return [CODE.test(field.body.toString('utf8')) ? field.whole : lengthField(field.id, Buffer.from('Unnamed'))];
      if (field.id === allowed.payloads && field.wire === LENGTH) return [this.sealPayloads(field.whole, field.id)];
      // A plain field is a number or, for next_retry_delay, a message of two numbers.
      if (allowed.plain.includes(field.id))
        return field.wire === VARINT || onlyNumbers(field.body) ? [field.whole] : [];
      return [];
    });
    return Buffer.concat(parts);
  }
}

function onlyNumbers(message: Buffer): boolean {
  return fieldsOf(message).every((field) => field.wire === VARINT);
}

function metadataOf(payload: Buffer): Map<string, string> {
  const entries = fieldsOf(payload).filter((field) => field.id === PAYLOAD.metadata && field.wire === LENGTH);
  return new Map(entries.map(({ body }) => [textAt(body, 1), textAt(body, 2)]));
}

/** The bytes of a Payload. */
export function payloadOf(metadata: Readonly<Record<string, string>>, data: Uint8Array): Buffer {
  const entries = Object.entries(metadata).map(([name, value]) => mapEntry(PAYLOAD.metadata, name, Buffer.from(value)));
  return Buffer.concat([...entries, lengthField(PAYLOAD.data, data)]);
}

/** An entry of a map from text to bytes or a message. */
export function mapEntry(id: number, name: string, value: Uint8Array): Buffer {
  return lengthField(id, Buffer.concat([lengthField(1, Buffer.from(name)), lengthField(2, value)]));
}
