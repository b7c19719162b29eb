/** Something a person must mend before Holdfast can start. The message says what, where and what to do; no stack is shown. */
export class StartProblem extends Error {
  constructor(what: string, where: string, whatToDo: string, cause?: unknown) {
    super(`${what} (${where}). ${whatToDo}`, cause === undefined ? undefined : { cause });
    this.name = 'StartProblem';
  }
}

/** One line of progress for the person who waits. */
export type Report = (line: { program: string; step: string; elapsedMs: number }) => void;

/** An environment for a child: always handed in, because only src/config reads ours. */
export type Env = Record<string, string | undefined>;
