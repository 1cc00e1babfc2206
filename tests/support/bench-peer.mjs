// The comparison with the nearest peer: both in turns, each run in a process or a page of its own, in
// Node and in Chromium. The peer is installed into the temporary folder, never into the project.
// `--quick` makes fewer replicas, to try the comparison itself.
import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { buildBench } from './bench-build.mjs';
import { buildSite, pageGap, serve } from './bench-page.mjs';
import { findBrowser } from './browsers.mjs';

const PEER = '@ngrok/webernetes@0.3.5';
const NODES = 10;
const GAP_MS_MAX = 50;
const GAP_TURNS = 2;
const LOAD_MAX = 1.5;
const RUN_MS_MAX = 300_000;

/**
 * Runs of a cluster that is up: who takes part in which order, and the cells, each so many replicas and
 * how many times faster than the peer is wanted. The few replicas of a run share one start; a thousand
 * take the peer most of a minute, so that its one run says enough.
 */
const RUNS = [
  {
    order: ['own', 'peer', 'own', 'peer', 'own', 'peer'],
    cells: [
      { replicas: 1, goal: 1 },
      { replicas: 100, goal: 1 },
    ],
  },
  { order: ['own', 'peer', 'own'], cells: [{ replicas: 1000, goal: 15 }] },
];
const QUICK_RUNS = [
  {
    order: ['own', 'peer'],
    cells: [
      { replicas: 1, goal: 1 },
      { replicas: 20, goal: 1 },
    ],
  },
];

export async function benchPeer(root, folder, quick) {
  await prepare(root, folder);
  const runs = quick ? QUICK_RUNS : RUNS;
  const rows = await compare('Node', runs, async (who, counts) => runNode(folder, who, counts));
  const executablePath = findBrowser('chromium');
  if (executablePath === undefined) console.error('no Chromium: only Node was measured');
  else {
    rows.push(...(await inBrowser(folder, executablePath, runs)));
    rows.push(...(await gapRows(root, folder, executablePath, quick ? 50 : 1000)));
  }
  printRows(rows);
  return 0;
}

/** The rows of the page alone. */
export async function benchPage(root, folder) {
  const executablePath = findBrowser('chromium');
  if (executablePath === undefined) throw new Error('no Chromium is installed');
  printRows(await gapRows(root, folder, executablePath, 1000));
  return 0;
}

async function prepare(root, folder) {
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  run('npm', ['install', '--no-audit', '--no-fund', '--silent', PEER], folder);
  copyFileSync(join(root, 'tests/bench/peer.mjs'), join(folder, 'peer.mjs'));
  writeFileSync(
    join(folder, 'peer-node.mjs'),
    `import { runPeer } from './page/peer.mjs';
const [nodes, ...counts] = process.argv.slice(2).map(Number);
console.log(JSON.stringify(await runPeer(nodes, counts)));
process.exit(0);`,
  );
  buildBench(root, folder, 'node');
  buildBench(root, join(folder, 'page'), 'browser');
  await bundlePeer(folder);
}

/** The package names its files without their endings, which neither Node nor a browser follows. */
async function bundlePeer(folder) {
  const { build } = await import('vite');
  await build({
    configFile: false,
    root: folder,
    logLevel: 'warn',
    publicDir: false,
    build: {
      outDir: join(folder, 'page'),
      emptyOutDir: false,
      target: 'es2022',
      lib: { entry: { peer: join(folder, 'peer.mjs') }, formats: ['es'] },
      rolldownOptions: { output: { entryFileNames: '[name].mjs' } },
    },
  });
}

function run(command, args, cwd) {
  const done = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
}

/**
 * Least times of both, measured in turns; runs on a busy machine that miss a goal are repeated once. A start
 * is told twice: the peer's takes 0.2 s or 1.05 s by chance (its scheduler tries once or twice), so the mean
 * is what a person waits, and the least is its luck.
 */
