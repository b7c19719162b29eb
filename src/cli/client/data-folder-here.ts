import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../config/environment.ts';
import { CliError, EXIT } from '../output/exit.ts';

/** Where the person stands. */
interface Whereabouts {
  readonly folder: string;
  /** Our checkout or package: `npm start` keeps its data folder there. */
  readonly project: string;
  /** The account that asks; undefined where there are none. */
  readonly uid: number | undefined;
}

export const whereabouts = (folder: string): Whereabouts => ({
  folder,
  project: fileURLToPath(new URL('../../..', import.meta.url)),
  uid: process.getuid?.(),
});

/**
 * The environment with the data folder that is meant here, unless one is named: the nearest `.holdfast` on the way up, as
 * git finds its own, else the one of `npm start`. One of another account counts only when that is root: its `cli.json` says
 * whom we send secrets to, and anybody may make one in a shared folder. Nobody else makes one beside the program that we
 * run, so root finds that of a service's account. One where we stand is not passed over in silence: it is what is meant.
 */
export function withDataFolderHere(env: Environment, { folder, project, uid }: Whereabouts): Environment {
  if (env.HOLDFAST_DATA) return env;
  const [here, ours] = [resolve(folder), resolve(project)];
  const found = [...upwards(here), ours].find((at) => {
    const owner = ownerOfProfile(at);
    if (owner === null) return false;
    if (at === ours || uid === undefined || owner === uid || owner === 0) return true;
    if (at === here) throw foreign(join(at, '.holdfast'), owner);
    return false;
  });
  return found === undefined ? env : { ...env, HOLDFAST_DATA: join(found, '.holdfast') };
}

const foreign = (data: string, owner: number): CliError =>
  new CliError(
    EXIT.usage,
    `${data} belongs to another account (uid ${owner}), which would learn every secret that you send. If you trust it, set HOLDFAST_DATA=${data}; else go to another folder.`,
  );

const upwards = (folder: string): string[] =>
  folder === dirname(folder) ? [folder] : [folder, ...upwards(dirname(folder))];

function ownerOfProfile(folder: string): number | null {
  try {
    return statSync(join(folder, '.holdfast', 'cli.json')).uid;
  } catch {
    return null;
  }
}
