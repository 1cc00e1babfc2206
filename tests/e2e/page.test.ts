/**
 * The page in Chromium and Firefox, from a server and as one file from disk: a cluster boots, commands
 * are typed, nothing is fetched from anywhere, and the link made at the end opens to the same story.
 */
import type { Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BrowserName,
  fileAddress,
  launch,
  openPage,
  press,
  serveSite,
  terminalText,
  typeLine,
  until,
  untilBooted,
} from './browser.ts';

let site: { readonly url: string; readonly server: Server };
beforeAll(async () => {
  site = await serveSite();
});
afterAll(() => {
  site.server.close();
});

const storyOf = () => document.querySelector('.app')?.getAttribute('data-story') ?? '';

describe.each<readonly [BrowserName, 'site' | 'file']>([
  ['chromium', 'site'],
  ['chromium', 'file'],
  ['firefox', 'site'],
  ['firefox', 'file'],
])('%s, %s', (name, form) => {
  test('boots, takes commands, and its link opens to the same story', async () => {
    const browser = await launch(name);
    if (browser === undefined) return;
    try {
      const address = form === 'site' ? site.url : fileAddress();
      const { page, foreign, errors } = await openPage(browser, address);
      await untilBooted(page);
      await typeLine(page, 'kubectl get nodes', /node-3 +Ready +<none>/);
      await typeLine(
        page,
        'kubectl create deployment web --image=nginx --replicas=2',
        /deployment.apps\/web created/,
      );
      await until(
        page,
        'two pods on the map',
        () => document.querySelectorAll('[data-key^="Pod/default/web-"]').length === 2,
      );
      await page.keyboard.press('F8');
      await until(
        page,
        'the pause',
        () => document.querySelector('.app')?.getAttribute('data-running') === 'no',
      );
      await press(page, 'Share');
      await until(page, 'the link', () =>
        /#1/.test(document.querySelector<HTMLInputElement>('.dialog .text-field')?.value ?? ''),
      );
      const link = await page.$eval(
        '.dialog .text-field',
        (field) => (field as HTMLInputElement).value,
      );
      const story = await page.evaluate(storyOf);
      expect(story).toMatch(/^[0-9a-f]{8}$/);
      expect(errors).toEqual([]);
      expect(foreign).toEqual([]);

      const context = await browser.createBrowserContext();
      const second = await context.newPage();
      await second.goto(link);
      await until(
        second,
        'the question',
        () => document.querySelector('.opening .primary') !== null,
      );
      await press(second, 'Start', '.opening');
      await second.waitForFunction(
        (wanted) => document.querySelector('.app')?.getAttribute('data-story') === wanted,
        { timeout: 40_000 },
        story,
      );
      expect(await terminalText(second)).toContain('kubectl create deployment web');
      expect(await second.evaluate(storyOf)).toBe(story);
    } finally {
      await browser.close();
    }
  });
});

test('the site opens again without a network', async () => {
  const browser = await launch('chromium');
  if (browser === undefined) return;
  try {
    const { page } = await openPage(browser, site.url);
    await until(page, 'the offline mark', () =>
      /Ready for offline/.test(document.querySelector('.status')?.textContent ?? ''),
    );
    await page.setOfflineMode(true);
    await page.reload();
    await untilBooted(page);
    await typeLine(page, 'kubectl get nodes', /cp-1 +Ready/);
  } finally {
    await browser.close();
  }
});

test('a link that is cut short is named as such, and the lab stays', async () => {
  const browser = await launch('chromium');
  if (browser === undefined) return;
  try {
    const { page } = await openPage(browser, `${site.url}#1abcdefghijklmnop`);
    await until(page, 'the refusal', () => document.querySelector('[role="alertdialog"]') !== null);
    const text = await page.$eval('[role="alertdialog"]', (card) => card.textContent ?? '');
    expect(text).toMatch(/incomplete|altered/);
    await press(page, 'Close', '.opening');
    expect(await page.$('.terminal')).not.toBeNull();
  } finally {
    await browser.close();
  }
});
