/** How far somebody is in the log of one attempt: the sequence of the line that comes next. */
export interface AttemptPlace {
  readonly run: number;
  readonly attempt: number;
  readonly next: number;
}

/**
 * How far somebody is in the log of a job. One number would not do: an agent that was cut off brings the lines of an
 * earlier attempt when a later one already speaks. In the order of runs and attempts; who is not in it stands at 0.
 */
export type LogPosition = readonly AttemptPlace[];

export const LOG_START: LogPosition = [];

const isOf = (place: AttemptPlace, run: number, attempt: number) => place.run === run && place.attempt === attempt;

export function nextIn(position: LogPosition, run: number, attempt: number): number {
  return position.find((place) => isOf(place, run, attempt))?.next ?? 0;
}

/** The position once the lines before `next` of this attempt have been seen. */
export function advanced(position: LogPosition, run: number, attempt: number, next: number): LogPosition {
  const others = position.filter((place) => !isOf(place, run, attempt));
  if (next === 0) return others;
  return [...others, { run, attempt, next }].sort((a, b) => a.run - b.run || a.attempt - b.attempt);
}

/** Is the first one at least as far as the other, in every attempt? */
export function reaches(position: LogPosition, other: LogPosition): boolean {
  return other.every((place) => nextIn(position, place.run, place.attempt) >= place.next);
}

/** Where the last `count` lines before this end start. */
export function tailOf(end: LogPosition, count: number): LogPosition {
  let left = count;
  return end
    .toReversed()
    .map((place) => {
      const shown = Math.min(left, place.next);
      left -= shown;
      return { ...place, next: place.next - shown };
    })
    .filter((place) => place.next > 0)
    .reverse();
}

/** `1.1.57_1.2.3`: of run 1, attempt 1 is read up to line 56 and attempt 2 up to line 2. `0` at the start. */
export function printPosition(position: LogPosition): string {
  return position.map(({ run, attempt, next }) => `${run}.${attempt}.${next}`).join('_') || '0';
}

const PLACE = /^([1-9]\d{0,8})\.([1-9]\d{0,8})\.([1-9]\d{0,14})$/;

/** The position of a text, or null when it is none of ours. */
export function parsePosition(text: string): LogPosition | null {
  if (text === '0') return LOG_START;
  let position = LOG_START;
  for (const part of text.split('_')) {
    const found = PLACE.exec(part);
    if (!found) return null;
    const [run, attempt, next] = found.slice(1).map(Number) as [number, number, number];
    position = advanced(position, run, attempt, next);
  }
  return printPosition(position) === text ? position : null;
}
