import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** What the head of the generated file says, and what is so: of the document, and of the types below the head. */
function digests(generated: string, document: string) {
  const said = (of: string) => new RegExp(`^// sha256 of ${of}: ([0-9a-f]{64})$`, 'm').exec(generated)?.[1];
  const types = generated.slice(generated.indexOf('\n\n') + 2);
  return {
    said: { document: said('the document'), types: said('what follows') },
    found: { document: sha256(document), types: sha256(types) },
  };
}

test('the types of the client are made from docs/openapi.json as it is; tools/openapi-client makes them anew', () => {
  const [generated, document] = [read('src/cli/client/openapi.generated.ts'), read('docs/openapi.json')];
  const { said, found } = digests(generated, document);
  expect(said).toEqual(found);
  const edited = digests(generated.replace('id: string;', 'id: number;'), `${document} `);
  expect(edited.said.document).not.toBe(edited.found.document);
  expect(edited.said.types).not.toBe(edited.found.types);
});
