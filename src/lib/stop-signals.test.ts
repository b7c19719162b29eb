import { expect, test } from 'vitest';
import { listenForStop, type Meaning, meaningOf, NOTHING_HEARD, type StopSignal } from './stop-signals.ts';

type Came = readonly [signal: StopSignal, atMs: number, meaning: Meaning];

test.each<{ name: string; came: readonly Came[] }>([
  { name: 'one Ctrl-C', came: [['SIGINT', 0, 'stop']] },
  {
    name: 'one Ctrl-C and its copies from npm and the start script',
    came: [
      ['SIGINT', 0, 'stop'],
      ['SIGINT', 1, 'ignore'],
      ['SIGINT', 999, 'ignore'],
    ],
  },
  {
    name: "a person's second Ctrl-C",
    came: [
      ['SIGINT', 0, 'stop'],
      ['SIGINT', 2, 'ignore'],
      ['SIGINT', 1_000, 'end-at-once'],
    ],
  },
  {
    name: 'SIGTERM as often as it comes',
    came: [
      ['SIGTERM', 0, 'stop'],
      ['SIGTERM', 1, 'ignore'],
      ['SIGTERM', 60_000, 'ignore'],
    ],
  },
  {
    name: 'a closed terminal: SIGHUP from the kernel and from the shell',
    came: [
      ['SIGHUP', 0, 'stop'],
      ['SIGHUP', 3_000, 'ignore'],
      ['SIGTERM', 4_000, 'ignore'],
    ],
  },
  {
    name: 'a person after a service manager: the first Ctrl-C only asks for what happens already',
    came: [
      ['SIGTERM', 0, 'stop'],
      ['SIGINT', 5_000, 'ignore'],
      ['SIGINT', 5_001, 'ignore'],
      ['SIGINT', 7_000, 'end-at-once'],
    ],
  },
  {
    name: 'a service manager after a person',
    came: [
      ['SIGINT', 0, 'stop'],
      ['SIGTERM', 5_000, 'ignore'],
      ['SIGHUP', 6_000, 'ignore'],
    ],
  },
])('RUN-21: $name', ({ came }) => {
  let heard = NOTHING_HEARD;
  for (const [signal, atMs, expected] of came) {
    const answer = meaningOf(heard, signal, atMs);
    expect(answer.meaning, `${signal} at ${atMs}`).toBe(expected);
    heard = answer.heard;
  }
});

test('RUN-21: started by nohup, SIGHUP is heard and means nothing', () => {
  const listeners = new Map<StopSignal, (signal: StopSignal) => void>();
  const said: string[] = [];
  listenForStop({
    process: { on: (signal, listener) => listeners.set(signal, listener) },
    hangUpIgnored: true,
    now: () => 0,
    onStop: (signal) => said.push(signal),
    onEndAtOnce: () => said.push('at once'),
  });
  listeners.get('SIGHUP')?.('SIGHUP');
  expect([...listeners.keys()]).toContain('SIGHUP');
  expect(said).toEqual([]);
  listeners.get('SIGTERM')?.('SIGTERM');
  expect(said).toEqual(['SIGTERM']);
});
