/** Numbers that look random and are the same for the same seed (mulberry32). */
export function dice(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const LONG = 'x'.repeat(300_000);
const TEXTS = [
  '',
  '\0',
  '\ud800',
  'a\0b',
  '\u001b]0;x\u0007',
  '\u202e\u2028',
  '__proto__',
  'toString',
  '../../etc/passwd',
  "';--",
  LONG,
];
const NUMBERS = [-1, 0, 0.5, 2 ** 31, 2 ** 53, 1e308, -1e308];
const OTHERS: readonly unknown[] = [
  null,
  true,
  [],
  {},
  [[[]]],
  ['\0'],
  { '\0': '\0' },
  { toString: 1 },
  JSON.parse('{"__proto__":{"x":1}}'),
];

export function spoiltValue(roll: (below: number) => number): unknown {
  const kinds: readonly (readonly unknown[])[] = [TEXTS, TEXTS, NUMBERS, OTHERS];
  const values = kinds[roll(kinds.length)]!;
  return values[roll(values.length)];
}

/** The places of everything in a message. */
function placesOf(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [at];
  return [at, ...Object.entries(value).flatMap(([name, inner]) => placesOf(inner, [...at, name]))];
}

function withChange(message: unknown, [name, ...rest]: readonly string[], change: unknown): unknown {
  if (name === undefined) return change;
  const copy = (Array.isArray(message) ? [...message] : { ...(message as object) }) as Record<string, unknown>;
  copy[name] = withChange(copy[name], rest, change);
  return copy;
}

/** The message with one of its fields spoilt, or with one more. */
export function spoilt<Message extends object>(message: Message, roll: (below: number) => number): Message {
  const places = placesOf(message).slice(1);
  if (roll(10) === 0) return { ...message, [`more${roll(100)}`]: spoiltValue(roll) };
  return withChange(message, places[roll(places.length)]!, spoiltValue(roll)) as Message;
}
