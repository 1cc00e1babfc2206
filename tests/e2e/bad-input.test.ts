/**
 * What goes wrong in the page: pastes of 10 MB, a key that stands twice, an error of ours in the simulation.
 * Each is said in words, what was there stays, and the page lives on.
 */
import type { Server } from 'node:http';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SavedLab } from '../../src/lab/input-types.ts';
import { packLink } from '../../src/lab/scenarios/packer.ts';
import {
  askWorker,
  launch,
  openPage,
  serveSite,
  startOffered,
  typeLine,
  untilBooted,
  type Watched,
} from './browser.ts';
import { Kit, pause } from './kit.ts';

const TEN_MB = 10 * 1024 * 1024;

let site: { readonly url: string; readonly server: Server };
let browser: Browser | undefined;
let watched: Watched;
let kit: Kit;

beforeAll(async () => {
  site = await serveSite();
  browser = await launch('chromium');
  if (browser === undefined) return;
  watched = await openPage(browser, site.url);
  kit = new Kit(watched.page);
  await untilBooted(kit.page);
});
afterAll(async () => {
  await browser?.close();
  site.server.close();
});

/** Pastes into what has the focus, as the browser does. */
async function paste(unit: string, size: number): Promise<void> {
  await kit.page.evaluate(
    (part, length) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', part.repeat(Math.ceil(length / part.length)));
      document.activeElement?.dispatchEvent(
        new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }),
      );
    },
    unit,
    size,
  );
}

/** The page answers: a command runs, and nothing was thrown. */
async function lives(word: string): Promise<void> {
  await typeLine(kit.page, `echo ${word}-$((40 + 2))`, new RegExp(`${word}-42`));
  expect(watched.errors).toEqual([]);
}

const saved = (): Promise<SavedLab> =>
  askWorker<SavedLab>(kit.page, { verb: 'save', view: {}, marks: [] });

test('a paste of 10 MB at the prompt: lines go with back-pressure, Ctrl+C stops them', async () => {
  if (browser === undefined) return;
  await kit.page.click('.screen:not([hidden])');
  await paste('echo 0123456789 0123456789\n', TEN_MB);
  await kit.untilText('.terminal .waiting', /lines? waits?/);
  await kit.shows(/0123456789 0123456789\n/);
  const { inputs } = await saved();
  await kit.page.keyboard.down('Control');
  await kit.page.keyboard.press('c');
  await kit.page.keyboard.up('Control');
  await kit.until(
    'the end of the paste',
    () => kit.has('.terminal .waiting'),
    (waits) => !waits,
  );
  const left = (await saved()).inputs.length - inputs.length;
  expect(left).toBeLessThan(50_000);
  await lives('after-lines');
});

test('a line of 10 MB is not taken by the prompt, and its size is said', async () => {
  if (browser === undefined) return;
  await kit.page.click('.screen:not([hidden])');
  await paste('x', TEN_MB);
  await kit.untilText('.toast', /The pasted line has 10485760 characters/);
  await lives('after-line');
});

test('the editor: up to 1 MB is taken, 10 MB are refused with the size; a key that stands twice is marked', async () => {
  if (browser === undefined) return;
  await kit.fill('.pane-files form input', 'big.yaml');
  await kit.press('New file', '.pane-files');
  await kit.page.waitForSelector('.plain-editor textarea, .monaco-host:not([hidden])');
  await kit.page.evaluate(() =>
    document.querySelector<HTMLElement>('.plain-editor textarea')?.focus(),
  );
  await kit.page.waitForSelector('.monaco-host:not([hidden]) .monaco-editor', { timeout: 20_000 });
  await pause(300);
  await paste('# a line of a file that is far too large\n', TEN_MB);
  await kit.untilText('.toast', /big\.yaml would have 104857\d\d characters\. .*1,000,000/);
  expect(await kit.text('.monaco-editor .view-lines')).toBe('');
  await kit.page.keyboard.type('kind: ConfigMap\napiVersion: v1\nkind: Pod\n');
  await kit.untilText('.problems', /3:1.*duplicate key "kind"/);
  await kit.press('Close file', '.pane-files');
  await lives('after-editor');
});

test('an error of ours shows seed, time and a link to just before, and the way back', async () => {
  if (browser === undefined) return;
  // A lab of its own: the one before has thousands of pasted lines in its log.
  await kit.page.goto('about:blank');
  await kit.page.goto(site.url);
  await untilBooted(kit.page);
  await typeLine(kit.page, 'echo file > a.txt', /a\.txt/);
  const lab = await saved();
  // No page sends this: a file below a file. The lab's own assertion fails.
  const impossible = {
    time: lab.stop + 50,
    input: { kind: 'file', path: 'a.txt/b.txt', text: '' },
  } as const;
  const broken = {
    ...lab,
    inputs: [...lab.inputs, impossible],
    stop: lab.stop + 1000,
    events: undefined,
  };
  await kit.page.evaluate((hash) => {
    location.hash = hash;
  }, packLink(broken));
  await kit.page.waitForSelector('.opening .primary');
  await kit.press('Start', '.opening');
  const words = await kit.untilText('.problem', /learner's home takes a\.txt\/b\.txt/);
  expect(words).toMatch(/seed 7/);
  expect(words).toMatch(new RegExp(`after ${broken.inputs.length} inputs`));
  const link = await kit.page.$eval('.problem input', (field) => field.value);
  await kit.press('Back to before the last input', '.problem');
  await kit.until(
    'the screen to go',
    () => kit.has('.problem'),
    (there) => !there,
  );
  await kit.page.goto('about:blank');
  await kit.page.goto(link);
  await startOffered(kit.page);
  expect(await kit.has('.problem')).toBe(false);
  await kit.press('Event', '.time');
  await kit.untilText('.problem', /learner's home takes a\.txt\/b\.txt/);
  await kit.press('Copy link', '.problem');
  await kit.press('Back to before the last input', '.problem');
  await kit.until(
    'the screen to go',
    () => kit.has('.problem'),
    (there) => !there,
  );
  await kit.until(
    'the replay',
    () => kit.has('.notice'),
    (there) => !there,
  );
  await kit.press('Run', '.time');
  await lives('after-problem');
});
