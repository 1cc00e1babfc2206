/**
 * Shell patterns: `*`, `?`, `[…]` and bash's extended forms `@(a|b)`, `?( )`, `*( )`, `+( )`, `!( )`,
 * for `case`, `[[ == ]]`, `${x#pattern}`, pathnames, `find -name`. A pattern is matched by carrying the
 * set of all reachable positions from node to node, so that the work is bounded by pattern × text and
 * nothing backtracks. A backslash takes the next character literally; the shell writes quoted text so.
 *
 * Not modelled: collating elements `[.x.]` and equivalence classes `[=x=]` (the C locale has none).
 */

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'star' }
  | { readonly kind: 'set'; readonly negated: boolean; readonly matches: (char: string) => boolean }
  | { readonly kind: 'group'; readonly operator: string; readonly alternatives: readonly Glob[] };

/** A compiled pattern. */
export interface Glob {
  readonly nodes: readonly Node[];
}

export interface GlobOptions {
  readonly ignoreCase?: boolean;
  /** `@(…)` and its kin; on unless said. */
  readonly extended?: boolean;
}

/** True when the text holds an unquoted character that makes it a pattern. */
export function isPattern(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const char = text[index];
    if (char === '\\') index += 1;
    else if (char === '*' || char === '?' || char === '[') return true;
    else if (text[index + 1] === '(' && (char === '@' || char === '+' || char === '!')) return true;
  }
  return false;
}

/** The text as a pattern that matches only itself. */
export function escapePattern(text: string): string {
  return text.replace(/[\\*?[\]()|!+@^-]/g, '\\$&');
}

export function compileGlob(pattern: string, options: GlobOptions = {}): Glob {
  return { nodes: parseNodes(pattern, options) };
}

/** Does the whole text match? */
export function matchesGlob(glob: Glob, text: string): boolean {
  return advance(glob.nodes, text, [0]).includes(text.length);
}

/** Compiles and matches in one step. */
export function globMatch(pattern: string, text: string, options?: GlobOptions): boolean {
  return matchesGlob(compileGlob(pattern, options), text);
}

/** All ends of matches that begin at `start`, ascending. */
export function matchEnds(glob: Glob, text: string, start: number): readonly number[] {
  return advance(glob.nodes, text, [start]);
}

/** The pattern that matches the reversed text: suffixes become prefixes. */
export function reverseGlob(glob: Glob): Glob {
  const nodes = glob.nodes.map((node): Node => {
    if (node.kind === 'text') return { kind: 'text', text: reverseText(node.text) };
    if (node.kind !== 'group') return node;
    return { ...node, alternatives: node.alternatives.map(reverseGlob) };
  });
  return { nodes: nodes.reverse() };
}

export function reverseText(text: string): string {
  return [...text].reverse().join('');
}

function advance(nodes: readonly Node[], text: string, starts: readonly number[]): number[] {
  let positions = [...starts];
  for (const node of nodes) {
    if (positions.length === 0) return positions;
    positions = step(node, text, positions);
  }
  return positions;
}

function step(node: Node, text: string, positions: readonly number[]): number[] {
  const out: number[] = [];
  if (node.kind === 'text') {
    for (const at of positions) if (text.startsWith(node.text, at)) out.push(at + node.text.length);
  } else if (node.kind === 'star') {
    for (let at = positions[0] as number; at <= text.length; at += 1) out.push(at);
  } else if (node.kind === 'group') {
    return group(node.operator, node.alternatives, text, positions);
  } else {
    for (const at of positions) {
      if (at >= text.length) continue;
      const char = String.fromCodePoint(text.codePointAt(at) as number);
      if (node.kind === 'any' || node.matches(char) !== node.negated) out.push(at + char.length);
    }
  }
  return out;
}

function group(
  operator: string,
  alternatives: readonly Glob[],
  text: string,
  positions: readonly number[],
): number[] {
  if (operator === '!') {
    const out = new Set<number>();
    for (const at of positions) {
      const taken = new Set(once(alternatives, text, [at]));
      for (let end = at; end <= text.length; end += 1) if (!taken.has(end)) out.add(end);
    }
    return ascending(out);
  }
  const reached = new Set<number>(operator === '*' || operator === '?' ? positions : []);
  let fresh = once(alternatives, text, positions);
  while (fresh.length > 0) {
    const next = fresh.filter((at) => !reached.has(at));
    for (const at of next) reached.add(at);
    if (operator === '@' || operator === '?' || next.length === 0) break;
    fresh = once(alternatives, text, next);
  }
  return ascending(reached);
}

function once(alternatives: readonly Glob[], text: string, starts: readonly number[]): number[] {
  const out = new Set<number>();
  for (const alternative of alternatives) {
    for (const end of advance(alternative.nodes, text, starts)) out.add(end);
  }
  return ascending(out);
}

function ascending(set: ReadonlySet<number>): number[] {
  return [...set].sort((a, b) => a - b);
}

