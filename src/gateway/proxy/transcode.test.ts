import { createRequire } from 'node:module';
import {
  ApplicationFailure,
  CancelledFailure,
  DefaultFailureConverter,
  defaultPayloadConverter,
} from '@temporalio/common';
import { decodeFailure } from '@temporalio/common/lib/internal-non-workflow/index.js';
import proto from '@temporalio/proto';
import { expect, test } from 'vitest';
import { systemRandom } from '../../lib/ids.ts';
import { ownerOf } from '../../lib/payload-cipher.ts';
import { newKeyring } from '../../lib/seal.ts';
import { EncryptingCodec } from '../../temporal/payload-codec.ts';
import { Transcoder } from './transcode.ts';
import { lengthField } from './wire.ts';

const api = proto.temporal.api.workflowservice.v1;
const keyring = newKeyring({ now: () => new Date('2026-01-01T00:00:00Z') }, systemRandom);
const codec = new EncryptingCodec(keyring);
const transcoder = new Transcoder(keyring, systemRandom);
const { failureConverter } = createRequire(import.meta.url)('../../temporal/failure-converter.cjs') as {
  failureConverter: DefaultFailureConverter;
};
const [workflowId, activityId] = ['job/job_00000000000000000000000000/1', '1'];
const OWNER = ownerOf(workflowId, activityId);
const CONTEXT = { type: 'activity', namespace: 'holdfast', workflowId, activityId, isLocal: false } as const;
const SECRET = 'the text of /home/eva/letters';
const payload = (value: unknown) => defaultPayloadConverter.toPayload(value)!;
const plainOf = (value: Parameters<typeof defaultPayloadConverter.fromPayload>[0]) =>
  defaultPayloadConverter.fromPayload(value);

test('what a worker encrypted, a host reads; what a host answers, a worker reads', async () => {
  const payloads = await codec.encode([payload({ jobId: SECRET }), payload(null), payload(7)], CONTEXT);
  const task = Buffer.from(api.PollActivityTaskQueueResponse.encode({ input: { payloads }, activityId: '1' }).finish());
  expect(task.includes(SECRET)).toBe(false);
  const opened = api.PollActivityTaskQueueResponse.decode(transcoder.openPayloads(task, 8, OWNER));
  expect(opened.input!.payloads!.map(plainOf)).toEqual([{ jobId: SECRET }, null, 7]);

  const answer = api.RespondActivityTaskCompletedRequest.encode({ result: { payloads: [payload({ code: SECRET })] } });
  const sealed = transcoder.sealAnswer(Buffer.from(answer.finish()), 2, OWNER, (value) => value);
  expect(sealed.includes(SECRET)).toBe(false);
  const [result] = await codec.decode(
    api.RespondActivityTaskCompletedRequest.decode(sealed).result!.payloads!,
    CONTEXT,
  );
  expect(plainOf(result!)).toEqual({ code: SECRET });
});

test('what is plain, was changed or belongs to another activity or workflow is null to host and worker', async () => {
  const [own] = await codec.encode([payload(SECRET)], CONTEXT);
  const others = [
    { ...CONTEXT, activityId: '2' },
    { ...CONTEXT, workflowId: 'job/other' },
    { ...CONTEXT, type: 'workflow' as const },
  ];
  const foreign = await Promise.all(
    others.map(async (context) => (await codec.encode([payload(SECRET)], context))[0]!),
  );
  const renamed = foreign.map((one) => ({ ...one, metadata: own!.metadata! }));
  const changed = { ...own!, data: Buffer.concat([own!.data!.subarray(0, -1), Buffer.from([own!.data!.at(-1)! ^ 1])]) };
  const payloads = [payload(SECRET), changed, ...foreign, ...renamed];
  const task = Buffer.from(
    api.PollActivityTaskQueueResponse.encode({ input: { payloads: [own!, ...payloads] } }).finish(),
  );
  const opened = api.PollActivityTaskQueueResponse.decode(transcoder.openPayloads(task, 8, OWNER)).input!.payloads!;
  const nothing = payloads.map(() => null);
  expect(opened.map(plainOf)).toEqual([SECRET, ...nothing]);
  expect((await codec.decode([own!, ...payloads], CONTEXT)).map(plainOf)).toEqual([SECRET, ...nothing]);
  expect(plainOf((await codec.decode([own!]))[0]!)).toBe(SECRET);
});

