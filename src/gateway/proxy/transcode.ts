import type { RandomBytes } from '../../lib/ids.ts';
import {
  BELONGS_TO,
  decryptPayload,
  ENCODING,
  ENCRYPTED_ENCODING,
  encryptPayload,
  KEY_ID,
} from '../../lib/payload-cipher.ts';
import type { Keyring } from '../../lib/seal.ts';
import { ApplicationFailureInfo, MapEntry, Payload, Payloads, TemporalFailure } from './temporal-fields.ts';
import {
  bytesAt,
  fieldsOf,
  LENGTH,
  lengthField,
  numberAt,
  replaceAt,
  single,
  textAt,
  VARINT,
  varint,
  without,
} from './wire.ts';

/** Failures caused by failures: more than this is nobody's explanation, and recursion has to end somewhere. */
const MAX_CAUSES = 10;
/** Types and sources are code, kept readable for people at the Temporal UI; text in their place is not kept. */
const CODE = /^[A-Za-z][\w.-]{0,63}$/;

const PLAIN_JSON = 'json/plain';
const MAX_MESSAGE_LETTERS = 2_000;
const MAX_STACK_LETTERS = 8_000;

/** Between hosts, which see plain payloads and hold no key, and Temporal, which keeps nothing that can be read. */
export class Transcoder {
  readonly #keyring: Keyring;
  readonly #random: RandomBytes;

  constructor(keyring: Keyring, random: RandomBytes) {
    this.#keyring = keyring;
    this.#random = random;
  }

  /** Opens the Payloads at the field `id` of a message. What is not encrypted by us for this activity reads as null. */
  openPayloads(message: Buffer, id: number, owner: string): Buffer {
    return replaceAt(message, [id, Payloads.payloads], (payload) => this.#open(payload, owner));
  }

  /**
   * Puts what `read` makes of the JSON that stands in the Payloads at the field `id` in their place, encrypted. What stands there may
   * be anything: a ciphertext of somebody else's, which would come back opened, or bytes over which the SDK of the workflow
   * stumbles again and again, so that its job would never end. `read` gets undefined for all that is no JSON.
   */
  sealAnswer(message: Buffer, id: number, owner: string, read: (answer: unknown) => unknown): Buffer {
    const answer = payloadOf({ [ENCODING]: PLAIN_JSON }, Buffer.from(JSON.stringify(read(jsonAt(message, id)))));
    return Buffer.concat([
      without(message, id),
      lengthField(id, lengthField(Payloads.payloads, this.#seal(answer, owner))),
    ]);
  }

  /**
   * Makes the Failure at the field `id` one that the workflow's SDK can read, as its converter makes them with
   * `encodeCommonAttributes`: a code and an encrypted text, its cause so too. Details, time-outs and unknown numbers of enums
   * are not what our agents send, and the SDK throws at some of them.
   */
  sealFailure(message: Buffer, id: number, owner: string): Buffer {
    const whole =
      single(message, id, LENGTH) === null ? Buffer.concat([message, lengthField(id, Buffer.alloc(0))]) : message;
    return replaceAt(whole, [id], (failure) => this.#failure(failure, owner, MAX_CAUSES));
  }

  #open(payload: Buffer, owner: string): Buffer {
    const metadata = metadataOf(payload);
    if (metadata.get(ENCODING) !== ENCRYPTED_ENCODING) return NOT_OURS;
    const [keyId, belongsTo] = [metadata.get(KEY_ID) ?? '', metadata.get(BELONGS_TO) ?? ''];
    const data = bytesAt(payload, Payload.data);
    return decryptPayload(this.#keyring, { keyId, belongsTo, data }, owner) ?? NOT_OURS;
  }

  #seal(payload: Buffer, owner: string): Buffer {
    const { keyId, belongsTo, data } = encryptPayload(this.#keyring, this.#random, owner, payload);
    return payloadOf({ [ENCODING]: ENCRYPTED_ENCODING, [KEY_ID]: keyId, [BELONGS_TO]: belongsTo }, data);
  }

  #failure(failure: Buffer, owner: string, causesLeft: number): Buffer {
    const attributes = {
      message: textAt(failure, TemporalFailure.message).slice(0, MAX_MESSAGE_LETTERS),
      stack_trace: textAt(failure, TemporalFailure.stackTrace).slice(0, MAX_STACK_LETTERS),
    };
    const [source, cause, application, canceled] = (
      ['source', 'cause', 'applicationFailureInfo', 'canceledFailureInfo'] as const
    ).map((name) => single(failure, TemporalFailure[name], LENGTH));
    const parts: Buffer[] = [];
    if (source && CODE.test(source.body.toString('utf8'))) parts.push(source.whole);
    if (cause && causesLeft > 0)
      parts.push(lengthField(TemporalFailure.cause, this.#failure(cause.body, owner, causesLeft - 1)));
    // Temporal takes a failed activity with the information of an application's failure only.
    if (canceled && !application && causesLeft < MAX_CAUSES)
      parts.push(lengthField(TemporalFailure.canceledFailureInfo, Buffer.alloc(0)));
    else
      parts.push(
        lengthField(TemporalFailure.applicationFailureInfo, applicationOf(application?.body ?? Buffer.alloc(0))),
      );
    const plain = payloadOf({ [ENCODING]: PLAIN_JSON }, Buffer.from(JSON.stringify(attributes)));
    return Buffer.concat([
      lengthField(TemporalFailure.message, Buffer.from('Encoded failure')),
      ...parts,
      lengthField(TemporalFailure.encodedAttributes, this.#seal(plain, owner)),
    ]);
  }
}

function applicationOf(info: Buffer): Buffer {
  const type = textAt(info, ApplicationFailureInfo.type);
  const known = lengthField(ApplicationFailureInfo.type, Buffer.from(CODE.test(type) ? type : 'Unnamed'));
  const isFinal = numberAt(info, ApplicationFailureInfo.nonRetryable) !== 0;
  return isFinal ? Buffer.concat([known, varint(ApplicationFailureInfo.nonRetryable * 8 + VARINT), varint(1)]) : known;
}

/** The JSON value that stands in the Payloads at this field, if one stands there and nothing else. */
function jsonAt(message: Buffer, id: number): unknown {
  try {
    const payload = bytesAt(bytesAt(message, id), Payloads.payloads);
    if (metadataOf(payload).get(ENCODING) !== PLAIN_JSON) return undefined;
    return JSON.parse(bytesAt(payload, Payload.data).toString('utf8'));
  } catch {
    return undefined;
  }
}

function metadataOf(payload: Buffer): Map<string, string> {
  const entries = fieldsOf(payload).filter((field) => field.id === Payload.metadata && field.wire === LENGTH);
  return new Map(entries.map(({ body }) => [textAt(body, MapEntry.key), textAt(body, MapEntry.value)]));
}

/** The bytes of a Payload. */
export function payloadOf(metadata: Readonly<Record<string, string>>, data: Uint8Array): Buffer {
  const entries = Object.entries(metadata).map(([name, value]) => mapEntry(Payload.metadata, name, Buffer.from(value)));
  return Buffer.concat([...entries, lengthField(Payload.data, data)]);
}

/** An entry of a map from text to bytes or a message. */
export function mapEntry(id: number, name: string, value: Uint8Array): Buffer {
  return lengthField(
    id,
    Buffer.concat([lengthField(MapEntry.key, Buffer.from(name)), lengthField(MapEntry.value, value)]),
  );
}

const NOT_OURS = payloadOf({ [ENCODING]: PLAIN_JSON }, Buffer.from('null'));
