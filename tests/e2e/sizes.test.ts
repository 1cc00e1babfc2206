/**
 * Sizes and counts of what the build made, against the budgets: the first view, the editor, the whole
 * site, the one file; what the page asks for before its prompt stands, and what the worker sends it. Gzip
 * at level 9, KB of 1024 bytes.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  BATCH_BYTES_MAX,
  BATCHES_PER_SECOND_MAX,
  type FromWorker,
} from '../../src/doors/worker/protocol.ts';
import {
  type BrowserName,
  DIST,
  launch,
  openPage,
  serveSite,
  terminalText,
  typeLine,
  until,
  untilBooted,
} from './browser.ts';

const KB = 1024;
const MB = 1024 * KB;
/** Monaco with its worker, our providers and its words in one other language. */
const EDITOR = ['monaco-', 'editor.worker-', 'yaml-', 'codicon-', 'zh-cn-'];

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesOf(join(folder, entry.name)) : [join(folder, entry.name)],
  );
}

const SITE = filesOf(DIST)
  .map((path) => relative(DIST, path).replaceAll('\\', '/'))
  .filter((name) => name !== 'drydock.html');

/** The files whose names begin so, without the hash; there must be one. */
function named(...starts: readonly string[]): readonly string[] {
  return starts.flatMap((start) => {
    const found = SITE.filter((name) => name.startsWith(`assets/${start}`));
    expect(found, `files of ${start}`).not.toEqual([]);
    return found;
  });
}

/** A script with everything that it imports at once. */
function withImports(name: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  const code = readFileSync(join(DIST, name), 'utf8');
  for (const [, other = ''] of code.matchAll(/(?:\bfrom|\bimport) ?["'`]\.\/([\w.-]+\.js)["'`]/g))
    withImports(`assets/${other}`, seen);
  return seen;
}

const packed = (names: Iterable<string>): number =>
  [...names].reduce(
    (sum, name) => sum + gzipSync(readFileSync(join(DIST, name)), { level: 9 }).length,
    0,
  );

/** The scripts and styles that the page names itself. */
function pageFiles(): readonly string[] {
  const html = readFileSync(join(DIST, 'index.html'), 'utf8');
  return [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].map(
    ([, name = '']) => name,
  );
}

/** The simulation with all that it has before its prompt stands: cores, network, hosts, bash. */
const worker = (): ReadonlySet<string> => {
  const [entry = ''] = named('simulation.worker-');
  return withImports(entry);
};

const firstView = (): ReadonlySet<string> => {
  const page = pageFiles();
  const scripts = page.filter((name) => name.endsWith('.js'));
  return new Set([...page, ...scripts.flatMap((name) => [...withImports(name)]), ...worker()]);
};

describe('sizes', () => {
  it.each([
    ['the worker with its cores', () => packed(worker()), 280 * KB],
    ['the first view', () => packed(firstView()), 450 * KB],
    ['the editor', () => packed(named(...EDITOR)), 1.1 * MB],
    ['the whole site', () => packed(SITE), 3 * MB],
    ['the one file, raw', () => statSync(join(DIST, 'drydock.html')).size, 6 * MB],
  ])('%s', (_what, size, limit) => {
    expect(size()).toBeLessThanOrEqual(limit);
  });
});

/** Notes the size of every batch that the page gets. Runs in the page, before its own code. */
function countBatches(): void {
  const real = window.Worker;
  const counted: Counted = { count: 0, longest: 0, since: performance.now() };
  (window as WithCounted).counted = counted;
  window.Worker = class extends real {
    constructor(address: string | URL, options?: WorkerOptions) {
      super(address, options);
      this.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
        if (!('batch' in data)) return;
        counted.count += 1;
        counted.longest = Math.max(counted.longest, JSON.stringify(data.batch).length);
      });
    }
  };
}

interface Counted {
  count: number;
  longest: number;
  readonly since: number;
}

type WithCounted = Window & { counted?: Counted };

describe.each<BrowserName>(['chromium', 'firefox'])('%s', (name) => {
  it('has a prompt that takes keys before anything else has come, and asks for nothing twice', async () => {
    const browser = await launch(name);
    if (browser === undefined) return;
    const first = firstView();
    const later = SITE.filter((file) => file.endsWith('.js') && !first.has(file));
    const site = await serveSite(new RegExp(later.map((file) => `/${file}$`).join('|')));
    try {
      const { page, errors } = await openPage(browser, 'about:blank');
      await page.evaluateOnNewDocument(countBatches);
      await page.goto(site.url);
      await until(page, 'the prompt', () =>
        /learner@workstation.*\$/.test(document.querySelector('.xterm-rows')?.textContent ?? ''),
      );
      await page.click('.screen:not([hidden])');
      await page.keyboard.type('echo so early');
      await until(page, 'the typed line', () =>
        /\$\s+echo\s+so\s+early/.test(document.querySelector('.xterm-rows')?.textContent ?? ''),
      );
      expect(site.asked.filter((file) => /\.(js|css)$/.test(file) && !first.has(file))).toEqual(
        site.asked.filter((file) => later.includes(file)),
      );
      expect([...first].filter((file) => !site.asked.includes(file))).toEqual([]);
      site.release();
      await page.keyboard.press('Enter');
      await untilBooted(page);
      expect(await terminalText(page)).toContain('\nso early');
      await typeLine(page, 'kubectl create deployment web --image=nginx --replicas=60', /created/);
      await typeLine(page, 'kubectl rollout status deployment web', /successfully rolled out/);
      const { count, longest, seconds } = await page.evaluate(() => {
        const counted = (window as WithCounted).counted as Counted;
        return { ...counted, seconds: (performance.now() - counted.since) / 1000 };
      });
      expect(count).toBeGreaterThan(10);
      expect(count).toBeLessThanOrEqual(BATCHES_PER_SECOND_MAX * seconds + 1);
      expect(longest).toBeLessThanOrEqual(BATCH_BYTES_MAX);
      const scripts = site.asked.filter((file) => /\.(js|css)$/.test(file));
      expect(scripts.filter((file, index) => scripts.indexOf(file) < index)).toEqual([]);
      expect(errors).toEqual([]);
    } finally {
      site.release();
      await browser.close();
      site.server.close();
    }
  });
});
