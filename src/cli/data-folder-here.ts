import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../config/environment.ts';

/** Where the person stands. */
export interface Whereabouts {
  readonly folder: string;
  /** Our checkout or package: `npm start` keeps its data folder there. */
  readonly project: string;
  /** The account that asks; undefined where there are none. */
  readonly uid: number | undefined;
}

export const whereabouts = (folder: string): Whereabouts => ({
  folder,
  project: fileURLToPath(new URL('../..', import.meta.url)),
  uid: process.getuid?.(),
});

/**
 * The environment with the data folder that is meant here, unless one is named: the nearest `.holdfast` on the way up, as
 * git finds its own, else the one of `npm start`. One above us counts only when it is ours or root's: its `cli.json` says
 * whom we send secrets to, and anybody may make one in a shared folder. Nobody else makes one beside the program that we
 * run, so root finds that of a service's account.
 */
export function withDataFolderHere(env: Environment, { folder, project, uid }: Whereabouts): Environment {
  if (env.HOLDFAST_DATA) return env;
  const [here, ours] = [resolve(folder), resolve(project)];
  const found = [...upwards(here), ours].find((at) => {
    const owner = ownerOfProfile(at);
    return owner !== null && (at === here || at === ours || uid === undefined || owner === uid || owner === 0);
  });
  return found === undefined ? env : { ...env, HOLDFAST_DATA: join(found, '.holdfast') };
}

const upwards = (folder: string): string[] =>
  folder === dirname(folder) ? [folder] : [folder, ...upwards(dirname(folder))];

function ownerOfProfile(folder: string): number | null {
  try {
    return statSync(join(folder, '.holdfast', 'cli.json')).uid;
  } catch {
    return null;
  }
}
