/**
 * What goes wrong in the page: pastes of 10 MB, a key that stands twice, an error of ours in the simulation,
 * links and files that cannot be opened, a reload.
 * Each is said in words, what was there stays, and the page lives on.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SavedLab } from '../../src/lab/input-types.ts';
import { packLink } from '../../src/lab/scenarios/packer.ts';
import type { HashAnswer } from '../../src/doors/worker/protocol.ts';
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
import { Kit, pause, soon } from './kit.ts';

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
  // The editor's own words change with the language of the page, at once and back.
  for (const [language, find] of [
    ['简体中文', '查找'],
    ['English', 'Find'],
  ] as const) {
    await kit.page.click('#language-menu');
    await kit.choose(new RegExp(`^${language}`));
    await soon(() => kit.count('.monaco-editor .find-widget')).toBe(0);
    await kit.until(
      'the editor',
      async () => {
        // For a moment there is none: it is made anew.
        await kit.page.click('.monaco-editor .view-lines').catch(() => undefined);
        await kit.page.keyboard.down('Control');
        await kit.page.keyboard.press('f');
        await kit.page.keyboard.up('Control');
        return kit.attribute('.find-widget textarea', 'aria-label');
      },
      (label) => label === find,
    );
    expect(await kit.text('.monaco-editor .view-lines')).toContain('ConfigMap');
  }
  await kit.press('Close file', '.pane-files');
  await lives('after-editor');
});

test('an error of ours shows seed, time and a link to just before, and the way back', async () => {
  if (browser === undefined) return;
  // A lab of its own: the one before has thousands of pasted lines in its log.
  await kit.page.goto('about:blank');
  await kit.page.goto(site.url);
  await untilBooted(kit.page);
  // What can be done is said below a prompt that nobody has used.
  await kit.untilText('.terminal .first', /Tab completes/);
  await typeLine(kit.page, 'echo file > a.txt', /a\.txt/);
  expect(await kit.has('.terminal .first')).toBe(false);
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

test('links and files that are cut, altered, foreign or too new are named, and the lab stays', async () => {
  if (browser === undefined) return;
  const { page } = kit;
  await kit.press('Pause', '.time');
  await soon(() => kit.attribute('.app', 'data-running')).toBe('no');
  const hash = (): Promise<HashAnswer> => askWorker<HashAnswer>(page, { verb: 'hash' });
  const before = await hash();
  const text = await kit.text('.xterm-rows');
  const link = packLink(await saved());
  const body = link.replace(/^#?1/, '');
  const refused = async (why: RegExp): Promise<void> => {
    await kit.untilText('[role="alertdialog"]', why);
    await kit.press('Close', '[role="alertdialog"]');
    await soon(() => kit.has('[role="alertdialog"]')).toBe(false);
    expect(await page.evaluate(() => location.hash)).toBe('');
  };
  for (const [address, why] of [
    [`#1${body.slice(0, -9)}`, /This link is incomplete: \d+ characters of \d+\./],
    [`#1${body.slice(0, 20)}A${body.slice(21)}B`, /This link (was altered|is incomplete|is not)/],
    ['#about', /This is not a Drydock link \(\d+ characters\)\./],
    [`#2${body}`, /This link has format 2; this page reads up to format 1\./],
  ] as const) {
    await page.evaluate((one) => {
      location.hash = one;
    }, address);
    await refused(why);
  }
  const folder = mkdtempSync(join(tmpdir(), 'drydock-'));
  for (const [name, content, why] of [
    ['new.k8slab', 'drydock 9 engine 7.0.0 Later\n{}\n', /format 9 \(engine 7\.0\.0\).*format 1\./],
    ['foreign.k8slab', 'PK\u0003\u0004', /This file is not a saved Drydock lab\./],
  ] as const) {
    writeFileSync(join(folder, name), content);
    await kit.press('Open', '.top');
    const field = await page.$('.dialog input[type="file"]');
    await (field as { uploadFile(path: string): Promise<void> } | null)?.uploadFile(
      join(folder, name),
    );
    await refused(why);
  }
  expect(await hash()).toEqual(before);
  expect(await kit.text('.xterm-rows')).toBe(text);
  await kit.press('Run', '.time');
  await lives('after-links');
});

test('the last lab goes on after a reload; a lab of another engine says so in a banner that closes', async () => {
  if (browser === undefined) return;
  const { page } = kit;
  const kept = (): Promise<SavedLab | undefined> =>
    page.evaluate(() => {
      const { file } = JSON.parse(localStorage.getItem('drydock.last') ?? '{}') as {
        file?: string;
      };
      return file === undefined ? undefined : (JSON.parse(file) as SavedLab);
    });
  const lab = await kit.until('the autosave', kept, (one) =>
    JSON.stringify(one?.inputs ?? []).includes('after-links'),
  );
  await page.reload();
  await untilBooted(page);
  expect(await kit.text('.xterm-rows')).not.toContain('after-links');
  await kit.press('Continue the last lab', '.pane-guide');
  await kit.shows(/after-links-42/);
  await soon(() => kit.has('.notice')).toBe(false);
  expect(await kit.attribute('.app', 'data-story')).toBe(lab?.story);

  const foreign = { ...(lab as SavedLab), engine: '0.0.9', story: '00000000' };
  await page.evaluate((hash) => {
    location.hash = hash;
  }, packLink(foreign));
  await page.waitForSelector('.opening .primary');
  await kit.press('Start', '.opening');
  await kit.untilText('.notice', /Made by engine 0\.0\.9, replayed by \S+: the story differs\./);
  await kit.press('Close', '.notice');
  await soon(() => kit.has('.notice')).toBe(false);
  await kit.press('Run', '.time');
  await lives('after-banner');
});
