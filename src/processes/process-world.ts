import type { Environment } from '../config/environment.ts';

/** What the bodies of commands are given of the process that they run in. */
export interface ProcessWorld {
  readonly env: Environment;
  readonly print: (line: string) => void;
  readonly version?: string;
}
