import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { PROGRAMS } from '../../src/embedded/programs/program-list.ts';
import { findProgram } from '../../src/embedded/programs/programs.ts';
import { cachedProgram } from '../../src/embedded/programs/programs-build.ts';
import { env, ownFolder } from './place.ts';

function script(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
}

/** Stands in for Go: says its version, and builds slowly, half a file at a time. */
const GO = `if [ "$1" = env ]; then echo go1.26.8; exit 0; fi
while [ "$1" != -o ]; do shift; done
echo started >> "$COUNT"; echo '#!/bin/sh' > "$2"; sleep 0.4; echo 'echo restic 0.18.1 built' >> "$2"`;

function options(folder: string, more: object = {}) {
  const steps: string[] = [];
  const report = (line: { step: string }) => steps.push(line.step);
  return {
    overrides: {},
    path: '',
    cacheDir: join(folder, 'cache'),
    env: { ...env, COUNT: join(folder, 'count') },
    report,
    steps,
    ...more,
  };
}

test('in PATH only a restic that says it is 0.14 or newer will do', async () => {
  const folder = ownFolder();
  script(join(folder, 'old/restic'), 'echo restic 0.12.1 compiled with go');
  script(join(folder, 'fake/restic'), 'echo hello');
  const good = script(join(folder, 'good/restic'), 'echo restic 0.14.0 compiled with go');
  const path = ['old', 'fake', 'good'].map((name) => join(folder, name)).join(':');
  expect(await findProgram('restic', options(folder, { path }))).toEqual({
    name: 'restic',
    path: good,
    version: '0.14.0',
    how: 'path',
  });
});

test('a program named by the operator goes first, and is refused when it is another one', async () => {
  const folder = ownFolder();
  const server = script(join(folder, 'server'), 'echo temporal version 1.32.0');
  const found = await findProgram('temporal-server', options(folder, { overrides: { 'temporal-server': server } }));
  expect(found).toMatchObject({ how: 'override', version: '1.32.0' });
  const old = script(join(folder, 'old'), 'echo temporal version 1.29.1');
  const refused = (file: string) =>
    findProgram('temporal-server', options(folder, { overrides: { 'temporal-server': file } }));
  await expect(refused(old)).rejects.toThrow(/HOLDFAST_PROGRAM_TEMPORAL_SERVER is version 1.29.1, needed is 1.32.x/);
  await expect(refused('/nowhere')).rejects.toThrow(/does not name a program.*\/nowhere.*unset it/);
});

test('without Go one message says what is missing and what to do', async () => {
  const missing = findProgram('restic', options(ownFolder()));
  await expect(missing).rejects.toThrow(
    /restic 0.18.1 is missing.*Install Go 1.26.8 or newer, or set HOLDFAST_PROGRAM_RESTIC/,
  );
});

test('two that build at once build one time, and leave one whole program', async () => {
  const folder = ownFolder();
  const goPath = script(join(folder, 'go'), GO);
  const one = options(folder, { goPath });
  const found = await Promise.all([findProgram('restic', one), findProgram('restic', options(folder, { goPath }))]);
  expect(found.map((program) => program.how)).toEqual(['built', 'built']);
  expect(readdirSync(dirname(found[0].path))).toEqual(['restic']);
  expect(await findProgram('restic', options(folder))).toMatchObject({ how: 'cache', version: '0.18.1' });
  expect(one.steps).toContain('built');
  expect(readFileSync(join(folder, 'count'), 'utf8')).toBe('started\n');
});

test('the lock of a build that was killed does not stop the next one', async () => {
  const folder = ownFolder();
  const lock = `${cachedProgram(PROGRAMS.restic, join(folder, 'cache'))}.lock`;
  mkdirSync(lock, { recursive: true });
  writeFileSync(join(lock, 'holder'), JSON.stringify({ pid: process.pid, startTime: '1' }));
  const found = await findProgram('restic', options(folder, { goPath: script(join(folder, 'go'), GO) }));
  expect(found.how).toBe('built');
});

test('a build that fails says the last words of the compiler and leaves nothing', async () => {
  const folder = ownFolder();
  const goPath = script(
    join(folder, 'go'),
    'if [ "$1" = env ]; then exit 0; fi\necho "dial tcp: no route" >&2; exit 1',
  );
  await expect(findProgram('restic', options(folder, { goPath }))).rejects.toThrow(
    /could not be built: dial tcp: no route \(tools\/restic\)/,
  );
  expect(readdirSync(dirname(cachedProgram(PROGRAMS.restic, join(folder, 'cache'))))).toEqual([]);
});
