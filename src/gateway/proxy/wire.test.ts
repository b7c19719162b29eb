import proto from '@temporalio/proto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesAt, fieldsOf, lengthField, readVarint, replaceAt, textAt, varint, WireError, without } from './wire.ts';

const api = proto.temporal.api.workflowservice.v1;
const number = fc.oneof(fc.nat(), fc.bigInt(0n, 2n ** 53n - 1n).map(Number));

test('a number goes out and comes back, wherever it stands', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 9 }), number, fc.uint8Array({ maxLength: 9 }), (before, value, after) => {
      const bytes = Buffer.concat([before, varint(value), after]);
      expect(readVarint(bytes, before.length)).toEqual([value, bytes.length - after.length]);
    }),
  );
});

test('whatever bytes come, they are read whole or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        const message = Buffer.from(bytes);
        expect(Buffer.concat(fieldsOf(message).map((field) => field.whole))).toEqual(message);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(WireError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('splicing changes its field and leaves unknown ones and negative numbers as they are', () => {
  const known = api.PollActivityTaskQueueResponse.encode({
    taskToken: Buffer.from('raw'),
    activityId: '1',
    attempt: -1,
    workflowExecution: { workflowId: 'w', runId: 'r' },
  }).finish();
  const unknown = Buffer.concat([
    lengthField(4000, Buffer.from('of a newer server')),
    varint(4001 * 8 + 1),
    Buffer.alloc(8, 7),
  ]);
  const message = Buffer.concat([known, unknown]);
  const spliced = replaceAt(message, [1], (token) => Buffer.concat([Buffer.from('wrapped '), token]));
  expect(spliced.subarray(-unknown.length)).toEqual(unknown);
  const read = api.PollActivityTaskQueueResponse.decode(spliced);
  expect(Buffer.from(read.taskToken).toString()).toBe('wrapped raw');
  expect(read).toMatchObject({ activityId: '1', attempt: -1, workflowExecution: { workflowId: 'w', runId: 'r' } });
  expect(replaceAt(spliced, [1], () => Buffer.from('raw'))).toEqual(message);
  expect(textAt(without(message, 6), 6)).toBe('');
});

test('a policed field that stands there twice, or as another type, is refused', () => {
  const twice = Buffer.concat([lengthField(1, Buffer.from('mine')), lengthField(1, Buffer.from('yours'))]);
  expect(() => bytesAt(twice, 1)).toThrow(WireError);
  expect(() => textAt(Buffer.concat([varint(8), varint(5)]), 1)).toThrow(WireError);
});

test('a length beyond the end, a group and field 0 are refused', () => {
  for (const bytes of [[10, 5, 1], [11], [0, 0], [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], [8, 128]])
    expect(() => fieldsOf(Buffer.from(bytes))).toThrow(WireError);
});
