import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { choosePorts } from '../../src/embedded/ports.ts';
import type { ProgramRecipe } from '../../src/embedded/programs/program-list.ts';
import { builtProgram } from './built-program.ts';
import { untilTrue } from './until-true.ts';

const RECIPE: ProgramRecipe<'rest-server'> = {
  name: 'rest-server',
  version: '0.14.0',
  module: 'rest-server',
  pkg: 'github.com/restic/rest-server/cmd/rest-server',
  buildArgs: [],
  versionArgs: ['--version'],
  says: /^rest-server (?:rest-server )?v?(\d+\.\d+\.\d+)/m,
  accepts: () => true,
  wanted: '0.14.0',
};

export const findRestServer = (): Promise<string | null> => builtProgram(RECIPE);

export interface RestServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startRestServer(
  program: string,
  folder: string,
  more: readonly string[] = [],
): Promise<RestServer> {
  mkdirSync(folder, { recursive: true });
  const { rest: port } = await choosePorts(`${folder}.ports.json`, ['rest']);
  const args = ['--no-auth', '--path', folder, '--listen', `127.0.0.1:${port}`, ...more];
  const child = spawn(program, args, { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  await untilTrue('rest-server answers', answers, 20_000);
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}
