import { expect, test } from 'vitest';
import { MIGRATIONS } from '../../../migrations/index.ts';
import { FUNCTIONS, functionsDigest, functionText } from './index.ts';

test('functions that changed come with a migration, by which a program of before knows that it has older ones', () => {
  const named = MIGRATIONS.findLast((migration) => 'functions' in migration);
  const digest = functionsDigest(FUNCTIONS.map(functionText));
  expect(
    named,
    `add to migrations/index.ts: { name: 'YYYYMMDDNNNN_<what>', class: FunctionsChanged, functions: '${digest}' }`,
  ).toMatchObject({ functions: digest });
});
test('a digest changes with a body, not with the comment above it', () => {
  const texts = FUNCTIONS.map(functionText);
  for (const text of texts) expect(text).toMatch(/^create or replace function /);
  expect(functionsDigest(texts.with(3, `${texts[3]} `))).not.toBe(functionsDigest(texts));
});
