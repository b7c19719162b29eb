import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { openBrowser } from '../harness/chromium.ts';
import { openPage } from '../harness/open-page.ts';
import { CLEAN_ENV, ownFolder, removeFolder, Up } from './up-process.ts';

const folder = ownFolder();
afterAll(() => removeFolder(folder));

async function start(): Promise<Up> {
  const up = new Up({ HOLDFAST_DATA: join(folder, 'data') });
  await up.until('Ctrl-C stops everything');
  return up;
}

async function stop(up: Up): Promise<void> {
  up.signal('SIGINT');
  expect((await up.ended).code).toBe(0);
}

/** Pages that are looked at side by side. */
const AT_ONCE = 4;

/** Pages that belong to others, or show thousands of links of their own: opened, but their links are not followed. */
const isOurs = (address: string, origin: string) =>
  address.startsWith(origin) && !address.startsWith(`${origin}/api/v1/docs`);

test('RUN-23 RUN-2: every address that is printed opens in a browser with something to read and nothing that fails, and so does every link', async (context) => {
  const browser = await openBrowser();
  if (typeof browser === 'string') return context.skip(browser);
  onTestFinished(() => browser.close());
  const up = await start();
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
  await stop(up);
});

test('RUN-23: every command that is printed works as it stands, in another terminal', async () => {
  const up = await start();
  const [, printed = ''] = /in another terminal:\n((?: {4}.*\n)+)/.exec(up.out) ?? [];
  // What it is for stands behind two spaces.
  const commands = printed
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/)[0]!.replace('<PATH>', join(folder, 'mine')));
  expect(commands.filter((command) => /holdfast \w/.test(command)).length).toBeGreaterThanOrEqual(3);
  mkdirSync(join(folder, 'mine'));
  writeFileSync(join(folder, 'mine', 'letter.txt'), 'dear all');
  const ran = spawnSync('sh', ['-e', '-c', commands.join('\n')], { env: CLEAN_ENV, encoding: 'utf8' });
  expect(ran, ran.stderr).toMatchObject({ status: 0 });
  expect(ran.stdout).toContain('Snapshot');
  await stop(up);
});
