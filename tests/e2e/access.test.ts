/**
 * axe finds nothing serious in the Lab screen: light, dark, phone and tablet; with dialogs and the past.
 * What only a phone or a tablet has is used once.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Server } from 'node:http';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, openPage, press, serveSite, typeLine, until, untilBooted } from './browser.ts';
import { Kit, pause, soon } from './kit.ts';

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

/** A phone: touch, and the screen of one. */
const PHONE = { width: 390, height: 844, hasTouch: true, isMobile: true };

test('phone and tablet: every control of theirs is used; nothing serious; nothing scrolls sideways at 320 px', async () => {
  const browser = await launch('chromium');
  if (browser === undefined) return;
  try {
    const { page, errors } = await openPage(browser, site.url, PHONE);
    const kit = new Kit(page);
    await until(
      page,
      'the boot',
      () => document.querySelector('.app')?.getAttribute('data-running') === 'yes',
    );
    await terminalOfPhone(kit);
    await lookOfPhone(kit);
    await timeOfPhone(kit);
    await menuOfPhone(kit);
    for (const tab of ['Guide', 'Terminal', 'Look', 'Time']) {
      await kit.press(tab, '.tab-bar');
      await pause();
      expect(await findings(page), tab).toEqual([]);
    }
    await page.setViewport({ width: 320, height: 640 });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(320);
    await page.setViewport({ width: 768, height: 1024 });
    await sheetOfTablet(kit);
    expect(await findings(page), 'tablet').toEqual([]);
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
  }
});

/** A command of the guide leads to the terminal; its bar has the keys that a phone has not. */
async function terminalOfPhone(kit: Kit): Promise<void> {
  const { page } = kit;
  const line = (): Promise<string> =>
    page.$eval('.command-bar input', (field) => (field as HTMLInputElement).value);
  await page.tap('.pane-guide .run');
  await kit.press('Show', '.toast');
  await soon(() => kit.attribute('.app', 'data-phone')).toBe('terminal');
  await kit.shows(/node-3 +Ready/);
  await kit.fill('.command-bar input', 'kubectl get configm');
  await kit.press('Tab', '.chips');
  await soon(line).toMatch(/^kubectl get configmap/);
  await kit.press('-n', '.chips');
  await soon(line).toMatch(/^kubectl get configmap\S* -n $/);
  await kit.fill('.command-bar input', 'sleep 999');
  await kit.press('Run', '.command-bar');
  await kit.shows(/\$ sleep 999\n/);
  await kit.press('Ctrl C', '.chips');
  await kit.shows(/\^C/);
  await kit.press('Previous command', '.chips');
  await soon(line).toBe('sleep 999');
  await kit.press('kubectl get nodes', '.chips');
  await soon(line).toBe('kubectl get nodes');
  // A table keeps its shape; a finger moves it sideways.
  const left = (): Promise<number> => page.$eval('.screen', (screen) => screen.scrollLeft);
  expect(await left()).toBe(0);
  const finger = await page.touchscreen.touchStart(320, 300);
  for (let x = 300; x >= 100; x -= 40) await finger.move(x, 300);
  await finger.end();
  await soon(left).toBeGreaterThan(0);
}

async function lookOfPhone(kit: Kit): Promise<void> {
  const { page } = kit;
  await kit.press('Look', '.tab-bar');
  await kit.press('Inspect', '.mini-bar');
  await kit.untilText('#inspector-panel', /All quiet/);
  await kit.press('Map', '.pane-inspector');
  await page.tap('.map [data-key="Node/node-2"]');
  await kit.press('Inspect', '.mini-bar');
  await kit.untilText('.object-head h2', /^node-2$/);
  await kit.press('Inspect', '.mini-bar');
  await kit.press('List', '.pane-view');
  const small = await page.$$eval('.twin button', (all) =>
    all.filter((one) => one.getBoundingClientRect().height < 40).map((one) => one.textContent),
  );
  expect(small).toEqual([]);
  await kit.press('List', '.pane-view');
  await kit.press('Objects', '.pane-view');
  // Every field of the filter has room, and no column is cut off.
  const over = await page.$$eval('.filter .field, .filter select, .objects', (all) =>
    all
      .map((one) => one.getBoundingClientRect())
      .filter((box) => box.width < 90 || box.right > innerWidth + 1),
  );
  expect(over).toEqual([]);
  await kit.press('Map', '.pane-view');
}

async function timeOfPhone(kit: Kit): Promise<void> {
  await kit.press('Pause', '.mini-bar');
  await soon(() => kit.attribute('.app', 'data-running')).toBe('no');
  const clock = (): Promise<string> => kit.text('.mini-bar .clock');
  const before = await clock();
  for (let times = 0; times < 4; times += 1) await kit.press('Event', '.mini-bar');
  await soon(async () => (await clock()) > before).toBe(true);
  await kit.press('Time', '.tab-bar');
  await kit.click('.history-list li:nth-child(3) button');
  await kit.untilText('.past-bar', /Viewing \d/);
  await kit.press('Fork here F', '.past-bar');
  await kit.press('Close', '.dialog .actions');
  await kit.press('Return to live Esc', '.past-bar');
  await soon(() => kit.has('.past-bar')).toBe(false);
  await kit.press('Run', '.time');
}

/** What the top bar has no room for is in the menu. */
async function menuOfPhone(kit: Kit): Promise<void> {
  const { page } = kit;
  await kit.pick('Menu', '.top', /^Files/);
  await soon(() => kit.attribute('.body', 'data-inspect')).toBe('files');
  await kit.press('Hide files', '.pane-files');
  await soon(() => kit.attribute('.body', 'data-inspect')).toBe('off');
  await kit.pick('Menu', '.top', /^Cut node-2 – node-1/);
  await kit.press('Terminal', '.tab-bar');
  await kit.shows(/fault-1 created/);
  await kit.pick('Menu', '.top', /^Mend: cut/);
  await kit.shows(/"fault-1" deleted/);
  await kit.pick('Menu', '.top', /^简体中文/);
  await soon(() => page.evaluate(() => document.documentElement.lang)).toBe('zh-CN');
  await kit.pick('菜单', '.top', /^English/);
  await soon(() => page.evaluate(() => document.documentElement.lang)).toBe('en');
}

/** One sheet for inspector and files, in three heights; what is selected comes to the front. */
async function sheetOfTablet(kit: Kit): Promise<void> {
  await soon(() => kit.has('.sheet-heights')).toBe(true);
  const height = (): Promise<number> =>
    kit.page.$eval('.pane-inspector', (pane) => pane.getBoundingClientRect().height);
  const heights: number[] = [];
  for (const step of ['1', '2', '3']) {
    await kit.press(step, '.sheet-heights');
    await pause(200);
    heights.push(await height());
  }
  expect(heights).toEqual([...new Set(heights)].sort((a, b) => a - b));
  await kit.press('2', '.sheet-heights');
  await kit.press('Files', '.sheet-heights');
  await soon(() => kit.has('.pane-files')).toBe(true);
  await kit.select('Node/node-1');
  await soon(() => kit.has('.pane-files')).toBe(false);
}
