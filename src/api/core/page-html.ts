import type { FastifyReply } from 'fastify';

export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);

/** Links of ours as seen from the page itself: behind a proxy that serves us below a path, `/` is somebody else's. */
function relativeLinks(body: string, url: string): string {
  const depth = url.split('?')[0]!.split('/').length - 2;
  return body.replaceAll('href="/', `href="${'../'.repeat(depth) || './'}`);
}

/** A small page of our own: no script, nothing from outside. `body` is HTML. */
export function sendPage(reply: FastifyReply, title: string, body: string): FastifyReply {
  return reply
    .header(
      'content-security-policy',
      "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    )
    .type('text/html; charset=utf-8')
    .serializer(String)
    .send(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title === 'Holdfast' ? title : `${title} - Holdfast`)}</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:42rem;margin:3rem auto;padding:0 1rem;color-scheme:light dark}code{font-family:ui-monospace,monospace}</style>
</head><body><main><h1>${escapeHtml(title)}</h1>
${relativeLinks(body, reply.request.url)}
</main></body></html>
`);
}
