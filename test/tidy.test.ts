import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configurationTable } from '../src/config/documentation.ts';
import { ACROSS_ORGANIZATIONS } from './tidy/across-orgs.ts';
import { keepsOrder } from './tidy/areas.ts';
import { circlesOf } from './tidy/circles.ts';
import { sharedNames } from './tidy/names.ts';
import { PATTERNS } from './tidy/patterns.ts';
import { ROOMS, WORKFLOW_VALUES } from './tidy/rooms.ts';
import { filesOf, importsOf, longFunctions, ROOT, type SourceFile } from './tidy/source.ts';

const sources = filesOf('src', /\.ts$/);
const product = sources.filter(({ path }) => !/\.(?:test|fixture)\.ts$/.test(path));
const inSrc = (file: SourceFile) => file.path.slice('src/'.length);

function foreignImports(file: SourceFile): string[] {
  const room = ROOMS.find(({ path }) => inSrc(file).startsWith(path));
  if (inSrc(file).startsWith('workflows/')) return foreignWorkflowImports(file);
  if (!room) return [`${file.path} stands in no room: add it to test/tidy/rooms.ts`];
  const ours = importsOf(file).filter(({ from }) => /^(?:[a-z]+\/|migrations\/)/.test(from) && from.endsWith('.ts'));
  return ours
    .filter(({ from }) => !room.mayImport.some((allowed) => from.startsWith(allowed)))
    .map(({ from }) => `${file.path} imports ${from}: ${room.reason}`);
}

function foreignWorkflowImports(file: SourceFile): string[] {
  return importsOf(file)
    .filter(({ from, typeOnly }) => !typeOnly && !WORKFLOW_VALUES.some((allowed) => from.startsWith(allowed)))
    .map(
      ({ from }) =>
        `${file.path} imports the value ${from}: workflow code is replayed and may not change from elsewhere`,
    );
}

describe('imports go one way', () => {
  test('in every file of the product', () => {
    expect(product.length).toBeGreaterThan(200);
    expect(product.flatMap(foreignImports)).toEqual([]);
  });

  test('and the check sees one that goes the other', () => {
    const wrong = (path: string, text: string) => foreignImports({ path, text });
    expect(wrong('src/db/x.ts', `import { openWorkflowEngine } from '../temporal/workflow-engine.ts';`)).toHaveLength(
      1,
    );
    expect(wrong('src/lib/x.ts', `import type { Kind } from '../kinds/index.ts';`)).toHaveLength(1);
    expect(wrong('src/activities/host/x.ts', `const x = await import('../../db/core/database.ts');`)).toHaveLength(1);
    expect(wrong('src/workflows/x.ts', `import { KINDS } from '../kinds/index.ts';`)).toHaveLength(1);
    expect(wrong('src/workflows/x.ts', `import type { Kind } from '../kinds/index.ts';`)).toHaveLength(0);
    expect(wrong('src/nowhere/x.ts', '')).toHaveLength(1);
  });
});

describe('one name, one thing', () => {
  test('an exported type, interface or class has its name to itself', () => {
    expect(sharedNames(product)).toEqual([]);
  });

  test('and the check sees two that share one', () => {
    const files = [
      { path: 'src/a.ts', text: 'export interface Row {}\nexport const Value = 1;\nexport type Value = string;' },
      { path: 'src/b.ts', text: 'export class Row {}\ntype Value = number;' },
    ];
    expect(sharedNames(files)).toEqual(['Row: src/a.ts, src/b.ts']);
  });
});

