/**
 * What nginx reads in /etc/nginx/conf.d: servers, their ports and folders, and locations that serve files
 * or return a code (src/core/ngx_conf_file.c, ngx_http_core_module.c, ngx_http_rewrite_module.c).
 * Other directives have no effect here, and nginx says so when it starts.
 */
import type { Process } from '../../machines/machine/process.ts';

interface Directive {
  readonly words: readonly string[];
  readonly line: number;
  readonly block: readonly Directive[] | undefined;
}

export interface Location {
  /** `=`, `^~`, or empty for a prefix. */
  readonly kind: string;
  readonly path: string;
  readonly root: string;
  readonly index: readonly string[];
  readonly returns: Returned | undefined;
}

export interface Returned {
  readonly code: number;
  readonly body: string;
  /** `default_type`, as far as a server or a location says it. */
  readonly type: string;
}

export interface Site extends Location {
  readonly port: number;
  /** Also listens on `[::]`. */
  readonly both: boolean;
  readonly locations: readonly Location[];
}

export interface Sites {
  readonly sites: readonly Site[];
  /** What has no effect here. */
  readonly warnings: readonly string[];
  /** What nginx itself refuses. */
  readonly error: string | undefined;
}

const FOLDER = '/etc/nginx/conf.d';
const ROOT = '/etc/nginx/html';
/** Directives that are obeyed, or whose effect nobody can see here. */
const KNOWN = new Set(
  'listen server_name root index return location error_page access_log error_log charset keepalive_timeout sendfile tcp_nopush default_type server_tokens'.split(
    ' ',
  ),
);

interface Token {
  readonly text: string;
  readonly line: number;
  readonly quoted: boolean;
}

function tokens(text: string): Token[] {
  const found: Token[] = [];
  const pattern = /\n|#[^\n]*|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|[{};]|[^\s{};]+/g;
  let line = 1;
  for (const match of text.matchAll(pattern)) {
    const [whole] = match;
    const inner = match[1] ?? match[2];
    if (whole === '\n') line += 1;
    else if (!whole.startsWith('#'))
      found.push({ text: inner ?? whole, line, quoted: inner !== undefined });
    line += inner === undefined ? 0 : inner.split('\n').length - 1;
  }
  return found;
}

/** Directives up to the closing brace, or why there are none. */
function parse(
  list: readonly Token[],
  at: { index: number },
  nested: boolean,
): Directive[] | string {
  const directives: Directive[] = [];
  let words: string[] = [];
  let line = 0;
  for (;;) {
    const token = list[at.index];
    const where = `${token?.line ?? list.at(-1)?.line ?? 1}`;
    if (token === undefined)
      return nested || words.length > 0
        ? `unexpected end of file, expecting ${words.length > 0 ? '";" or "}"' : '"}"'} in FILE:${where}`
        : directives;
    at.index += 1;
    if (!token.quoted && token.text === '}') {
      if (words.length > 0 || !nested) return `unexpected "}" in FILE:${where}`;
      return directives;
    }
    if (!token.quoted && (token.text === ';' || token.text === '{')) {
      if (words.length === 0) return `unexpected "${token.text}" in FILE:${where}`;
      const block = token.text === '{' ? parse(list, at, true) : undefined;
      if (typeof block === 'string') return block;
      directives.push({ words, line, block });
      words = [];
      continue;
    }
    if (words.length === 0) line = token.line;
    words.push(token.text);
  }
}

function returnedBy(block: readonly Directive[]): Returned | undefined {
  const words = block.find((each) => each.words[0] === 'return')?.words;
  if (words === undefined) return undefined;
  const [, first = '', second = ''] = words;
  const isCode = /^\d{3}$/.test(first);
  const body = (isCode ? second : first).replace(/\\n/g, '\n');
  const type = wordsOf(block, 'default_type')?.[0] ?? 'application/octet-stream';
  return { code: isCode ? Number(first) : 302, body, type };
}

function wordsOf(block: readonly Directive[], name: string): readonly string[] | undefined {
  return block.find((each) => each.words[0] === name)?.words.slice(1);
}

function locationOf(directive: Directive, outer: Pick<Location, 'root' | 'index'>): Location {
  const [, ...words] = directive.words;
  const kind = words.length > 1 ? (words[0] as string) : '';
  const block = directive.block ?? [];
  return {
    kind,
    path: words.at(-1) ?? '/',
    root: wordsOf(block, 'root')?.[0] ?? outer.root,
    index: wordsOf(block, 'index') ?? outer.index,
    returns: returnedBy(block),
  };
}

function siteOf(block: readonly Directive[]): Site {
  const listens = block
    .filter((each) => each.words[0] === 'listen')
    .map((each) => each.words[1] ?? '');
  const port = /(\d+)$/.exec(listens.find((each) => /\d+$/.test(each)) ?? '80')?.[1];
  const outer = {
    root: wordsOf(block, 'root')?.[0] ?? ROOT,
    index: wordsOf(block, 'index') ?? ['index.html'],
  };
  return {
    ...outer,
    kind: '',
    path: '/',
    port: Number(port ?? '80'),
    both: listens.some((each) => each.startsWith('[::]')),
    returns: returnedBy(block),
    locations: block
      .filter((each) => each.words[0] === 'location' && !isPattern(each))
      .map((each) => locationOf(each, outer)),
  };
}

/** `location ~ …`: patterns are not modelled. */
function isPattern({ words }: Directive): boolean {
  return words[0] === 'location' && (words[1] ?? '').startsWith('~');
}

function unknownIn(block: readonly Directive[], path: string): string[] {
  return block.flatMap((each) => [
    ...(KNOWN.has(each.words[0] ?? '') && !isPattern(each)
      ? []
      : [`"${each.words[0]}" has no effect here in ${path}:${each.line}`]),
    ...(each.block === undefined ? [] : unknownIn(each.block, path)),
  ]);
}

/** All servers of the folder. */
export function readSites(process: Process): Sites {
  const names = process.files.list(FOLDER);
  const sites: Site[] = [];
  const warnings: string[] = [];
  for (const name of names.ok ? names.value : []) {
    const path = `${FOLDER}/${name}`;
    const file = name.endsWith('.conf') ? process.files.readText(path) : undefined;
    if (file?.ok !== true) continue;
    const parsed = parse(tokens(file.value), { index: 0 }, false);
    if (typeof parsed === 'string') return { sites, warnings, error: parsed.replace('FILE', path) };
    for (const { words, block, line } of parsed) {
      if (words[0] === 'server' && block !== undefined) {
        sites.push(siteOf(block));
        warnings.push(...unknownIn(block, path));
      } else warnings.push(`"${words[0]}" has no effect here in ${path}:${line}`);
    }
  }
  return { sites, warnings, error: undefined };
}

/** The location of a path: the exact one, else the longest prefix. */
export function locationFor(site: Site, path: string): Location {
  let best: Location = site;
  let length = -1;
  for (const location of site.locations) {
    if (location.kind === '=') {
      if (location.path === path) return location;
    } else if (path.startsWith(location.path) && location.path.length > length) {
      best = location;
      length = location.path.length;
    }
  }
  return best;
}
