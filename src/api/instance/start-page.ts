import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { App } from '../core/app-type.ts';
import { escapeHtml, sendPage } from '../core/page-html.ts';
import type { ApiParts } from '../core/parts.ts';
import { publicProblems } from '../core/problem-schema.ts';

const LINKS = {
  docs: '/api/v1/docs',
  openapi: '/api/v1/openapi.json',
  health: '/readyz',
  problems: '/problems',
} as const;

const Start = Type.Object(
  {
    name: Type.String(),
    version: Type.String(),
    links: Type.Object({
      docs: Type.String(),
      openapi: Type.String(),
      health: Type.String(),
      problems: Type.String(),
    }),
  },
  { title: 'Start' },
);

const textOf = (
  version: string,
): string => `<p>This is Holdfast ${escapeHtml(version)}: jobs, backups and alerts for fleets of hosts. It is running.</p>
<p>Pages on which to look at jobs and hosts come with a later release. Until then everything is done with the command line,
<code>holdfast</code>, or by programs with an API key.</p>
<ul>
<li><a href="${LINKS.docs}">What the API can do</a>, to try out in the browser</li>
<li><a href="${LINKS.openapi}">The same for programs</a> (OpenAPI 3.1)</li>
<li><a href="${LINKS.problems}">What each code of a problem means</a>, and what to do</li>
<li><a href="${LINKS.health}">Are all parts well?</a></li>
</ul>`;

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1f6f5c"/><path d="M5 3v10M11 3v10M5 8h6" stroke="#fff" stroke-width="2"/></svg>`;

/** Where people arrive who open the address that `holdfast up` prints. */
export function startPage(app: App, { build }: ApiParts): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('vary', 'accept');
    if (request.headers.accept?.includes('text/html')) return sendPage(reply, 'Holdfast', textOf(build.version));
    return reply.send({ name: 'Holdfast', version: build.version, links: LINKS });
  };
  // Browsers ask for it with every page, and show what is missing as an error.
  app.get('/favicon.ico', { config: { public: true }, schema: { hide: true } }, async (_request, reply) =>
    reply.type('image/svg+xml').header('cache-control', 'max-age=86400').send(ICON),
  );
  for (const url of ['/', '/api/v1'])
    app.get(
      url,
      {
        config: { public: true },
        schema: {
          operationId: url === '/' ? 'getRoot' : 'getStart',
          summary: 'Where to go from here; a page for browsers',
          response: {
            200: {
              description: 'Where to go from here.',
              content: { 'application/json': { schema: Start }, 'text/html': { schema: Type.String() } },
            },
            ...publicProblems(),
          },
        },
      },
      answer,
    );
}
