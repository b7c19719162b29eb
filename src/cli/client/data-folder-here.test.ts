import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withDataFolderHere } from './data-folder-here.ts';

const root = mkdtempSync(join(tmpdir(), 'holdfast-here-'));
const project = join(root, 'project');
const own = process.getuid?.() ?? 0;

function dataFolderIn(folder: string): string {
  const data = join(folder, '.holdfast');
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'cli.json'), '{}');
  return data;
}
const dataSeenFrom = (folder: string, env = {}, uid = own) =>
  withDataFolderHere(env, { folder, project, uid }).HOLDFAST_DATA;

beforeAll(() => {
  dataFolderIn(project);
  dataFolderIn(join(root, 'other'));
  mkdirSync(join(root, 'other/a/b'), { recursive: true });
  // One without cli.json: nothing was started there.
  mkdirSync(join(root, 'other/a/.holdfast'));
});
afterAll(() => rmSync(root, { recursive: true }));

test('the command line finds the nearest data folder upwards, else the one of npm start', () => {
  expect(dataSeenFrom(join(root, 'other/a/b'))).toBe(join(root, 'other/.holdfast'));
  expect(dataSeenFrom(join(root, 'other'))).toBe(join(root, 'other/.holdfast'));
  expect(dataSeenFrom('/')).toBe(join(project, '.holdfast'));
});

test('one that is named wins, and where there is none nothing is made up', () => {
  expect(dataSeenFrom(join(root, 'other'), { HOLDFAST_DATA: '/named' })).toBe('/named');
  const nowhere = { folder: '/', project: '/nonexistent', uid: own };
  expect(withDataFolderHere({ PATH: '/bin' }, nowhere)).toEqual({ PATH: '/bin' });
});

test('one above that belongs to somebody else is not taken: who made it would be told our secrets', () => {
  const data = dataFolderIn(join(root, 'shared'));
  const folder = join(root, 'shared/below');
  mkdirSync(folder);
  const owner = own === 0 ? 54_321 : own;
  chownSync(join(data, 'cli.json'), owner, -1);
  const seenBy = (uid: number) => withDataFolderHere({}, { folder, project: '/nonexistent', uid }).HOLDFAST_DATA;
  expect(seenBy(owner)).toBe(data);
  expect(seenBy(owner + 1)).toBeUndefined();
  // Where we stand it is refused with words: the folder may be shared.
  const standing = { folder: join(root, 'shared'), project: '/nonexistent' };
  expect(() => withDataFolderHere({}, { ...standing, uid: owner + 1 })).toThrow(
    /belongs to another account.*HOLDFAST_DATA=/,
  );
  expect(withDataFolderHere({}, { ...standing, uid: owner }).HOLDFAST_DATA).toBe(data);
  // Beside our own program it is taken, as `up` would: root asks what a service's account runs.
  const asked = { project: `${join(root, 'shared')}/`, uid: owner + 1 };
  for (const from of ['/', folder]) expect(withDataFolderHere({}, { folder: from, ...asked }).HOLDFAST_DATA).toBe(data);
});
