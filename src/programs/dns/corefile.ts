/**
 * The Corefile: server blocks with plugins and their options (coredns/caddy caddyfile, CoreDNS v1.12).
 * Tokens are words; a brace opens and closes a block; `#` begins a comment.
 */
import { err, ok, type Result } from '../../ground/base/result.ts';

export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly options: readonly { readonly name: string; readonly args: readonly string[] }[];
  readonly line: number;
}

export interface ServerBlock {
  /** `.`, `example.com` … without scheme and port. */
  readonly zones: readonly string[];
  readonly port: number;
  readonly directives: readonly Directive[];
}

/** Plugins that CoreDNS has and this one does not: named in the error. */
const KNOWN = new Set([
  'errors',
  'health',
  'ready',
  'kubernetes',
  'prometheus',
  'forward',
  'cache',
  'loop',
  'reload',
  'loadbalance',
  'log',
  'whoami',
]);

interface Line {
  readonly number: number;
  readonly words: readonly string[];
}

function linesOf(text: string): Line[] {
  return text.split('\n').flatMap((raw, index) => {
    const words = raw
      .replace(/(^|\s)#.*$/, '')
      .trim()
      .split(/\s+/)
      .filter((word) => word !== '');
    return words.length === 0 ? [] : [{ number: index + 1, words }];
  });
}

/** Reads a Corefile; the error is what CoreDNS prints before it exits. */
export function parseCorefile(text: string, path: string): Result<readonly ServerBlock[], string> {
  const lines = linesOf(text);
  const blocks: ServerBlock[] = [];
  let at = 0;
  while (at < lines.length) {
    const head = lines[at] as Line;
    if (head.words[head.words.length - 1] !== '{')
      return err(
        `${path}:${head.number} - Error during parsing: Expected '{' after server block label`,
      );
    const keys = head.words
      .slice(0, -1)
      .map((key) => key.replace(/^dns:\/\//, '').replace(/,$/, ''));
    const directives: Directive[] = [];
    at += 1;
    for (;;) {
      const line = lines[at];
      if (line === undefined)
        return err(`${path}:${head.number} - Error during parsing: Unexpected EOF`);
      at += 1;
      if (line.words[0] === '}') break;
      const read = readDirective(lines, at, line, path);
      if (!read.ok) return read;
      directives.push(read.value.directive);
      at = read.value.next;
    }
    const port = Number(/:(\d+)$/.exec(keys[0] ?? '')?.[1] ?? '53');
    blocks.push({ zones: keys.map((key) => key.replace(/:\d+$/, '')), port, directives });
  }
  return ok(blocks);
}

function readDirective(
  lines: readonly Line[],
  from: number,
  line: Line,
  path: string,
): Result<{ readonly directive: Directive; readonly next: number }, string> {
  const name = line.words[0] as string;
  if (!KNOWN.has(name))
    return err(`${path}:${line.number} - Error during parsing: Unknown directive '${name}'`);
  const opens = line.words[line.words.length - 1] === '{';
  const args = line.words.slice(1, opens ? -1 : undefined);
  const options: { name: string; args: readonly string[] }[] = [];
  let at = from;
  while (opens) {
    const option = lines[at];
    if (option === undefined)
      return err(`${path}:${line.number} - Error during parsing: Unexpected EOF`);
    at += 1;
    if (option.words[0] === '}') break;
    options.push({ name: option.words[0] as string, args: option.words.slice(1) });
  }
  return ok({ directive: { name, args, options, line: line.number }, next: at });
}
