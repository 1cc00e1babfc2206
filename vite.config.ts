/**
 * Three builds from one source. `vite build` makes the site in `dist`; `--mode single` makes the one
 * HTML file that opens from disk; `--mode headless --ssr` makes the Node entry points. The cores are
 * compiled by `corePlugin`.
 */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';
import { corePlugin, twinPlugin } from './tests/support/core-plugin.ts';

const ROOT = dirname(fileURLToPath(import.meta.url));
const TARGET = ['chrome109', 'firefox115', 'safari16.4'];
const VERSION = (
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
).version;

/**
 * The simulation worker's chunks: each is one file with all that those before it have not, so that none
 * waits for a second round trip.
 */
const WORKER_CHUNKS = [
  { name: 'simulation', test: /doors\/worker\/simulation\.worker\.ts$/, priority: 4 },
  { name: 'components', test: /lab\/components\.ts$/, priority: 3 },
];

const FILE_POLICY =
  "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:; " +
  "style-src 'unsafe-inline'; img-src data: blob:; font-src data:; connect-src 'none'; base-uri 'none'; form-action 'none'";
const SITE_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; " +
  "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; " +
  "manifest-src 'self'; base-uri 'none'; form-action 'none'";

/** Writes the content security policy into the page. */
function policyPlugin(policy: string): Plugin {
  return {
    name: 'drydock-policy',
    apply: 'build',
    transformIndexHtml: (html) =>
      html.replace(
        '<meta charset="utf-8">',
        () =>
          `<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${policy}">`,
      ),
  };
}

/** The page's own code is fetched beside its first script, not after it. */
function preloadPage(): Plugin {
  return {
    name: 'drydock-preload-page',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle = {} }) {
        const page = Object.values(bundle).find((item) => item.name === 'page');
        if (page?.type !== 'chunk') throw new Error('no chunk of the page');
        const links = [page.fileName, ...page.imports]
          .filter((name) => !html.includes(name))
          .map((name) => `<link rel="modulepreload" crossorigin href="./${name}">\n`);
        return html.replace('</head>', () => `${links.join('')}</head>`);
      },
    },
  };
}

/** Blob workers: in the one-file build `x?worker` means `x?worker&inline`. */
function inlineWorkers(): Plugin {
  return {
    name: 'drydock-inline-workers',
    enforce: 'pre',
    async resolveId(id, importer) {
      if (!id.endsWith('?worker')) return undefined;
      return this.resolve(`${id}&inline`, importer, { skipSelf: true });
    },
  };
}

/**
 * The code of an inlined worker stands in the one file deflated, and is inflated when a worker is
 * opened: a third of the worker's size, and the page's own script is parsed sooner.
 */
function packWorkers(): Plugin {
  return {
    name: 'drydock-pack-workers',
    enforce: 'pre',
    transform(code, id) {
      if (!/\?worker&inline$/.test(id)) return undefined;
      const literal = /^const jsContent = (".*");$/m.exec(code)?.[1];
      if (literal === undefined) return this.error(`${id} has no worker code as a literal`);
      const text = JSON.parse(literal) as string;
      const base64 = deflateRawSync(text, { level: 9 }).toString('base64');
      const module = [
        "import { inflateSync } from 'fflate';",
        `const packed = ${JSON.stringify(base64)};`,
        'let blob;',
        'function unpack() {',
        '  const bytes = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));',
        `  const code = inflateSync(bytes, { out: new Uint8Array(${Buffer.byteLength(text)}) });`,
        "  return new Blob([code], { type: 'text/javascript;charset=utf-8' });",
        '}',
        'export default function PackedWorker(options) {',
        '  blob ??= unpack();',
        '  const address = URL.createObjectURL(blob);',
        '  const worker = new Worker(address, { name: options?.name });',
        '  const forget = () => URL.revokeObjectURL(address);',
        "  worker.addEventListener('message', forget, { once: true });",
        "  worker.addEventListener('error', forget, { once: true });",
        '  return worker;',
        '}',
      ];
      return { code: module.join('\n'), map: { mappings: '' } };
    },
  };
}

/**
 * The editor looks up most of its words when it shows them, some once, while its code is loaded: those too
 * are looked up when they are shown, so that an open page can change its language.
 */
function editorWords(): Plugin {
  return {
    name: 'drydock-editor-words',
    transform(code, id) {
      if (!/monaco-editor\/esm\/vs\//.test(id)) return undefined;
      let changed = code.replace(
        /static \{ this\.(\w+_MESSAGE) = (localize\(.*\)); \}/g,
        'static get $1() { return $2; }',
      );
      const made = [...code.matchAll(/^const (NLS_\w+) = localize\(.*\);$/gm)].map(
        ([, name]) => name,
      );
      const taken = [...code.matchAll(/^import .*$/gm)].flatMap(([line]) => line.match(/NLS_\w+/g));
      for (const name of [...made, ...taken].filter((one) => typeof one === 'string'))
        changed = changed
          .replace(new RegExp(`^(?!export \\{|import ).*\\b${name}\\b.*$`, 'gm'), (line) =>
            line.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), `${name}()`),
          )
          .replace(`const ${name}() = `, `const ${name} = () => `);
      return changed === code ? undefined : { code: changed, map: null };
    },
  };
}

