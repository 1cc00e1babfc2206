/**
 * Real browsers on what the build made: a small static server for the site, the single file from disk,
 * and a page that notes every request and every error. Used by all tests of this folder.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import puppeteer, {
  type Browser,
  type BrowserContext,
  type Page,
  type Viewport,
  type WebWorker,
} from 'puppeteer-core';
import type { Answer, Request } from '../../src/doors/worker/protocol.ts';
import { findBrowser } from '../support/browsers.mjs';

export const DIST = join(import.meta.dirname, '..', '..', 'dist');
export type BrowserName = 'chromium' | 'firefox';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ttf': 'font/ttf',
  '.webmanifest': 'application/manifest+json',
};

const CHROMIUM_ARGS = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface Site {
  readonly url: string;
  readonly server: Server;
  /** Files that pages and their workers asked for: without what the service worker keeps. */
  readonly asked: readonly string[];
  /** Answers what was withheld, and withholds no more. */
  release(): void;
}

/** A server of the site on a free port of this machine. Files that `withheld` matches have to wait. */
export async function serveSite(withheld = /^$/): Promise<Site> {
  const asked: string[] = [];
  let waiting: (() => void)[] | undefined = [];
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').replace(/[?#].*$/, '');
    if (request.headers['sec-fetch-dest'] !== 'empty') asked.push(path.slice(1));
    if (waiting !== undefined && withheld.test(path)) waiting.push(() => answer(path, response));
    else answer(path, response);
  });
  const answer = (path: string, response: ServerResponse): void => {
    try {
      const body = readFileSync(join(DIST, path === '/' ? 'index.html' : path));
      response.setHeader(
        'content-type',
        TYPES[extname(path) || '.html'] ?? 'application/octet-stream',
      );
      response.end(body);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  };
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    server,
    asked,
    release() {
      const all = waiting ?? [];
      waiting = undefined;
      for (const one of all) one();
    },
  };
}

export function fileAddress(): string {
  return pathToFileURL(join(DIST, 'drydock.html')).href;
}

/** A fresh browser; undefined where it is not installed and its absence was allowed. */
export async function launch(name: BrowserName): Promise<Browser | undefined> {
  const executablePath = findBrowser(name);
  if (executablePath === undefined) {
    if (process.env['DRYDOCK_NO_BROWSER'] === '1' && process.env['CI'] === undefined)
      return undefined;
    throw new Error(`${name} is not installed`);
  }
  const root = process.getuid?.() === 0;
  return puppeteer.launch(
    name === 'chromium'
      ? {
          browser: 'chrome',
          executablePath,
          args: root ? ['--no-sandbox', ...CHROMIUM_ARGS] : CHROMIUM_ARGS,
        }
      : { browser: 'firefox', executablePath },
  );
}

/**
 * Keeps the page's newest simulation worker within reach, so that a test may ask it what the page does
 * not show. Runs in the page, before its own code.
 */
function keepWorker(): void {
  const real = window.Worker;
  window.Worker = class extends real {
    constructor(address: string | URL, options?: WorkerOptions) {
      super(address, options);
      this.addEventListener('message', ({ data }: MessageEvent<{ ready?: boolean }>) => {
        if (data.ready === true) (window as WithWorker).simulation = this;
      });
    }
    override terminate(): void {
      const here = window as WithWorker;
      if (here.simulation === this) here.simulation = undefined;
      super.terminate();
    }
  };
}

type WithWorker = Window & { simulation?: Worker | undefined };

/** Asks the page's simulation worker, past the page; its numbers are far from the page's own. */
export async function askWorker<T>(page: Page, request: Request): Promise<T> {
  await until(page, 'a worker', () => (window as WithWorker).simulation !== undefined);
  return page.evaluate(
    (verb, id) =>
      new Promise<unknown>((resolve, reject) => {
        const worker = (window as WithWorker).simulation;
        if (worker === undefined) throw new Error('the page has no simulation worker');
        const take = ({ data }: MessageEvent<{ id?: number; answer: Answer }>): void => {
          if (data.id !== id) return;
          worker.removeEventListener('message', take);
          if (data.answer.ok) resolve(data.answer.value);
          else reject(new Error(data.answer.error));
        };
        worker.addEventListener('message', take);
        worker.postMessage({ id, request: verb });
      }),
    request,
    1e9 + Math.floor(Math.random() * 1e9),
  ) as Promise<T>;
}

export interface Watched {
  readonly page: Page;
  /** Addresses of requests that are neither the page's own nor data. */
  readonly foreign: string[];
  readonly errors: string[];
}

