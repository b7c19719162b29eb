import type { Browser } from 'playwright-core';
import { vi } from 'vitest';

export interface SeenPage {
  /** What a person can read on it. */
  readonly text: string;
  /** Addresses of its links. */
  readonly links: readonly string[];
  /** Failed requests, and what stands in the console as an error. */
  readonly wrong: readonly string[];
}

/** Opens an address as a person would, and looks at it when it has settled. */
export async function openPage(browser: Browser, address: string): Promise<SeenPage> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  try {
    const page = await context.newPage();
    const wrong: string[] = [];
    page.on('requestfailed', (request) => wrong.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on(
      'response',
      (response) => response.status() >= 400 && wrong.push(`${response.url()}: ${response.status()}`),
    );
    page.on('console', (message) => message.type() === 'error' && wrong.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => wrong.push(`script: ${error.message}`));
    await page.goto(address);
    // biome-ignore lint/performance/useDomNodeTextContent: only what can be seen counts
    const read = () => page.locator('body').innerText();
    await vi.waitUntil(async () => (await read()).trim().length > 20, { timeout: 30_000, interval: 100 });
    await page.waitForLoadState('networkidle');
    const links = await page
      .locator('a[href]')
      .evaluateAll((all) => all.map((one) => String(Reflect.get(one, 'href'))));
    return { text: await read(), links, wrong };
  } finally {
    await context.close();
  }
}
