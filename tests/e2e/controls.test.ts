/**
 * Every control of the Lab screen is pressed once and does something that can be seen: a command printed,
 * a pane changed, an answer shown. Then the keys: all panes in turn, and the clock.
 */
import type { Server } from 'node:http';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  launch,
  openPage,
  press,
  serveSite,
  terminalText,
  typeLine,
  until,
  untilBooted,
} from './browser.ts';

import { ControlRecord, recordControls } from './control-record.ts';
import { restOfControls } from './controls-rest.ts';
import { Kit, soon } from './kit.ts';

const record = new ControlRecord();

let site: { readonly url: string; readonly server: Server };
let browser: Browser | undefined;
let page: Page;

beforeAll(async () => {
  site = await serveSite();
  browser = await launch('chromium');
  if (browser === undefined) return;
  await browser
    .defaultBrowserContext()
    .overridePermissions(site.url, [
      'clipboard-read',
      'clipboard-write',
      'clipboard-sanitized-write',
    ]);
  ({ page } = await openPage(browser, site.url, undefined, recordControls));
  await untilBooted(page);
});
afterAll(async () => {
  await browser?.close();
  site.server.close();
});

const pause = (milliseconds = 300): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
const clock = (): Promise<string> => page.$eval('.clock', (one) => one.textContent ?? '');
const has = (selector: string): Promise<boolean> =>
  page.evaluate((one) => document.querySelector(one) !== null, selector);
const running = (): Promise<boolean> =>
  page.evaluate(() => document.querySelector('.app')?.getAttribute('data-running') === 'yes');
const skipped = (): boolean => browser === undefined;

async function shows(text: RegExp): Promise<void> {
  const end = Date.now() + 15_000;
  while (Date.now() < end) {
    if (text.test(await terminalText(page))) return;
    await pause(100);
  }
  throw new Error(`the terminal does not show ${text}:\n${await terminalText(page)}`);
}

async function select(prefix: string): Promise<void> {
  await page.evaluate((start) => {
    document
      .querySelector(`.map [data-key^="${start}"]`)
      ?.dispatchEvent(new MouseEvent('click', { bubbles: true }));
  }, prefix);
  await pause(900);
}

test('guide: a command runs in the terminal', async () => {
  if (skipped()) return;
  await page.click('.pane-guide .run');
  await shows(/\$ kubectl get nodes\n/);
});

test('time: pause, event, write, quiet, until, speed, mark, run', async () => {
  if (skipped()) return;
  await typeLine(page, 'kubectl create deployment web --image=nginx --replicas=2', /web created/);
  await press(page, 'Pause', '.time');
  await until(
    page,
    'the pause',
    () => document.querySelector('.app')?.getAttribute('data-running') === 'no',
  );
  const before = await clock();
  await press(page, 'Write', '.time');
  await pause();
  const written = await clock();
  expect(written > before).toBe(true);
  for (let press5 = 0; press5 < 5; press5 += 1) await press(page, 'Event', '.time');
  await pause();
  expect((await clock()) >= written).toBe(true);
  await press(page, 'Quiet', '.time');
  await until(page, 'quiet', () =>
    /quiet/.test(document.querySelector('.status')?.textContent ?? ''),
  );
  await press(page, 'Until…', '.time');
  await page.waitForSelector('.dialog .text-field');
  await press(page, 'Run', '.dialog');
  await press(page, 'max', '.time');
  await until(
    page,
    'the stop',
    () => document.querySelector('.app')?.getAttribute('data-running') === 'no',
  );
  await soon(() => page.$eval('.segments [aria-checked="true"]', (one) => one.textContent)).toBe(
    'max',
  );
  await press(page, '1×', '.time');
  await press(page, 'Mark', '.time');
  await soon(() => has('.lanes .bookmark')).toBe(true);
  await press(page, 'All lanes', '.time');
  await soon(() => page.$$eval('.lanes .names span', (all) => all.length)).toBe(8);
  await press(page, 'All lanes', '.time');
  await press(page, 'Back by one event', '.time');
  await until(
    page,
    'the past',
    () => document.querySelector('.app')?.getAttribute('data-time') === 'past',
  );
  await press(page, 'PAST', '.time').catch(() => page.keyboard.press('Escape'));
  await until(
    page,
    'live',
    () => document.querySelector('.app')?.getAttribute('data-time') === 'live',
  );
  await press(page, 'Run', '.time');
  await until(
    page,
    'the run',
    () => document.querySelector('.app')?.getAttribute('data-running') === 'yes',
  );
});

