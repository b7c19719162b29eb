import Type from 'typebox';
import { ERRORS } from '../../catalog/errors.ts';
import type { App } from '../core/app-type.ts';
import { notFound } from '../core/caller.ts';
import { escapeHtml, sendPage } from '../core/page-html.ts';
import { isErrorCode } from '../core/problem.ts';
import { publicProblems } from '../core/problem-schema.ts';

const Html = { 200: { description: 'A page for people.', content: { 'text/html': { schema: Type.String() } } } };

/** The page behind the `type` of each problem. */
export function problemPages(app: App): void {
  app.get(
    '/problems',
    {
      config: { public: true },
      schema: { summary: 'All codes of problems', response: { ...Html, ...publicProblems() } },
    },
    async (_request, reply) => {
      const rows = Object.entries(ERRORS).map(
        ([code, { status, title }]) =>
          `<li><a href="/problems/${code}"><code>${code}</code></a> (${status}): ${escapeHtml(title)}</li>`,
      );
      return sendPage(reply, 'Problems', `<ul>\n${rows.join('\n')}\n</ul>`);
    },
  );
  app.get(
    '/problems/:code',
    {
      config: { public: true },
      schema: {
        summary: 'What a code means and what to do',
        params: Type.Object({ code: Type.String({ maxLength: 64 }) }, { additionalProperties: false }),
        response: { ...Html, ...publicProblems(404) },
      },
    },
    async (request, reply) => {
      const { code } = request.params;
      if (!isErrorCode(code)) throw notFound();
      const { status, title, help } = ERRORS[code];
      return sendPage(
        reply,
        title,
        `<p><code>${code}</code>, status ${status}</p>\n<p>${escapeHtml(help).replaceAll(/`([^`]+)`/g, '<code>$1</code>')}</p>\n<p><a href="/problems">All codes</a></p>`,
      );
    },
  );
}
