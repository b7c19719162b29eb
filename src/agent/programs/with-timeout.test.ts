import { expect, test } from 'vitest';
import { withTimeout } from './with-timeout.ts';

test('HJ-8: a place that does not answer is left after its time, and asked again only when it has answered', async () => {
  const slow = Promise.withResolvers<string>();
  let asked = 0;
  const ask = (place: string) =>
    withTimeout(
      place,
      () => {
        asked++;
        return slow.promise;
      },
      'silent',
      null,
      1,
    );
  expect(await ask('/mnt/dead')).toBe('silent');
  expect(await ask('/mnt/dead')).toBe('silent');
  expect(asked).toBe(1);
  expect(await ask('/mnt/other')).toBe('silent');
  expect(asked).toBe(2);
  slow.resolve('here');
  await slow.promise;
  expect(await ask('/mnt/dead')).toBe('here');
});

test('HJ-8: a stop ends the wait at once, and before it nothing is asked', async () => {
  const stop = new AbortController();
  const waits = withTimeout('/mnt/stopped', () => new Promise<string>(() => {}), 'silent', stop.signal);
  stop.abort(new Error('CANCELLED'));
  await expect(waits).rejects.toThrow('CANCELLED');
  const ask = () => Promise.reject(new Error('asked'));
  await expect(withTimeout('/mnt/stopped', ask, 'silent', stop.signal)).rejects.toThrow('CANCELLED');
});
