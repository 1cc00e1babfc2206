/** Who may import whom: the table of ARCHITECTURE.md section 3, and the one door of every package. */

const GROUND = ['base', 'lang', 'pki', 'trace', 'api'];
const MACHINES = ['network', 'machine'];
const LOW = [...GROUND, ...MACHINES];

/** Folder → where it is, and which folders it may import. `x/wire` is the wire of x alone. */
export const FOLDERS: Readonly<
  Record<string, { readonly at: string; readonly may: readonly string[] }>
> = {
  base: { at: 'src/ground/base', may: [] },
  lang: { at: 'src/ground/lang', may: ['base'] },
  pki: { at: 'src/ground/pki', may: ['base'] },
  trace: { at: 'src/ground/trace', may: ['base'] },
  api: { at: 'src/ground/api', may: ['base', 'lang'] },
  network: { at: 'src/machines/network', may: ['base', 'trace', 'pki', 'assembly'] },
  machine: { at: 'src/machines/machine', may: ['base', 'trace', 'network'] },
  client: { at: 'src/spine/client', may: LOW },
  etcd: { at: 'src/spine/etcd', may: ['base', 'lang', 'pki', 'trace', 'network', 'machine'] },
  apiserver: { at: 'src/spine/apiserver', may: [...LOW, 'client', 'etcd/wire'] },
  scheduler: { at: 'src/programs/scheduler', may: [...LOW, 'client', 'wire', 'assembly'] },
  controllers: { at: 'src/programs/controllers', may: [...LOW, 'client', 'wire'] },
  kubelet: { at: 'src/programs/kubelet', may: [...LOW, 'client', 'wire'] },
  runtime: { at: 'src/programs/runtime', may: [...LOW, 'client', 'wire'] },
  'kube-proxy': { at: 'src/programs/kube-proxy', may: [...LOW, 'client', 'wire'] },
  dns: { at: 'src/programs/dns', may: [...LOW, 'client', 'wire'] },
  shell: { at: 'src/programs/shell', may: [...LOW, 'client', 'wire'] },
  tools: { at: 'src/programs/tools', may: [...LOW, 'client', 'wire'] },
  cli: { at: 'src/programs/cli', may: [...LOW, 'client', 'wire'] },
  images: { at: 'src/programs/images', may: [...LOW, 'shell', 'tools'] },
  why: { at: 'src/lab/why', may: ['base', 'trace', 'api', 'lab:types'] },
  scenarios: { at: 'src/lab/scenarios', may: ['base', 'lang', 'trace', 'api', 'lab:types'] },
  lab: {
    at: 'src/lab',
    may: [
      ...LOW,
      'client',
      'etcd',
      'apiserver',
      'scheduler',
      'controllers',
      'kubelet',
      'runtime',
      'kube-proxy',
      'dns',
      'shell',
      'tools',
      'cli',
      'images',
      'wire',
      'assembly',
    ],
  },
  worker: {
    at: 'src/doors/worker',
    may: ['lab', 'why', 'scenarios', 'base', 'trace', 'api', 'shell'],
  },
  headless: { at: 'src/doors/headless', may: ['lab', 'why', 'scenarios', 'base', 'trace', 'api'] },
  ui: {
    at: 'src/doors/ui',
    may: [
      'worker/protocol',
      // The worker's entry, as a constructor: `?worker`.
      'worker/simulation.worker',
      'scenarios/format',
      'shell/line-editor',
      'api:types',
      'trace:types',
      'locale',
    ],
  },
  locale: { at: 'src/doors/locale', may: [] },
};

/** Third-party packages and the one place that may import each. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  preact: ['src/doors/ui'],
  '@preact/signals': ['src/doors/ui'],
  '@xterm/xterm': ['src/doors/ui/terminal'],
  '@xterm/addon-fit': ['src/doors/ui/terminal'],
  '@xterm/addon-search': ['src/doors/ui/terminal'],
  'monaco-editor': ['src/doors/ui/editor'],
  marked: ['src/doors/ui/guide'],
  uqr: ['src/doors/ui/share'],
  'js-yaml': ['src/ground/lang/yaml'],
  unbash: ['src/programs/shell/parser'],
  '@noble/curves': ['src/ground/pki'],
  '@noble/hashes': ['src/ground/pki'],
  re2js: ['src/ground/lang/regexp'],
  fflate: ['src/ground/base/deflate'],
};

/** The folder that a path belongs to: the longest that matches. */
export function folderOf(path: string): string | undefined {
  let best: string | undefined;
  let length = 0;
  for (const [name, folder] of Object.entries(FOLDERS)) {
    if (path.startsWith(`${folder.at}/`) && folder.at.length > length) {
      best = name;
      length = folder.at.length;
    }
  }
  return path.startsWith('assembly/') ? 'assembly' : best;
}

/** Why `path` may not import `target`, or undefined when it may. */
export function refusal(path: string, target: string, typeOnly: boolean): string | undefined {
  const from = folderOf(path);
  const to = folderOf(target);
  if (from === undefined) return undefined;
  if (to === undefined)
    return target.startsWith('src/types')
      ? undefined
      : `imports ${target}, which is in no folder of the table`;
  if (from === to) return undefined;
  const may = FOLDERS[from]?.may ?? [];
  if (may.includes(to)) return undefined;
  if (typeOnly && may.includes(`${to}:types`)) return undefined;
  const inside = target.slice((FOLDERS[to]?.at.length ?? 0) + 1);
  if (/^wire(\/|\.ts$)/.test(inside) && (may.includes('wire') || may.includes(`${to}/wire`)))
    return undefined;
  if (may.some((entry) => entry === `${to}/${inside.replace(/\.ts$/, '')}`)) return undefined;
  return `${from} may not import ${to} (${target})`;
}