describe('areas inside a layer', () => {
  const against = (file: SourceFile) =>
    importsOf(file)
      .filter(({ from }) => from.endsWith('.ts') && !keepsOrder(inSrc(file), from))
      .map(({ from }) => `${inSrc(file)} -> ${from}`);

  test('import their core and areas to their left', () => {
    expect(product.flatMap(against)).toEqual([]);
  });

  test('and the check sees one that runs the other way', () => {
    expect(against({ path: 'src/db/jobs/x.ts', text: `import { x } from '../backup/y.ts';` })).toHaveLength(1);
    expect(against({ path: 'src/db/core/x.ts', text: `import { x } from '../jobs/y.ts';` })).toHaveLength(1);
    expect(against({ path: 'src/db/backup/x.ts', text: `import { x } from '../jobs/run/y.ts';` })).toEqual([]);
    expect(against({ path: 'src/api/app.ts', text: `import { x } from './jobs/y.ts';` })).toEqual([]);
  });

  test('hold at most 20 files a folder, tests and fixtures aside', () => {
    const sizes = Map.groupBy(product, ({ path }) => path.slice(0, path.lastIndexOf('/')));
    expect([...sizes].filter(([, files]) => files.length > 20).map(([folder]) => folder)).toEqual([]);
  });
});

describe('files that import each other in a circle', () => {
  test('are not there', () => {
    expect(circlesOf(product)).toEqual([]);
  });

  test('and one is seen', () => {
    const file = (name: string, other: string) => ({ path: `src/lib/${name}.ts`, text: `import './${other}.ts';` });
    expect(circlesOf([file('a', 'b'), file('b', 'c'), file('c', 'a'), file('d', 'a')])).toHaveLength(1);
  });
});

describe.each(PATTERNS.map((pattern) => [pattern.name, pattern] as const))('%s', (_name, pattern) => {
  const hits = (file: SourceFile) =>
    file.text
      .split('\n')
      .flatMap((line, at) => (pattern.finds.test(line) ? [`${file.path}:${at + 1}: ${line.trim()}`] : []));

  test(`stands nowhere but where it may: ${pattern.reason}`, () => {
    const files = filesOf(pattern.under, pattern.files).filter(
      ({ path }) => !pattern.allowed.some((a) => path.startsWith(a)),
    );
    expect(files.flatMap(hits)).toEqual([]);
  });

  test('is found where it should not be', () => {
    expect(hits({ path: 'wrong.ts', text: pattern.sample })).toHaveLength(1);
  });
});

test('every place that looks across organisations is written down, and no other', () => {
  const uses = product.filter(
    ({ path, text }) => path !== 'src/db/core/database.ts' && text.includes('acrossOrganizations('),
  );
  expect(uses.map(({ path }) => path).sort()).toEqual(Object.keys(ACROSS_ORGANIZATIONS).sort());
});

describe('one idea a file', () => {
  const MOST_LINES = 200;
  const MOST_FUNCTION_LINES = 50;

  test('files over 200 lines and functions over 50 say why', () => {
    const long = product.flatMap(({ path, text }) => {
      if (/^\/\/ long: .{10,}/m.test(text)) return [];
      const lines = text.trimEnd().split('\n').length;
      const functions = longFunctions(text, MOST_FUNCTION_LINES).map(
        ({ name, lines: n }) => `${path}: ${name} has ${n} lines`,
      );
      return [...(lines > MOST_LINES ? [`${path} has ${lines} lines`] : []), ...functions];
    });
    expect(long).toEqual([]);
  });

  test('and a long function is seen', () => {
    const body = Array.from({ length: 60 }, () => '  work();').join('\n');
    expect(longFunctions(`export async function big(): void {\n${body}\n}`, MOST_FUNCTION_LINES)).toHaveLength(1);
  });
});

describe('dependencies', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const all: Record<string, string> = { ...manifest.dependencies, ...manifest.devDependencies };

  test('are pinned exactly', () => {
    expect(Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))).toEqual([]);
  });

  test('each have a line that says why', () => {
    const said = readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8');
    expect(Object.keys(all).filter((name) => !said.includes(`\`${name}\``))).toEqual([]);
  });
});

test('RUN-8: the table of variables in the documentation is the one of the program', () => {
  expect(readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8')).toContain(configurationTable());
});