test('inspector: every tab shows its evidence for a pod', async () => {
  if (skipped()) return;
  await until(
    page,
    'the pods',
    () => document.querySelectorAll('.map [data-key^="Pod/default/web-"]').length === 2,
  );
  await select('Pod/default/web-');
  const expected: readonly (readonly [string, RegExp])[] = [
    ['why', /web-/],
    ['yaml', /apiVersion:/],
    ['events', /Scheduled/],
    ['scheduler', /TaintToleration/],
    ['packet', /packet|Packet|nat/],
    ['trace', /record/],
  ];
  for (const [tab, text] of expected) {
    await page.click(`[data-tab="${tab}"]`);
    await pause(1300);
    await soon(
      () => page.$eval('#inspector-panel', (panel) => panel.textContent ?? ''),
      tab,
    ).toMatch(text);
  }
  await press(page, 'More for this object', '.pane-inspector');
  await press(page, 'kubectl describe', '.menu');
  // The command stands above the fold; its last lines are the events.
  await shows(/Node-Selectors:[\s\S]*Started container nginx/);
});

test('map and objects: list twin, kinds, filter, order, owner tree, maximize', async () => {
  if (skipped()) return;
  await press(page, 'List', '.pane-view');
  await soon(() => has('.pane-view [role="tree"]')).toBe(true);
  await press(page, 'List', '.pane-view');
  await press(page, 'Objects', '.pane-view');
  await soon(() => has('.pane-view table')).toBe(true);
  await page.$eval('#object-kind', (field) => {
    (field as HTMLInputElement).value = 'nodes';
    field.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await pause();
  await soon(() => page.$$eval('.pane-view tbody tr', (all) => all.length)).toBe(4);
  await page.type('#object-filter', 'node-2');
  await pause();
  await soon(() => page.$$eval('.pane-view tbody tr', (all) => all.length)).toBe(1);
  await page.$eval('#object-filter', (field) => {
    (field as HTMLInputElement).value = '';
    field.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await press(page, 'Name', '.pane-view');
  await pause();
  await soon(() => page.$eval('.pane-view tbody tr', (row) => row.textContent)).toContain('node-3');
  await press(page, 'Owner tree', '.pane-view');
  await soon(() => has('.pane-view [role="tree"]')).toBe(true);
  await press(page, 'Owner tree', '.pane-view');
  await press(page, 'Maximize', '.pane-view');
  await soon(() => has('.body[data-maximized="view"]')).toBe(true);
  await press(page, 'Maximize', '.pane-view');
  await press(page, 'Map', '.pane-view');
});

test('terminal: new tab, transcript, search, close', async () => {
  if (skipped()) return;
  await press(page, 'New terminal', '.pane-work');
  await press(page, 'Shell on the workstation', '.menu');
  await until(
    page,
    'the second tab',
    () => document.querySelectorAll('.pane-work [role="tab"]').length === 2,
  );
  await press(page, 'Close this terminal', '.pane-work');
  await until(
    page,
    'one tab',
    () => document.querySelectorAll('.pane-work [role="tab"]').length === 1,
  );
  await press(page, 'Transcript', '.pane-work');
  await soon(() => page.$$eval('.transcript h3', (all) => all.length)).toBeGreaterThan(1);
  await soon(() => has('.transcript table')).toBe(true);
  await press(page, 'Transcript', '.pane-work');
  await press(page, 'Search in the terminal', '.pane-work');
  await soon(() => has('.terminal-search')).toBe(true);
  await press(page, 'Search in the terminal', '.pane-work');
});

test('files: a new file is edited, saved and applied by the command that is shown', async () => {
  if (skipped()) return;
  await page.type('.pane-files form input', 'cm.yaml');
  await press(page, 'New file', '.pane-files');
  await page.waitForSelector('.plain-editor textarea, .monaco-host:not([hidden])');
  await page.evaluate(() => document.querySelector<HTMLElement>('.plain-editor textarea')?.focus());
  await page.waitForSelector('.monaco-host:not([hidden]) .monaco-editor', { timeout: 20_000 });
  await pause(500);
  await page.keyboard.type('apiVersion: v1\nkind: ConfigMap\nmetadata:\n');
  // Indented by hand too: the editor's own indentation comes with its language, a moment later.
  await page.keyboard.type('  name: made-here\n');
  await pause(600);
  await press(page, 'Apply', '.pane-files');
  await shows(/\$ kubectl apply -f cm.yaml\n(.*\n)*.*configmap\/made-here created/);
  await press(page, 'Close file', '.pane-files');
  await soon(() => has('.file-list')).toBe(true);
});

test('break something: the menu shows the command and runs it', async () => {
  if (skipped()) return;
  await page.click('#fault-menu');
  await page.waitForSelector('.menu .runs');
  const shown = await page.$eval('.menu .runs code', (one) => one.textContent ?? '');
  expect(shown).toMatch(/^(lab fault|kubectl delete)/);
  await press(page, 'Power off node-3', '.menu').catch(async () => {
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.click('#fault-menu');
    await press(page, 'Power off node-3', '.menu');
  });
  await shows(/\$ lab fault power-off node-3\n/);
  await until(page, 'the dead host', () => document.querySelector('.map .room.dead') !== null);
});

test('past, fork and undo', async () => {
  if (skipped()) return;
  const box = await (await page.$('.lanes svg'))?.boundingBox();
  if (box === null || box === undefined) throw new Error('no lanes');
  await page.mouse.click(box.x + box.width * 0.7, box.y + 8);
  await until(page, 'the past', () => document.querySelector('.past-bar') !== null);
  const moment = await clock();
  await press(page, 'Fork here F', '.past-bar').catch(() => page.keyboard.press('f'));
  await page.waitForSelector('.dialog .primary');
  await press(page, 'Fork here', '.dialog');
  await until(page, 'the fork', () =>
    /dropped/.test(document.querySelector('.toast')?.textContent ?? ''),
  );
  await soon(clock).toBe(moment);
  await press(page, 'Undo', '.toast');
  await until(
    page,
    'the undo',
    () =>
      document.querySelector('.app')?.getAttribute('data-running') === 'no' &&
      document.querySelector('.notice') === null,
  );
  expect((await clock()) > moment).toBe(true);
});

test('top bar: share, save, open, palette, language, theme, text size, help', async () => {
  if (skipped()) return;
  await press(page, 'Share', '.top');
  await page.waitForSelector('.qr path[d*="M"]');
  await page.keyboard.press('Escape');
  await press(page, 'Save lab', '.top');
  await until(page, 'the save', () =>
    /Saved at/.test(document.querySelector('.status')?.textContent ?? ''),
  );
  await press(page, 'Open', '.top');
  await soon(() => has('.dialog input[type="file"]')).toBe(true);
  await page.keyboard.press('Escape');
  await press(page, 'Help', '.top');
  await soon(() => has('.key-table')).toBe(true);
  await page.keyboard.press('Escape');
  await page.click('.top .find');
  await page.waitForSelector('.palette input');
  await page.keyboard.type('node node-2');
  await page.keyboard.press('Enter');
  await until(page, 'the node', () =>
    /node-2/.test(document.querySelector('.object-head h2')?.textContent ?? ''),
  );
  await page.click('#language-menu');
  await press(page, '简体中文', '.menu');
  await until(
    page,
    'Chinese',
    () =>
      document.documentElement.lang === 'zh-CN' &&
      /分享/.test(document.querySelector('.top')?.textContent ?? ''),
  );
  await page.click('#language-menu');
  await press(page, 'English', '.menu');
  await until(page, 'English', () => document.documentElement.lang === 'en');
  await page.click('#look-menu');
  await press(page, 'Dark', '.menu');
  await soon(() => page.$eval('html', (root) => root.getAttribute('data-theme'))).toBe('dark');
  await page.click('#look-menu');
  await press(page, '130 %', '.menu');
  await soon(() => page.$eval('html', (root) => root.style.getPropertyValue('--scale'))).toBe(
    '1.3',
  );
});

test('keys: F6 goes through all panes, F8 pauses, sashes move by arrows', async () => {
  if (skipped()) return;
  const seen = new Set<string>();
  for (let times = 0; times < 8; times += 1) {
    await page.keyboard.press('F6');
    seen.add(
      await page.evaluate(
        () => document.activeElement?.closest('[data-pane]')?.getAttribute('data-pane') ?? '',
      ),
    );
  }
  expect([...seen].sort()).toEqual([
    'files',
    'guide',
    'inspector',
    'map',
    'terminal',
    'time',
    'top',
  ]);
  const before = await running();
  await page.keyboard.press('F8');
  await pause();
  await soon(running).toBe(!before);
  await page.focus('.sash.guide');
  const kit = new Kit(page);
  const width = (): Promise<string | null> => kit.attribute('.sash.guide', 'aria-valuenow');
  const drawn = await width();
  await page.keyboard.press('ArrowRight');
  await kit.until('the sash moves', width, (now) => now !== drawn);
});

restOfControls(() => (skipped() ? undefined : new Kit(page)));

test('no control was seen that was not used', async () => {
  if (skipped()) return;
  await record.add(page);
  expect(record.size).toBeGreaterThan(120);
  expect(record.unused).toEqual([]);
});
