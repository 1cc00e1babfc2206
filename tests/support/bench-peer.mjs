// The comparison with the nearest peer: both in turns, each run in a process or a page of its own, in
// Node and in Chromium. The peer is installed into the temporary folder, never into the project.
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { loadavg } from 'node:os';
import { extname, join } from 'node:path';
import { buildBench } from './bench-build.mjs';
import { findBrowser } from './browsers.mjs';

const PEER = '@ngrok/webernetes@0.3.5';
const NODES = 10;
/** Replicas, turns, and how many times faster than the peer is wanted. */
const CELLS = [
  [1, 3, 1],
  [100, 3, 1],
  [1000, 2, 15],
];
const GAP_MS_MAX = 50;
const LOAD_MAX = 1.5;
const RUN_MS_MAX = 300_000;

export async function benchPeer(root, folder) {
  await prepare(root, folder);
  const rows = await compare('Node', async (who, replicas) => runNode(folder, who, replicas));
  const browser = findBrowser('chromium');
  if (browser === undefined) console.error('no Chromium: only Node was measured');
  else rows.push(...(await inBrowser(folder, browser)));
  printRows(rows);
  console.log(`load ${loadavg()[0].toFixed(2)}`);
  return 0;
}

async function prepare(root, folder) {
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  run('npm', ['install', '--no-audit', '--no-fund', '--silent', PEER], folder);
  copyFileSync(join(root, 'tests/bench/peer.mjs'), join(folder, 'peer.mjs'));
  writeFileSync(
    join(folder, 'peer-node.mjs'),
    `import { runPeer } from './page/peer.mjs';
const [nodes, replicas] = process.argv.slice(2).map(Number);
console.log(JSON.stringify(await runPeer(nodes, replicas)));
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

/** Least times of both, measured in turns; a round on a busy machine is repeated once. */
async function compare(where, measure) {
  const rows = [];
  const starts = { own: Infinity, peer: Infinity };
  for (const [replicas, turns, goal] of CELLS) {
    const least = { own: Infinity, peer: Infinity };
    const gaps = { own: 0, peer: 0 };
    const round = async () => {
      for (let turn = 0; turn < turns; turn += 1) {
        for (const who of ['own', 'peer']) {
          const { start, ready, gap = 0 } = await measure(who, replicas);
          console.error(`${where} ${who} ${replicas}: start ${start | 0}, ready ${ready | 0} ms`);
          least[who] = Math.min(least[who], ready);
          starts[who] = Math.min(starts[who], start);
          gaps[who] = Math.max(gaps[who], gap);
        }
      }
    };
    await round();
    if (least.peer / least.own < goal && loadavg()[0] > LOAD_MAX) await round();
    rows.push(
      atLeast(`${where}: ${replicas} replicas, peer against Drydock`, least.peer / least.own, goal),
    );
    if (gaps.own > 0) {
      rows.push({
        what: `${where}: ${replicas} replicas, longest gap of the page's main thread against 50 ms`,
        ratio: gaps.own / GAP_MS_MAX,
        goal: '≤ 1',
        met: gaps.own <= GAP_MS_MAX,
      });
      rows.push(
        atLeast(
          `${where}: ${replicas} replicas, gap, peer against Drydock`,
          gaps.peer / gaps.own,
          1,
        ),
      );
    }
  }
  rows.unshift(
    atLeast(`${where}: start until all is up, peer against Drydock`, starts.peer / starts.own, 1),
  );
  return rows;
}

function atLeast(what, ratio, goal) {
  return { what, ratio, goal: `≥ ${goal}`, met: ratio >= goal };
}

function runNode(folder, who, replicas) {
  const script = who === 'own' ? 'own.mjs' : 'peer-node.mjs';
  const done = spawnSync(
    process.execPath,
    [join(folder, script), String(NODES), String(replicas)],
    {
      encoding: 'utf8',
      timeout: RUN_MS_MAX,
      maxBuffer: 1e8,
    },
  );
  const line = done.stdout.trim().split('\n').pop() ?? '';
  if (done.status !== 0 || !line.startsWith('{')) throw new Error(`${script}: ${done.stderr}`);
  return JSON.parse(line);
}

/** The page: Drydock runs in a worker, the peer where it can, on the main thread. */
const PAGE = `<!doctype html><title>bench</title><script type="module">
let last = performance.now(), gap = 0;
const beat = () => {
  const now = performance.now();
  gap = Math.max(gap, now - last);
  last = now;
  setTimeout(beat, 1);
};
beat();
window.measure = async (who, nodes, replicas) => {
  let result;
  if (who === 'own') {
    const worker = new Worker('/worker.mjs', { type: 'module' });
    gap = 0;
    result = await new Promise((resolve, reject) => {
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
      worker.postMessage({ nodes, replicas });
    });
    worker.terminate();
  } else {
    const { runPeer } = await import('/peer.mjs');
    gap = 0;
    result = await runPeer(nodes, replicas);
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  return { ...result, gap };
};
</script>`;

async function inBrowser(folder, executablePath) {
  const { default: puppeteer } = await import('puppeteer-core');
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?')[0];
    const type = extname(path) === '.mjs' ? 'text/javascript' : 'text/html';
    response.setHeader('content-type', `${type}; charset=utf-8`);
    try {
      response.end(path === '/' ? PAGE : readFileSync(join(folder, 'page', path)));
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${server.address().port}/`;
  try {
    return await compare('Chromium', async (who, replicas) => {
      const browser = await puppeteer.launch({
        executablePath,
        headless: true,
        args: ['--no-sandbox', '--disable-background-timer-throttling'],
        protocolTimeout: RUN_MS_MAX,
      });
      try {
        const page = await browser.newPage();
        await page.goto(address);
        return await page.evaluate(
          (name, nodes, count) => window.measure(name, nodes, count),
          who,
          NODES,
          replicas,
        );
      } finally {
        await browser.close();
      }
    });
  } finally {
    server.close();
  }
}

function printRows(rows) {
  const width = Math.max(...rows.map((row) => row.what.length));
  console.log(`${'WHAT'.padEnd(width)}  RATIO   GOAL   MET`);
  for (const { what, ratio, goal, met } of rows) {
    const text = ratio.toFixed(ratio >= 10 ? 1 : 2).padEnd(6);
    console.log(`${what.padEnd(width)}  ${text}  ${goal.padEnd(5)}  ${met ? 'yes' : 'no'}`);
  }
}
