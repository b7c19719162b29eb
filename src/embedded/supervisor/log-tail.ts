import { readFileSync } from 'node:fs';

/** The end of a program's log, for a message: the latest line that speaks of an error, else the last one. */
export function logTail(logFile: string): string {
  let lines: string[];
  try {
    lines = readFileSync(logFile, 'utf8').trim().split('\n').slice(-30);
  } catch {
    return 'it said nothing';
  }
  const line = lines.findLast((text) => /error|fatal|panic|unable/i.test(text)) ?? lines.at(-1) ?? '';
  try {
    // Temporal writes JSON with a stack trace of a page.
    const { msg, error } = JSON.parse(line) as { msg?: string; error?: string };
    return [msg, error].filter(Boolean).join(': ');
  } catch {
    return line.slice(0, 400);
  }
}
