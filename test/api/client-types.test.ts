import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test('the types of the client are made from docs/openapi.json as it is; tools/openapi-client makes them anew', () => {
  const made = /^\/\/ sha256 of the document: ([0-9a-f]{64})$/m.exec(read('src/cli/client/openapi.generated.ts'))?.[1];
  expect(made).toBe(createHash('sha256').update(read('docs/openapi.json')).digest('hex'));
});
