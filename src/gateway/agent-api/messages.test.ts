import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isStorable } from '../../domain/core/plain-text.ts';
import { AGENT_PROTOCOL, type AgentMethod, MAX_MESSAGE_BYTES } from '../../domain/jobs/agent-protocol.ts';
import { safeText } from '../../lib/safe-text.ts';
import { Refusal } from '../proxy/refusal.ts';
import { readMessage } from './messages.ts';

const progress = {
  fraction: 0.5,
  bytesDone: 1,
  bytesTotal: 2,
  filesDone: 3,
  filesTotal: 4,
  current: '/home',
  ratePerSecond: null,
  etaSeconds: 5,
};
const result = {
  outcome: { code: 'succeeded', counts: { files: 1 }, refs: { snapshot: 'abc' } },
  failures: [{ code: 'item', item: '/etc/x', message: 'denied' }],
  failureCount: 1,
};
const attempt = { token: 'AAAA', ticket: 'AAAA' };
const GOOD: Readonly<Record<AgentMethod, object>> = {
  Hello: {
    protocol: AGENT_PROTOCOL,
    agentVersion: '1',
    hostname: 'a',
    os: 'linux',
    arch: 'x64',
    programs: [{ name: 'restic', version: '0.18', path: '/usr/bin/restic' }],
    powers: ['x'],
    activities: ['noop.v1'],
  },
  Beat: { epoch: 1, running: [{ jobId: 'job_01m7y39633fm5vwwgwdqkxmc5t', attempt: 1 }] },
  Claim: attempt,
  Report: { ...attempt, firstSeq: 0, lines: [[1_700_000_000_000, 'out', 'hello']], progress, result, last: true },
};
const METHODS = Object.keys(GOOD) as AgentMethod[];

const read = (method: AgentMethod, message: unknown) => readMessage(method, Buffer.from(JSON.stringify(message)));

/** Every text in it, names of fields too. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [name, ...textsOf(inner)]);
}

/** The places of everything in it. */
function placesOf(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([name, inner]) => placesOf(inner, [...at, name]))];
}

function withChange(message: unknown, [name, ...rest]: readonly string[], change: unknown): unknown {
  if (name === undefined) return change;
  const copy = structuredClone(message) as Record<string, unknown>;
  copy[name] = withChange(copy[name], rest, change);
  return copy;
}

const SPOILT = [
  '\0',
  '\ud800',
  'a\u0000b',
  '\u001b]0;x\u0007',
  '\u202e',
  'x'.repeat(50_000),
  '',
  -1,
  1e308,
  2 ** 31,
  0.5,
];
const ODD: unknown[] = [null, true, [], {}, [[]], { toString: 1 }, ['\0'], { '\0': '\0' }];

test('what our own agents send passes as it is', () => {
  for (const method of METHODS) expect(read(method, GOOD[method])).toEqual(GOOD[method]);
});

test('HJ-33: with any one field spoilt a message is refused, or is storable and safe: nothing else throws', () => {
  const places = METHODS.flatMap((method) => placesOf(GOOD[method]).map((at) => [method, at] as const));
  const change = fc.oneof(fc.constantFrom(...SPOILT, ...ODD), fc.jsonValue());
  const property = fc.property(fc.constantFrom(...places), change, ([method, at], spoilt) => {
    try {
      const texts = textsOf(read(method, withChange(GOOD[method], at, spoilt)));
      for (const text of texts) expect([isStorable(text), safeText(text) === text]).toEqual([true, true]);
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) throw thrown;
      // It becomes a header.
      expect(thrown.details).toBe(decodeURI(encodeURI(thrown.details)));
    }
  });
  fc.assert(property, { numRuns: 3_000 });
});

test('SC-7: ids that are none, texts that cannot be stored and fields that are not declared are refused', () => {
  const beat = (jobId: string) => ({ epoch: 1, running: [{ jobId, attempt: 1 }] });
  const bad: [AgentMethod, unknown][] = [
    ['Beat', beat('\0')],
    ['Beat', beat('\ud800')],
    ['Beat', beat('job_x')],
    ['Beat', { epoch: 2 ** 31, running: [] }],
    ['Hello', { ...GOOD.Hello, hostname: 'a\0' }],
    ['Hello', { ...GOOD.Hello, extra: 1 }],
    ['Claim', { ...attempt, token: '\ud800' }],
    ['Report', { ...GOOD.Report, progress: { ...progress, more: 'x' } }],
    ['Report', { ...GOOD.Report, firstSeq: 1e300 }],
    ['Report', { ...GOOD.Report, lines: [[1, 'out', '\0']] }],
  ];
  for (const [method, message] of bad) expect(() => read(method, message), JSON.stringify(message)).toThrow(Refusal);
  for (const method of METHODS)
    expect(() => readMessage(method, Buffer.alloc(MAX_MESSAGE_BYTES[method] + 1, ' '))).toThrow(/a message of/);
});

test('what is no outcome is the agent’s fault; figures and times stay within what people can read', () => {
  const report = (change: object) => read('Report', { ...GOOD.Report, ...change }) as { result: unknown };
  for (const odd of [
    {},
    1,
    'x',
    { ...result, more: 1 },
    { ...result, failureCount: 1e15 },
    { ...result, failures: null },
  ])
    expect(report({ result: odd }).result).toEqual({
      outcome: { code: 'agent-fault', counts: {}, refs: {} },
      failures: [],
      failureCount: 0,
    });
  expect(report({ result: null }).result).toBeNull();
  expect(
    report({ progress: { ...progress, fraction: 1e308, bytesDone: -5 }, lines: [[1e300, 'out', 'x']] }),
  ).toMatchObject({
    progress: { fraction: 1, bytesDone: 0 },
    lines: [[Date.UTC(9999, 11, 31), 'out', 'x']],
  });
});

test('HJ-12: what an honest agent sends arrives whole, with why nothing moves and since when', () => {
  const whole = {
    ...progress,
    note: 'Save(<data/1>) returned error, retrying after 5 s',
    noteAt: '2026-11-28T00:00:00.000Z',
  };
  const passed = (sent: object) =>
    (read('Report', { ...GOOD.Report, progress: sent }) as { progress: unknown }).progress;
  const said = (more: object) => passed({ ...whole, ...more });
  expect(said({})).toEqual(whole);
  expect(said({ note: null, noteAt: null })).toMatchObject({ note: null, noteAt: null });
  expect(said({ noteAt: 'yesterday' })).toMatchObject({ note: whole.note, noteAt: null });
  expect(passed(progress)).toEqual(progress);
});

test('an agent of another version is told so, whatever fields it has', () => {
  expect(() => read('Hello', { protocol: 2, whatever: true })).toThrow(/update the gateway/);
});
