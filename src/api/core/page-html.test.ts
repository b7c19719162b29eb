import fastify from 'fastify';
import { expect, test } from 'vitest';
import { sendPage } from './page-html.ts';

test.each([
  ['/', './problems'],
  ['/setup?x=/y', './problems'],
  ['/api/v1', '../problems'],
  ['/problems/not-found', '../problems'],
])('a link of the page at %s also leads to us below the path of a proxy', async (url, link) => {
  const app = fastify();
  app.get('*', (_request, reply) => sendPage(reply, 'Page', '<a href="/problems">All</a>'));
  const { body } = await app.inject(url);
  expect(body).toContain(`href="${link}"`);
  expect(new URL(link, `http://proxy/holdfast${url}`).pathname).toBe('/holdfast/problems');
});
