// Writes src/cli/client/openapi.generated.ts: npm --prefix tools/openapi-client ci && npm --prefix tools/openapi-client run generate
// A package of its own: the generator needs the JS API of TypeScript 5, which the compiler of the product no longer has.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const text = readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
const document = JSON.parse(text);
// Refusals are one schema, Problem, whatever was asked; without them the file is a third.
for (const operations of Object.values(document.paths))
  for (const { responses } of Object.values(operations))
    for (const [status, response] of Object.entries(responses)) {
      delete response.headers;
      if (!status.startsWith('2')) delete responses[status];
    }
const sha256 = (of) => createHash('sha256').update(of).digest('hex');
const types = astToString(await openapiTS(document, { alphabetize: true }));
const head = `// Made by tools/openapi-client from docs/openapi.json; not to be edited.
// long: one type for each schema and each operation
// sha256 of the document: ${sha256(text)}
// sha256 of what follows: ${sha256(types)}
`;
writeFileSync(new URL('../../src/cli/client/openapi.generated.ts', import.meta.url), `${head}\n${types}`);
