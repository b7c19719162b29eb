import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { openBrowser } from '../harness/chromium.ts';
import { openPage } from '../harness/open-page.ts';
import { ownFolder, removeFolder, Up } from './up-process.ts';

const folder = ownFolder();
afterAll(() => removeFolder(folder));

/** Pages that are looked at side by side. */
const AT_ONCE = 4;

/** Pages that belong to others, or show thousands of links of their own: opened, but their links are not followed. */
const isOurs = (address: string, origin: string) =>
  address.startsWith(origin) && !address.startsWith(`${origin}/api/v1/docs`);

test('RUN-23 RUN-2: every address that is printed opens in a browser with something to read and nothing that fails, and so does every link', async (context) => {
  const browser = await openBrowser();
  if (typeof browser === 'string') return context.skip(browser);
  onTestFinished(() => browser.close());
  const up = new Up({ HOLDFAST_DATA: join(folder, 'data') });
  await up.until('Ctrl-C stops everything');
  const printed = [...new Set(up.out.match(/https?:\/\/[^\s,;)"']+/g))];
  // API, documentation, Temporal UI, set-up link.
  expect(printed.length).toBeGreaterThanOrEqual(4);
  const { origin } = new URL(printed.find((address) => address.endsWith('/api/v1'))!);
  const waiting = [...printed, `${origin}/`];
  const seen = new Map<string, string>();
  while (waiting.length > 0) {
    const open = [...new Set(waiting.splice(0))].filter((address) => !seen.has(address));
    const next = open.splice(0, AT_ONCE);
    waiting.push(...open);
    const pages = await Promise.all(next.map(async (address) => ({ address, ...(await openPage(browser, address)) })));
    for (const { address, text, links, wrong } of pages) {
      expect(wrong, address).toEqual([]);
      seen.set(address, text);
      if (isOurs(address, origin)) waiting.push(...links);
    }
  }
  expect(seen.get(`${origin}/api/v1`)).toContain('holdfast');
  expect(seen.get(`${origin}/api/v1/docs`)).toContain('Start a job');
  expect([...seen.keys()].some((address) => address.endsWith('/problems/invalid-input'))).toBe(true);
  up.signal('SIGINT');
  expect((await up.ended).code).toBe(0);
});