/** Puts scripts and styles into the HTML; fails when anything would be left outside. */
function singleFile(): Plugin {
  return {
    name: 'drydock-single-file',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const page = Object.values(bundle).find((item) => item.fileName.endsWith('.html'));
        if (page === undefined || page.type !== 'asset') this.error('no page in the bundle');
        let html = String(page.source);
        for (const item of Object.values(bundle)) {
          if (item === page) continue;
          if (item.type === 'chunk' && item.isEntry) {
            const code = item.code
              .replaceAll('__VITE_PRELOAD__', 'void 0')
              .replaceAll('</script', '<\\/script');
            html = html
              .replace(/<script type="module"[^>]*src="[^"]*"[^>]*><\/script>/, () => '')
              .replace('</body>', () => `<script type="module">${code}</script>\n</body>`);
          } else if (item.fileName.endsWith('.css') && item.type === 'asset') {
            html = html
              .replace(/<link rel="stylesheet"[^>]*>/, () => '')
              .replace('</head>', () => `<style>${String(item.source)}</style>\n</head>`);
          } else if (item.fileName.endsWith('.map')) {
            // Source maps stay out.
          } else this.error(`${item.fileName} would be left outside of the single file`);
          delete bundle[item.fileName];
        }
        html = html.replace(/<link rel="(manifest|icon|apple-touch-icon)"[^>]*>/g, '');
        page.source = html;
        page.fileName = 'drydock.html';
      },
    },
  };
}

/** After the site's build: the list of files that the service worker keeps. */
function precacheList(): Plugin {
  const list = (folder: string): string[] =>
    readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? list(path) : [path];
    });
  let dist = '';
  return {
    name: 'drydock-precache',
    apply: 'build',
    configResolved({ root, build }) {
      dist = resolve(root, build.outDir);
    },
    closeBundle() {
      const worker = join(dist, 'service-worker.js');
      if (!existsSync(worker)) return;
      const files = list(dist)
        .map((path) => relative(dist, path).replaceAll('\\', '/'))
        .filter((name) => name !== 'service-worker.js' && name !== 'drydock.html')
        .sort();
      const text = readFileSync(worker, 'utf8')
        .replace('/* FILES */ []', () => JSON.stringify(['./', ...files]))
        .replace('/* VERSION */ 0', () => JSON.stringify(`${VERSION}-${Date.now().toString(36)}`));
      writeFileSync(worker, text);
    },
  };
}

export default defineConfig(({ mode }) => {
  const shared = {
    root: join(ROOT, 'src'),
    base: './',
    define: { __VERSION__: JSON.stringify(VERSION) },
    oxc: { jsx: { runtime: 'automatic' as const, importSource: 'preact' } },
  };
  if (mode === 'headless') {
    return {
      ...shared,
      plugins: [corePlugin()],
      publicDir: false as const,
      ssr: { noExternal: true as const, external: ['ws'] },
      build: {
        ssr: true,
        target: 'node20',
        outDir: join(ROOT, '.cache', 'headless'),
        emptyOutDir: false,
        minify: false,
        rolldownOptions: { input: { lab: join(ROOT, 'src/doors/headless/lab.ts') } },
      },
    };
  }
  if (mode === 'single') {
    return {
      ...shared,
      plugins: [
        corePlugin(),
        editorWords(),
        inlineWorkers(),
        packWorkers(),
        policyPlugin(FILE_POLICY),
        singleFile(),
      ],
      publicDir: false as const,
      worker: { format: 'iife' as const, plugins: () => [corePlugin()] },
      build: {
        target: TARGET,
        outDir: join(ROOT, 'dist'),
        emptyOutDir: false,
        cssCodeSplit: false,
        assetsInlineLimit: 1e9,
        modulePreload: false as const,
        rolldownOptions: { output: { codeSplitting: false } },
      },
    };
  }
  return {
    ...shared,
    plugins: [
      corePlugin(),
      editorWords(),
      twinPlugin(),
      policyPlugin(SITE_POLICY),
      preloadPage(),
      precacheList(),
    ],
    publicDir: join(ROOT, 'public'),
    worker: {
      format: 'es' as const,
      plugins: () => [corePlugin()],
      rolldownOptions: { output: { codeSplitting: { groups: WORKER_CHUNKS } } },
    },
    build: {
      target: TARGET,
      outDir: join(ROOT, 'dist'),
      emptyOutDir: true,
    },
    server: { port: 5173, strictPort: false },
    preview: { port: 4173 },
  };
});