test('a ciphertext, or anything else that is not one JSON value, is no answer', () => {
  const stolen = Buffer.from(
    api.RespondActivityTaskCompletedRequest.encode({ result: { payloads: [payload(SECRET)] } }).finish(),
  );
  const sealed = transcoder.sealAnswer(stolen, 2, OWNER, (value) => value);
  const two = { payloads: [payload(1), payload(2)] };
  const broken = { payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{') }] };
  const odd = { payloads: [{ metadata: { encoding: Buffer.from('x/y') }, data: Buffer.from('1') }] };
  const messages = [two, broken, odd, { payloads: [] }, { payloads: [{}] }, undefined].map((result) =>
    Buffer.from(api.RespondActivityTaskCompletedRequest.encode(result ? { result } : {}).finish()),
  );
  const garbage = Buffer.concat([lengthField(2, Buffer.from('\xff\xff')), lengthField(1, Buffer.from('token'))]);
  for (const message of [sealed, ...messages, garbage]) {
    const seen: unknown[] = [];
    transcoder.sealAnswer(message, 2, OWNER, (value) => seen.push(value));
    expect(seen).toEqual([undefined]);
  }
});

test('no text of a failure can be read, and the worker gets all of it', async () => {
  const cause = new CancelledFailure(`cause: ${SECRET}`, [SECRET]);
  const error = ApplicationFailure.create({
    message: SECRET,
    type: 'restic.locked',
    details: [SECRET],
    cause,
    nonRetryable: true,
  });
  const failure = new DefaultFailureConverter().errorToFailure(error, defaultPayloadConverter);
  const request = api.RespondActivityTaskFailedRequest.encode({ failure, identity: 'host' }).finish();
  const sealed = transcoder.sealFailure(Buffer.from(request), 2, OWNER);
  expect(sealed.includes('letters')).toBe(false);
  const stored = api.RespondActivityTaskFailedRequest.decode(sealed).failure!;
  expect(stored).toMatchObject({
    message: 'Encoded failure',
    applicationFailureInfo: { type: 'restic.locked', nonRetryable: true },
  });
  const back = failureConverter.failureToError(await decodeFailure([codec], stored), defaultPayloadConverter);
  expect(back).toMatchObject({ message: SECRET, type: 'restic.locked', details: [], nonRetryable: true });
  expect(back.cause).toMatchObject({ name: 'CancelledFailure', message: `cause: ${SECRET}`, details: [] });
  expect(back.stack).toContain('transcode.test');
});

test('text in the place of a code is not kept, nor what the gateway does not know', () => {
  const failure = {
    message: 'm',
    source: SECRET,
    applicationFailureInfo: { type: SECRET },
    activityFailureInfo: { identity: SECRET },
  };
  const known = Buffer.from(proto.temporal.api.failure.v1.Failure.encode(failure as never).finish());
  const request = lengthField(2, Buffer.concat([known, lengthField(99, Buffer.from(SECRET))]));
  const sealed = transcoder.sealFailure(request, 2, OWNER);
  expect(sealed.includes('letters')).toBe(false);
  const read = api.RespondActivityTaskFailedRequest.decode(sealed).failure!;
  expect(read.source).toBe('');
});

test('HJ-33: whatever stands in a failure, the SDK of the workflow can read what goes on', async () => {
  const bad = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{') };
  const failures = [
    { message: 'm', applicationFailureInfo: { type: 'x', details: { payloads: [bad] }, category: 77 } },
    { message: 'm', timeoutFailureInfo: { timeoutType: 77, lastHeartbeatDetails: { payloads: [bad] } } },
    { message: 'm', canceledFailureInfo: { details: { payloads: [bad] } } },
    { message: 'm', encodedAttributes: bad },
    { message: 'm', cause: { encodedAttributes: bad, childWorkflowExecutionFailureInfo: { retryState: 99 } } },
    {},
  ];
  for (const failure of failures) {
    const request = api.RespondActivityTaskFailedRequest.encode({ failure: failure as never }).finish();
    const sealed = api.RespondActivityTaskFailedRequest.decode(transcoder.sealFailure(Buffer.from(request), 2, OWNER))
      .failure!;
    const back = failureConverter.failureToError(await decodeFailure([codec], sealed), defaultPayloadConverter);
    expect(back.message).toBe('message' in failure ? 'm' : '');
  }
});
