import type { Report } from '../processes/place/start-problem.ts';

/** What `holdfast up` tells the person who started it. */
export interface ProgressOutput {
  /** A step that is done, with the time since the start before it. */
  step(what: string, tookMs?: number): void;
  /** A line as it is. */
  line(text: string): void;
  readonly report: Report;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export function progressOutput(line: (text: string) => void, now: () => number): ProgressOutput {
  const began = now();
  const step = (what: string, tookMs?: number) => {
    const took = tookMs === undefined ? '' : ` (${seconds(tookMs)})`;
    line(`[${seconds(now() - began).padStart(7)}] ${what}${took}`);
  };
  return { line, step, report: (told) => step(`${told.program}: ${told.step}`, told.elapsedMs) };
}