export async function openPage(
  browser: Browser | BrowserContext,
  address: string,
  size: Viewport = { width: 1440, height: 900 },
  before?: (page: Page) => Promise<void>,
): Promise<Watched> {
  const page = await browser.newPage();
  await page.setViewport(size);
  const foreign: string[] = [];
  const errors: string[] = [];
  // From disk the one file is all there is; a server may be asked for its own files.
  const own = address.startsWith('file:')
    ? address.replace(/#.*$/, '')
    : `${new URL(address).origin}/`;
  const note = (url: string): void => {
    if (!url.startsWith(own) && !/^(data|blob|about):/.test(url)) foreign.push(url);
  };
  page.on('request', (request) => note(request.url()));
  page.on('workercreated', (worker) => watchWorker(worker, note));
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.evaluateOnNewDocument(keepWorker);
  await before?.(page);
  await page.goto(address);
  return { page, foreign, errors };
}

/** A worker's own requests, where the browser tells of them (Firefox does not). */
function watchWorker(worker: WebWorker, note: (url: string) => void): void {
  try {
    worker.client.on('Network.requestWillBeSent', ({ request }) => note(request.url));
    worker.client.send('Network.enable').catch(() => undefined);
  } catch {
    // No session of its own.
  }
}

/** The link that the Share dialog shows; the dialog is closed again. */
export async function sharedLink(page: Page): Promise<string> {
  await press(page, 'Share', '.top');
  await until(page, 'the link', () =>
    /#1/.test(document.querySelector<HTMLInputElement>('.dialog .text-field')?.value ?? ''),
  );
  const link = await page.$eval(
    '.dialog .text-field',
    (field) => (field as HTMLInputElement).value,
  );
  await press(page, 'Close', '.dialog');
  return link;
}

/** Opens the lab that a link or a file offers. */
export async function startOffered(page: Page): Promise<void> {
  await until(page, 'the question', () => document.querySelector('.opening .primary') !== null);
  await press(page, 'Start', '.opening');
  await until(
    page,
    'the replay',
    () =>
      document.querySelector('.opening') === null &&
      document.querySelector('.notice') === null &&
      /\$/.test(document.querySelector('.xterm-rows')?.textContent ?? ''),
    60,
  );
}

/** Waits until a function of the page says yes; fails with what the terminal shows. */
export async function until(
  page: Page,
  what: string,
  ask: () => boolean,
  seconds = 40,
): Promise<void> {
  try {
    await page.waitForFunction(ask, { timeout: seconds * 1000, polling: 100 });
  } catch {
    throw new Error(`${what} did not happen; the terminal shows:\n${await terminalText(page)}`);
  }
}

/** The shown terminal's text, as its rows stand. */
export function terminalText(page: Page): Promise<string> {
  return page.evaluate(() =>
    [...document.querySelectorAll('.screen:not([hidden]) .xterm-rows > div')]
      .map((row) => row.textContent ?? '')
      .join('\n')
      .replaceAll('\u00a0', ' '),
  );
}

/** Waits for the prompt of a lab that has booted. */
export async function untilBooted(page: Page): Promise<void> {
  await until(
    page,
    'the boot',
    () =>
      document.querySelectorAll('.map .room').length >= 4 &&
      /\$/.test(document.querySelector('.xterm-rows')?.textContent ?? '') &&
      document.querySelector('.app')?.getAttribute('data-running') === 'yes',
  );
}

/** Types a line at the prompt and waits until the terminal shows a text. */
export async function typeLine(page: Page, line: string, shows: RegExp): Promise<void> {
  await page.click('.screen:not([hidden])');
  await page.keyboard.type(line);
  await page.keyboard.press('Enter');
  const end = Date.now() + 40_000;
  while (Date.now() < end) {
    if (shows.test(await terminalText(page))) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(
    `${line} did not show ${shows}; the terminal shows:\n${await terminalText(page)}`,
  );
}

/** Presses the button with this name. */
export async function press(page: Page, name: string, within = 'body'): Promise<void> {
  const found = await page.evaluate(
    (wanted, root) => {
      const named = (one: Element): boolean =>
        one.getAttribute('aria-label') === wanted || (one.textContent ?? '').trim() === wanted;
      const button = [
        ...(document
          .querySelector(root)
          ?.querySelectorAll<HTMLElement>('button,[role^="menuitem"]') ?? []),
      ].find((one) => named(one) && one.offsetParent !== null);
      button?.click();
      return button !== undefined;
    },
    name,
    within,
  );
  if (!found) throw new Error(`no button ${name} in ${within}`);
  await new Promise((resolve) => setTimeout(resolve, 60));
}
