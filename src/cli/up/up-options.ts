import type { Config } from '../../config/config.ts';
import type { Environment } from '../../config/environment.ts';

export interface UpOptions {
  readonly config: Config;
  readonly env: Environment;
  readonly version: string;
  /** A line for the person who started us. */
  readonly say: (line: string) => void;
  /** False: no first backup at the very first start. */
  readonly firstJob: boolean;
}
