import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newUuid, parsePublicId, publicId, publicIdPattern, systemRandom } from './ids.ts';

const at = (ms: number) => ({ now: () => new Date(ms) });

test('a public id goes back to the uuid it was made from, and keeps its order', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.uuid(), (a, b) => {
      expect(parsePublicId('job', publicId('job', a))).toBe(a);
      expect(publicId('job', a) < publicId('job', b)).toBe(a < b);
    }),
  );
});

test('an id of another noun, another length or another letter is not an id', () => {
  const id = publicId('job', newUuid(at(1), systemRandom));
  expect(new RegExp(publicIdPattern('job')).test(id)).toBe(true);
  for (const wrong of [
    id.replace('job', 'host'),
    `${id}0`,
    id.slice(0, -1),
    `${id.slice(0, -1)}u`,
    ` ${id}`,
    `${id}\n`,
    '',
  ])
    expect(parsePublicId('job', wrong)).toBeNull();
});

test('a uuid made later sorts later', () => {
  expect(newUuid(at(1_000), systemRandom) < newUuid(at(1_001), systemRandom)).toBe(true);
});