function parseNodes(pattern: string, options: GlobOptions): Node[] {
  const nodes: Node[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') nodes.push({ kind: 'text', text });
    text = '';
  };
  let index = 0;
  while (index < pattern.length) {
    const char = pattern[index] as string;
    const close =
      options.extended !== false && '?*+@!'.includes(char) && pattern[index + 1] === '('
        ? closing(pattern, index + 1)
        : -1;
    if (close > 0) {
      flush();
      const alternatives = alternativesOf(pattern.slice(index + 2, close)).map((part) =>
        compileGlob(part, options),
      );
      nodes.push({ kind: 'group', operator: char, alternatives });
      index = close + 1;
      continue;
    }
    const set = char === '[' ? parseSet(pattern, index, options.ignoreCase === true) : undefined;
    if (set !== undefined) {
      flush();
      nodes.push(set.node);
      index = set.end;
      continue;
    }
    index += 1;
    if (char === '*' || char === '?') {
      flush();
      if (char === '?') nodes.push({ kind: 'any' });
      else if (nodes.at(-1)?.kind !== 'star') nodes.push({ kind: 'star' });
    } else {
      const literal = char === '\\' && index < pattern.length ? (pattern[index++] as string) : char;
      if (options.ignoreCase === true && literal.toLowerCase() !== literal.toUpperCase()) {
        flush();
        nodes.push(letterNode(literal));
      } else text += literal;
    }
  }
  flush();
  return nodes;
}

function letterNode(letter: string): Node {
  const small = letter.toLowerCase();
  return { kind: 'set', negated: false, matches: (char) => char.toLowerCase() === small };
}

/** Index of the `)` that closes the `(` at `open`, or −1. */
function closing(pattern: string, open: number): number {
  let depth = 0;
  for (let index = open; index < pattern.length; index += 1) {
    const char = pattern[index];
    if (char === '\\') index += 1;
    else if (char === '(') depth += 1;
    else if (char === ')') {
      depth -= 1;
      if (depth === 0) return index;
    }
  }
  return -1;
}

function alternativesOf(body: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < body.length; index += 1) {
    const char = body[index];
    if (char === '\\') index += 1;
    else if (char === '(') depth += 1;
    else if (char === ')') depth -= 1;
    else if (char === '|' && depth === 0) {
      parts.push(body.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(body.slice(start));
  return parts;
}

/** Is the character in a POSIX class of the C locale? */
export function inClass(name: string, char: string): boolean {
  switch (name) {
    case 'alpha':
      return /^[A-Za-z]$/.test(char);
    case 'digit':
      return /^[0-9]$/.test(char);
    case 'alnum':
      return /^[A-Za-z0-9]$/.test(char);
    case 'upper':
      return /^[A-Z]$/.test(char);
    case 'lower':
      return /^[a-z]$/.test(char);
    case 'space':
      return /^[ \t\n\r\f\v]$/.test(char);
    case 'blank':
      return char === ' ' || char === '\t';
    case 'punct':
      return /^[!-/:-@[-`{-~]$/.test(char);
    case 'cntrl':
      return char < ' ' || char === '\x7f';
    case 'print':
      return char >= ' ' && char !== '\x7f';
    case 'graph':
      return char > ' ' && char !== '\x7f';
    case 'xdigit':
      return /^[0-9A-Fa-f]$/.test(char);
    case 'word':
      return /^[A-Za-z0-9_]$/.test(char);
    default:
      return false;
  }
}

function parseSet(
  pattern: string,
  open: number,
  ignoreCase: boolean,
): { readonly node: Node; readonly end: number } | undefined {
  let index = open + 1;
  const negated = pattern[index] === '!' || pattern[index] === '^';
  if (negated) index += 1;
  const classes: string[] = [];
  const ranges: (readonly [string, string])[] = [];
  let first = true;
  for (;;) {
    const char = pattern[index];
    if (char === undefined) return undefined;
    if (char === ']' && !first) break;
    first = false;
    const named = /^\[:([a-z]+):\]/.exec(pattern.slice(index, index + 14));
    if (named !== null) {
      classes.push(named[1] as string);
      index += named[0].length;
      continue;
    }
    let low = char;
    if (char === '\\' && index + 1 < pattern.length) low = pattern[++index] as string;
    index += 1;
    let high = low;
    if (pattern[index] === '-' && pattern[index + 1] !== ']' && pattern[index + 1] !== undefined) {
      index += 1;
      if (pattern[index] === '\\') index += 1;
      high = pattern[index] as string;
      index += 1;
    }
    ranges.push([low, high]);
  }
  const holds = (char: string): boolean =>
    ranges.some(([low, high]) => char >= low && char <= high) ||
    classes.some((name) => inClass(name, char));
  const matches = ignoreCase
    ? (char: string): boolean => holds(char.toLowerCase()) || holds(char.toUpperCase())
    : holds;
  return { node: { kind: 'set', negated, matches }, end: index + 1 };
}
