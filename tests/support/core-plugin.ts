/**
 * The Vite plugin that compiles the AssemblyScript cores: `virtual:core/packet` and
 * `virtual:core/scheduler` are modules that export the Wasm bytes, inlined as text in every build
 * (site, single file, Node, tests). A compile takes a second or two, so the result is kept in
 * `.cache` under the hash of all sources of `assembly`.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const PREFIX = 'virtual:core/';
const FLAGS = [
  '-O3',
  '--noAssert',
  '--runtime',
  'stub',
  '--uncheckedBehavior',
  'always',
  '--use',
  'abort=',
  '--enable',
  'simd',
];

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? sources(path) : entry.name.endsWith('.ts') ? [path] : [];
    })
    .sort();
}

async function compile(core: string): Promise<Uint8Array> {
  const files = sources(join(ROOT, 'assembly'));
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const file of files) hash.update(relative(ROOT, file)).update(readFileSync(file));
  const cached = join(ROOT, '.cache', `${core}-${hash.digest('hex').slice(0, 16)}.wasm`);
  if (existsSync(cached)) return readFileSync(cached);
  const { default: asc } = await import('assemblyscript/asc');
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [`assembly/${core}/index.ts`, '--outFile', 'core.wasm', ...FLAGS],
    {
      readFile: (name: string, base: string) => {
        const path = join(ROOT, base === '.' ? '' : base, name);
        const file = existsSync(path) ? path : join(ROOT, name);
        return existsSync(file) ? readFileSync(file, 'utf8') : null;
      },
      writeFile: (_name: string, contents: string | Uint8Array) => {
        if (typeof contents !== 'string') binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || binary === undefined) {
    throw new Error(`the ${core} core does not compile: ${stderr.toString()}`);
  }
  mkdirSync(dirname(cached), { recursive: true });
  writeFileSync(cached, binary);
  return binary;
}

const SPACE = 0x20;
const LETTERS = 0x7f;
const BEYOND = 0xa1 - (LETTERS - SPACE);

/**
 * A letter for each byte: ASCII from the space on, then Latin letters. Unlike base64 it leaves the bytes
 * whole, so that gzip finds what repeats: a quarter less.
 */
function lettersOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    String.fromCharCode(byte + SPACE < LETTERS ? byte + SPACE : byte + BEYOND),
  ).join('');
}

/** AssemblyScript's casts for the parts of `assembly` that the host imports (the layouts). */
const CASTS =
  'const u32 = (value) => value >>> 0, i32 = (value) => value | 0, f64 = Number, bool = Boolean;';

/** Serves the cores as modules, and gives the layouts that the host shares with them their casts. */
export function corePlugin(): Plugin {
  return {
    name: 'drydock-cores',
    enforce: 'pre',
    transform(code, id) {
      return /[/\\]assembly[/\\].*\.ts$/.test(id) ? `${code}\n${CASTS}` : undefined;
    },
    resolveId(id) {
      return id.startsWith(PREFIX) ? `\0${id}` : undefined;
    },
    async load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return undefined;
      const wasm = await compile(id.slice(PREFIX.length + 1));
      return [
        `const text = ${JSON.stringify(lettersOf(wasm))};`,
        'export const bytes = Uint8Array.from(text, (char) => {',
        '  const code = char.charCodeAt(0);',
        `  return code < ${LETTERS} ? code - ${SPACE} : code - ${BEYOND};`,
        '});',
      ].join('\n');
    },
  };
}

/** Resolves the memory of a core's TypeScript twin: `memory.ts` is Wasm's, `memory.portable.ts` ours. */
export function twinPlugin(): Plugin {
  return {
    name: 'drydock-twin',
    enforce: 'pre',
    resolveId(id, importer) {
      if (importer === undefined || !/[/\\]assembly[/\\]/.test(importer)) return undefined;
      if (!/(^|\/)memory(\.ts)?$/.test(id)) return undefined;
      return join(ROOT, 'assembly', 'shared', 'memory.portable.ts');
    },
  };
}
