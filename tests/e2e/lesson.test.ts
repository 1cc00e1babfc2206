/**
 * The first lesson, done by typing what its guide says into the terminal, as a learner does: each step's
 * checks turn green, the link made at the end opens in a new profile to the same state, and nothing is
 * fetched from anywhere. From a server and as the one file from disk.
 */
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HashAnswer } from '../../src/doors/worker/protocol.ts';
import {
  askWorker,
  type BrowserName,
  fileAddress,
  launch,
  openPage,
  press,
  serveSite,
  sharedLink,
  startOffered,
  terminalText,
  typeLine,
  until,
} from './browser.ts';

const LESSON = join(import.meta.dirname, '../../src/lab/scenarios/library/first-service/en.md');

/** Headings of the guide's steps, each with the commands that stand under it. */
const STEPS = readFileSync(LESSON, 'utf8')
  .split(/^## /m)
  .slice(1)
  .map((part) => ({
    title: /^(.*?) \{#/.exec(part)?.[1] ?? '',
    lines: [...part.matchAll(/```run\n([\s\S]*?)\n```/g)].map(([, line = '']) => line),
  }));

let site: { readonly url: string; readonly server: Server };
beforeAll(async () => {
  site = await serveSite();
});
afterAll(() => {
  site.server.close();
});

/** The guide's checks that are not passed, with the reason that each gives. */
const openChecks = (page: Page): Promise<readonly string[]> =>
  page.$$eval('.pane-guide .checks li', (items) =>
    items.map((item) => item.textContent ?? '').filter((text) => !/passed at \d/.test(text)),
  );

async function untilChecked(page: Page, step: string): Promise<void> {
  for (const end = Date.now() + 40_000; Date.now() < end; ) {
    if ((await openChecks(page)).length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(
    `${step}: not passed: ${await openChecks(page)}; the terminal shows:\n${await terminalText(page)}`,
  );
}

/** What the map shows: every object with its words. */
const shownObjects = (page: Page): Promise<readonly string[]> =>
  page.$$eval('.map [data-key]', (items) =>
    items.map((one) => `${one.getAttribute('data-key')}: ${one.getAttribute('aria-label')}`).sort(),
  );

async function doLesson(page: Page): Promise<void> {
  await until(page, 'the guide', () => document.querySelector('.pane-guide h2') !== null);
  await press(page, 'Lessons and new labs', '.pane-guide');
  await page.waitForSelector('.dialog .tiles button');
  await page.click('.dialog .tiles button');
  await until(
    page,
    'the first step',
    () =>
      document.querySelectorAll('.pane-guide .checks li').length === 1 &&
      document.querySelector('.app')?.getAttribute('data-running') === 'yes' &&
      /\$ *$/.test(document.querySelector('.xterm-rows')?.textContent?.trimEnd() ?? ''),
  );
  await press(page, '5×', '.time');
  for (const [index, step] of STEPS.entries()) {
    expect(await page.$eval('.pane-guide h2', (head) => head.textContent)).toBe(step.title);
    expect(await openChecks(page), step.title).not.toEqual([]);
    for (const line of step.lines) {
      await typeLine(page, line, /learner@workstation:~\$\s*$/);
      if (/power-off/.test(line)) await press(page, 'max', '.time');
    }
    await untilChecked(page, step.title);
    if (index < STEPS.length - 1) await press(page, 'Next', '.pane-guide');
  }
}

test.each<readonly [BrowserName, 'site' | 'file']>([
  ['chromium', 'site'],
  ['chromium', 'file'],
  ['firefox', 'file'],
])('%s, %s: the first lesson by typing, and its link', async (name, form) => {
  const browser = await launch(name);
  if (browser === undefined) return;
  try {
    const { page, foreign, errors } = await openPage(
      browser,
      form === 'site' ? site.url : fileAddress(),
    );
    await doLesson(page);
    expect(await page.$eval('.finished h3', (head) => head.textContent)).toBe(
      `All ${STEPS.length} steps are done`,
    );
    await page.keyboard.press('F8');
    await until(
      page,
      'the pause',
      () => document.querySelector('.app')?.getAttribute('data-running') === 'no',
    );
    const link = await sharedLink(page);
    const hash = await askWorker<HashAnswer>(page, { verb: 'hash' });
    const objects = await shownObjects(page);
    expect(objects.length).toBeGreaterThan(16);

    const context = await browser.createBrowserContext();
    const other = await openPage(context, link);
    await startOffered(other.page);
    expect(await askWorker<HashAnswer>(other.page, { verb: 'hash' })).toEqual(hash);
    expect(await shownObjects(other.page)).toEqual(objects);
    expect(await other.page.$eval('.pane-guide h2', (head) => head.textContent)).toBe(
      STEPS.at(-1)?.title,
    );
    expect(await openChecks(other.page)).toEqual([]);
    expect([...errors, ...other.errors]).toEqual([]);
    expect([...foreign, ...other.foreign]).toEqual([]);
  } finally {
    await browser.close();
  }
});
