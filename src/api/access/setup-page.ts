import Type from 'typebox';
import type { App } from '../core/app-type.ts';
import { sendPage } from '../core/page-html.ts';
import { publicProblems } from '../core/problem-schema.ts';

const TEXT = `<p>You are the owner of this instance.</p>
<p>Setting a password here comes with the access release. Until then the API key of the owner works: it lies in
<code>cli.json</code> in the data folder, and the command line finds it there.</p>
<p>Try <code>holdfast jobs list</code>, or read the <a href="/api/v1/docs">API documentation</a>.</p>`;

/** Where the one-time link of the first start leads. The token is not looked at: nothing can be done with it yet. */
export function setupPage(app: App): void {
  app.get(
    '/setup',
    {
      config: { public: true },
      schema: {
        summary: 'Where the one-time link leads',
        response: {
          200: { description: 'A page for people.', content: { 'text/html': { schema: Type.String() } } },
          ...publicProblems(),
        },
      },
    },
    async (_request, reply) => sendPage(reply, 'Set up', TEXT),
  );
}
