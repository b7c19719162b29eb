import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto'; // CommonJS: a named import fails under ESM
import { type RandomBytes, systemRandom } from '../lib/ids.ts';
import {
  BELONGS_TO,
  decryptPayload,
  ENCODING,
  ENCRYPTED_ENCODING,
  encryptPayload,
  KEY_ID,
  ownerOf,
} from '../lib/payload-cipher.ts';
import type { Keyring } from '../lib/seal.ts';

/** The codec of workers and clients; the gateway does the same to the bytes that pass. */
export class EncryptingCodec implements PayloadCodec {
  readonly #keyring: Keyring;
  readonly #random: RandomBytes;

  constructor(keyring: Keyring, random: RandomBytes = systemRandom) {
    this.#keyring = keyring;
    this.#random = random;
  }

  async encode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    const owner = ofContext(context) ?? '';
    return payloads.map((payload) => {
      const plain = proto.temporal.api.common.v1.Payload.encode(payload).finish();
      const { keyId, belongsTo, data } = encryptPayload(this.#keyring, this.#random, owner, plain);
      const metadata = { [ENCODING]: ENCRYPTED_ENCODING, [KEY_ID]: keyId, [BELONGS_TO]: belongsTo };
      return { metadata: mapValues(metadata), data };
    });
  }

  /**
   * What was put in the place of an activity's input or answer by somebody without our key reads as null, which no reader takes
   * for an order or an outcome. (Thrown, it would fail the workflow's task again and again.) Elsewhere plain payloads come back
   * as they are: runs are started with plain ids.
   */
  async decode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    const owner = ofContext(context);
    return payloads.map((payload) => {
      if (textOf(payload, ENCODING) !== ENCRYPTED_ENCODING) return context?.type === 'activity' ? NOT_OURS : payload;
      const encrypted = { keyId: textOf(payload, KEY_ID), belongsTo: textOf(payload, BELONGS_TO) };
      const plain = decryptPayload(this.#keyring, { ...encrypted, data: payload.data ?? Buffer.alloc(0) }, owner);
      if (plain === null) return NOT_OURS;
      const { metadata, data } = proto.temporal.api.common.v1.Payload.decode(plain);
      return { metadata, data };
    });
  }
}

const mapValues = (texts: Record<string, string>) =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));

const NOT_OURS: Payload = { metadata: mapValues({ [ENCODING]: 'json/plain' }), data: Buffer.from('null') };

/** Undefined: who asks does not know whose it is, as an endpoint that decodes for people. */
const ofContext = (context: SerializationContext | undefined): string | undefined =>
  context && ownerOf(context.workflowId ?? '', context.type === 'activity' ? (context.activityId ?? '') : undefined);

function textOf(payload: Payload, name: string): string {
  const value = payload.metadata?.[name];
  return value ? Buffer.from(value).toString('utf8') : '';
}