async function compare(where, runs, measure) {
  const rows = [];
  const least = { own: new Map(), peer: new Map() };
  const starts = { own: [], peer: [] };
  const mean = (times) => times.reduce((sum, ms) => sum + ms, 0) / times.length;
  const note = (who, what, ms) => least[who].set(what, Math.min(least[who].get(what) ?? ms, ms));
  const ratio = (what) => least.peer.get(what) / least.own.get(what);
  for (const { order, cells } of runs) {
    const counts = cells.map((cell) => cell.replicas);
    const round = async () => {
      for (const who of order) {
        const { start, ready } = await measure(who, counts);
        starts[who].push(start);
        for (const [index, count] of counts.entries()) note(who, count, ready[index]);
        const times = ready.map((ms, index) => `${counts[index]} ready ${ms | 0}`).join(', ');
        console.error(`${where} ${who}: start ${start | 0}, ${times} ms`);
      }
    };
    await round();
    if (cells.some((cell) => ratio(cell.replicas) < cell.goal) && loadavg()[0] > LOAD_MAX) {
      console.error(`${where} again: the machine was busy`);
      await round();
    }
    for (const { replicas, goal } of cells)
      rows.push(
        atLeast(`${where}, ${replicas} replicas: peer against Drydock`, ratio(replicas), goal),
      );
  }
  const start = `${where}, start until all is up, peer against Drydock`;
  return [
    atLeast(`${start}: means`, mean(starts.peer) / mean(starts.own), 1),
    {
      what: `${start}: least`,
      figure: Math.min(...starts.peer) / Math.min(...starts.own),
      goal: '',
    },
    ...rows,
  ];
}

function atLeast(what, figure, goal) {
  return { what, figure, goal: `≥ ${goal}`, met: figure >= goal };
}

function runNode(folder, who, counts) {
  const script = join(folder, who === 'own' ? 'own.mjs' : 'peer-node.mjs');
  const args = [script, NODES, ...counts].map(String);
  const options = { encoding: 'utf8', timeout: RUN_MS_MAX, maxBuffer: 1e8 };
  const done = spawnSync(process.execPath, args, options);
  const line = done.stdout.trim().split('\n').pop() ?? '';
  if (done.status !== 0 || !line.startsWith('{')) throw new Error(`${script}: ${done.stderr}`);
  return JSON.parse(line);
}

/** The page: Drydock runs in a worker, the peer where it can, on the main thread. */
const PAGE = `<!doctype html><title>bench</title><script type="module">
window.measure = async (who, nodes, counts) => {
  if (who === 'peer') return (await import('/peer.mjs')).runPeer(nodes, counts);
  const worker = new Worker('/worker.mjs', { type: 'module' });
  const result = await new Promise((resolve, reject) => {
    worker.onmessage = (event) => resolve(event.data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage({ nodes, counts });
  });
  worker.terminate();
  return result;
};
</script>`;

async function inBrowser(folder, executablePath, runs) {
  const site = await serve(join(folder, 'page'), PAGE);
  try {
    return await compare('Chromium', runs, async (who, counts) => {
      return withBrowser(executablePath, async (browser) => {
        const page = await browser.newPage();
        await page.goto(site.url);
        return page.evaluate((...order) => window.measure(...order), who, NODES, counts);
      });
    });
  } finally {
    site.close();
  }
}

/** The built page while it makes the replicas: the least disturbed of some turns. */
async function gapRows(root, folder, executablePath, replicas) {
  buildSite(root, join(folder, 'site'));
  const site = await serve(join(folder, 'site'));
  const least = { gap: Infinity, task: Infinity };
  try {
    for (let turn = 0; turn < GAP_TURNS; turn += 1) {
      const { gap, task, ready } = await withBrowser(executablePath, (browser) =>
        pageGap(browser, site.url, NODES, replicas),
      );
      console.error(`page: ${replicas} ready ${ready}, gap ${gap | 0}, task ${task.toFixed(1)} ms`);
      least.gap = Math.min(least.gap, gap);
      least.task = Math.min(least.task, task);
    }
  } finally {
    site.close();
  }
  const row = (what, figure) => ({
    what: `Built page, ${replicas} replicas: ${what}`,
    figure,
    goal: `≤ ${GAP_MS_MAX}`,
    met: figure <= GAP_MS_MAX,
  });
  return [
    row('longest gap of the main thread, ms', least.gap),
    row('longest task of the main thread, ms of its CPU', least.task),
  ];
}

async function withBrowser(executablePath, use) {
  const { default: puppeteer } = await import('puppeteer-core');
  const browser = await puppeteer.launch({
    executablePath,
    headless: true,
    args: ['--no-sandbox', '--disable-background-timer-throttling'],
    protocolTimeout: RUN_MS_MAX,
  });
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}

function printRows(rows) {
  const cells = [
    ['ID', 'WHAT', 'FIGURE', 'GOAL', 'MET'],
    ...rows.map(({ what, figure, goal, met }, index) => [
      `W${index + 1}`,
      what,
      figure.toFixed(figure >= 10 ? 1 : 2),
      goal,
      goal === '' ? '' : met ? 'yes' : 'no',
    ]),
  ];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  for (const line of cells)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    );
  console.log(`load ${loadavg()[0].toFixed(2)}`);
}
