import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { asTypedHere, commandHere } from './here.ts';

let base: string;
let project: string;
let script: string;
const bin = (...names: string[]) => join(base, ...names);

beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-here-')));
  project = bin('project');
  script = join(project, 'scripts', 'holdfast.mjs');
  for (const folder of [
    'project/scripts',
    'project/deep/er',
    'project/other',
    'elsewhere',
    'bin',
    'own',
    'x/node_modules/.bin',
  ])
    mkdirSync(bin(folder), { recursive: true });
  writeFileSync(join(project, 'package.json'), '{}');
  writeFileSync(bin('project/other/package.json'), '{}');
  writeFileSync(script, '');
  chmodSync(script, 0o755);
  writeFileSync(bin('bin', 'node'), '');
  for (const folder of ['own', 'x/node_modules/.bin']) symlinkSync(script, bin(folder, 'holdfast'));
});
afterAll(() => rmSync(base, { recursive: true }));

const here = (folder: string, path = bin('bin')) =>
  commandHere({ folder: bin(folder), path, project: `${project}/`, node: '/opt/a node' });

test('RUN-23: inside our folder npx finds ours, in a folder with a package of its own or outside it would not', () => {
  expect(here('project')).toBe('npx holdfast');
  expect(here('project/deep/er')).toBe('npx holdfast');
  for (const folder of ['project/other', 'elsewhere', 'nowhere']) expect(here(folder)).toBe(script);
});

test('a holdfast in the PATH counts when it is ours, and not when npx has put it there', () => {
  expect(here('project', bin('own'))).toBe('holdfast');
  expect(here('elsewhere', `${bin('x/node_modules/.bin')}:${bin('bin')}`)).toBe(script);
  writeFileSync(bin('bin', 'holdfast'), 'of somebody else');
  expect(here('elsewhere')).toBe(script);
});

test('where the script cannot be executed, or there is no node, the command says with what to run it', () => {
  expect(here('elsewhere', '')).toBe(`'/opt/a node' ${script}`);
  chmodSync(script, 0o644);
  // Root may execute what nobody may execute only when somebody may.
  expect(here('elsewhere')).toBe(`node ${script}`);
  chmodSync(script, 0o755);
});

test('only what is a command of ours is written anew', () => {
  const typed = (text: string) => asTypedHere(text, '/opt/$& x');
  expect(typed('See "holdfast jobs list", then holdfast plans edit NAME.')).toBe(
    'See "/opt/$& x jobs list", then /opt/$& x plans edit NAME.',
  );
  for (const text of ['holdfast: no', 'holdfast data', '/srv/holdfast jobs', 'my.holdfast jobs', 'holdfast jobsite'])
    expect(typed(text)).toBe(text);
});
