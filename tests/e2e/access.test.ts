/** axe finds nothing serious in the Lab screen: light, dark and phone; with dialogs and the past. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Server } from 'node:http';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, openPage, press, serveSite, typeLine, until, untilBooted } from './browser.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let site: { readonly url: string; readonly server: Server };
beforeAll(async () => {
  site = await serveSite();
});
afterAll(() => {
  site.server.close();
});

/** Serious and critical findings, as `rule: first element`. */
async function findings(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: {
        run(): Promise<{
          violations: {
            id: string;
            impact: string;
            nodes: { html: string; failureSummary: string }[];
          }[];
        }>;
      };
    };
    const { violations } = await axe.run();
    return violations
      .filter((one) => one.impact === 'serious' || one.impact === 'critical')
      .map(
        (one) =>
          `${one.id}: ${one.nodes
            .map((node) => node.html.slice(0, 160))
            .slice(0, 3)
            .join(' | ')}`,
      );
  });
}

test.each(['light', 'dark'] as const)('nothing serious in %s', async (scheme) => {
  const browser = await launch('chromium');
  if (browser === undefined) return;
  try {
    const { page } = await openPage(browser, site.url);
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await untilBooted(page);
    await typeLine(page, 'kubectl create deployment web --image=nginx', /created/);
    await until(
      page,
      'the pod',
      () => document.querySelector('[data-key^="Pod/default/web-"]') !== null,
    );
    await page.evaluate(() =>
      document
        .querySelector('[data-key^="Pod/default/web-"]')
        ?.dispatchEvent(new MouseEvent('click', { bubbles: true })),
    );
    await until(page, 'the head', () => document.querySelector('.object-head .kind') !== null);
    expect(await findings(page), 'why').toEqual([]);
    for (const tab of ['yaml', 'events', 'scheduler', 'packet', 'trace']) {
      await page.click(`[data-tab="${tab}"]`);
      await new Promise((resolve) => setTimeout(resolve, 900));
      expect(await findings(page), tab).toEqual([]);
    }
    await press(page, 'Objects');
    expect(await findings(page), 'objects').toEqual([]);
    await page.keyboard.down('Alt');
    await page.keyboard.press('t');
    await page.keyboard.up('Alt');
    expect(await findings(page), 'transcript').toEqual([]);
    for (const name of ['Share', 'Help', 'Open']) {
      await press(page, name, '.top');
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(await findings(page), name).toEqual([]);
      await page.keyboard.press('Escape');
    }
  } finally {
    await browser.close();
  }
});

test('nothing serious on a phone, and nothing scrolls sideways at 320 px', async () => {
  const browser = await launch('chromium');
  if (browser === undefined) return;
  try {
    const { page } = await openPage(browser, site.url, { width: 390, height: 844 });
    await until(page, 'the guide', () => document.querySelector('.pane-guide h2') !== null);
    for (const tab of ['Guide', 'Terminal', 'Look', 'Time']) {
      await press(page, tab, '.tab-bar');
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(await findings(page), tab).toEqual([]);
    }
    await page.setViewport({ width: 320, height: 640 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(320);
  } finally {
    await browser.close();
  }
});
