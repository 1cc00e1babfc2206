// The gap rows of the comparison: how long the main thread of the built page was away at the most, while
// a thousand replicas are made at full speed in the lab that it shows. By the clock, which other load of
// the machine lengthens, and by the CPU time of its longest task, which it does not.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
};
const READY_MS_MAX = 300_000;

/** Builds the site beside the benchmarks. */
export function buildSite(root, outDir) {
  const args = ['vite', 'build', '--outDir', outDir, '--logLevel', 'error'];
  const build = spawnSync('npx', args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (build.status !== 0) throw new Error('the site does not build');
}

/** Serves folders by the first segment of the path, or one folder as it is. */
export async function serve(folder, page) {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    const type = extname(path) === '.mjs' ? TYPES['.js'] : TYPES[extname(path) || '.html'];
    response.setHeader('content-type', type ?? 'application/octet-stream');
    try {
      const file = path === '/' ? 'index.html' : path;
      response.end(path === '/' && page !== undefined ? page : readFileSync(join(folder, file)));
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/**
 * Runs in the page: notes the longest time between two beats of its main thread. A beat has the priority
 * of what a person does: it waits for the task that runs, as a key would, and not for drawing.
 */
function beat() {
  window.longestGap = 0;
  let last = performance.now();
  const next = () => {
    const now = performance.now();
    window.longestGap = Math.max(window.longestGap, now - last);
    last = now;
    scheduler.postTask(next, { priority: 'user-blocking', delay: 4 });
  };
  next();
}

/** CPU milliseconds of the longest task on a renderer's main thread, from a trace. */
function longestTask(trace) {
  const { traceEvents } = JSON.parse(Buffer.from(trace).toString('utf8'));
  const thread = ({ pid, tid }) => `${pid}:${tid}`;
  const mains = new Set(
    traceEvents.filter((event) => event.args?.name === 'CrRendererMain').map(thread),
  );
  const tasks = traceEvents.filter(
    (event) => event.name.endsWith('RunTask') && mains.has(thread(event)),
  );
  if (tasks.length === 0) throw new Error('the trace has no tasks of the page');
  return tasks.reduce((most, { tdur = 0 }) => Math.max(most, tdur / 1000), 0);
}

/** The longest gap and the longest task of the page's main thread, and how long the replicas took; ms. */
export async function pageGap(browser, url, nodes, replicas) {
  const page = await browser.newPage();
  await page.setViewport({ width: 1440, height: 900 });
  await page.goto(url);
  const shown = (what, ask, ...values) =>
    page.waitForFunction(ask, { timeout: READY_MS_MAX, polling: 200 }, ...values).catch(() => {
      throw new Error(`${what} did not happen`);
    });
  const booted = (rooms) =>
    shown(
      'the boot',
      (count) =>
        document.querySelectorAll('.map .room').length >= count &&
        /\$/.test(document.querySelector('.xterm-rows')?.textContent ?? '') &&
        document.querySelector('.app')?.getAttribute('data-running') === 'yes',
      rooms,
    );
  await booted(4);
  await openOwn(page, nodes);
  await booted(nodes + 1);
  await page.evaluate(() => {
    const speeds = [...document.querySelectorAll('[role="radio"]')];
    speeds.find((one) => one.textContent === 'max')?.click();
  });
  await page.click('.screen:not([hidden])');
  // Typed before the beat begins: a storm of keys goes before everything, a beat as well.
  const create = `kubectl create deployment web --image=nginx --replicas=${replicas}`;
  await page.keyboard.type(`${create}; kubectl rollout status deployment web | tail -1`);
  await page.tracing.start({ categories: ['toplevel'] });
  await page.evaluate(beat);
  const begin = Date.now();
  await page.keyboard.press('Enter');
  await shown('the rollout', () => {
    const rows = [...document.querySelectorAll('.screen:not([hidden]) .xterm-rows > div')];
    return rows.some((row) => /successfully.rolled.out/.test(row.textContent));
  });
  const ready = Date.now() - begin;
  const gap = await page.evaluate(() => window.longestGap);
  const task = longestTask(await page.tracing.stop());
  await page.close();
  return { gap, task, ready };
}

/** Opens a cluster of one's own with that many workers. */
async function openOwn(page, nodes) {
  await page.evaluate(() => {
    const buttons = [...document.querySelectorAll('button')];
    buttons
      .find((one) => /seed/i.test(one.textContent ?? '') && one.offsetParent !== null)
      ?.click();
  });
  await page.waitForSelector('#new-nodes');
  await page.$eval(
    '#new-nodes',
    (field, value) => {
      field.value = value;
      field.dispatchEvent(new InputEvent('input', { bubbles: true }));
    },
    String(nodes),
  );
  await page.evaluate(() => {
    const form = document.querySelector('#new-nodes')?.closest('form');
    form?.requestSubmit();
  });
}
