import { expect, test, vi } from 'vitest';
import { GATEWAY_LIVES_EVERY_MS } from '../../domain/jobs/silence.ts';
import { GatewayHeartbeat } from './gateway-heartbeat.ts';

const silent = { warn() {} } as never;

test('a start is told as such until it was written once, then each 2 s that it lives, until the stop', async () => {
  vi.useFakeTimers();
  const heartbeat = vi.fn().mockRejectedValueOnce(new Error('database away')).mockResolvedValue(undefined);
  const life = new GatewayHeartbeat({ heartbeat }, silent);
  life.start();
  await vi.advanceTimersByTimeAsync(3 * GATEWAY_LIVES_EVERY_MS);
  expect(heartbeat.mock.calls).toEqual([[true], [true], [false], [false]]);
  await life.stop();
  await vi.advanceTimersByTimeAsync(10 * GATEWAY_LIVES_EVERY_MS);
  expect(heartbeat).toHaveBeenCalledTimes(4);
  vi.useRealTimers();
});
