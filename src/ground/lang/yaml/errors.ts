/**
 * Syntax errors in go-yaml's words and with its line numbers, from where and why js-yaml stopped.
 *
 * go-yaml's line is peculiar, and learners meet it daily: errors of the scanner name the line they
 * stand on; errors of the parser ("did not find expected …") name the line *before* the token that
 * they stumbled on; and line 0 is not printed at all (yaml_parser_set_*_error and parser.fail in go-yaml v2).
 */
import { DEPTH_MAX } from '../value.ts';

/** `yaml: line 5: did not find expected key` */
export function goYamlError(text: string, offset: number, reason: string): string {
  if (reason.startsWith('nesting exceeded')) {
    return `yaml: exceeded max depth of ${DEPTH_MAX} of this simulator`;
  }
  const lines = text.split('\n');
  const at = lineIndexOf(text, offset);
  const tab = tabAt(lines, at);
  if (tab !== undefined) return scanner(tab, 'found character that cannot start any token');
  switch (reason) {
    case 'bad indentation of a mapping entry':
      return mappingIndent(lines, at, text, offset);
    case "expected ':' after a mapping key":
    case 'can not read a block mapping entry; a multiline key may not be an implicit key':
      return scanner(nextContent(lines, at), "could not find expected ':'");
    case 'bad indentation of a sequence entry':
      return misplaced(lines, at);
    case 'end of the stream or a document separator is expected':
      return documentEnd(lines, at, text, offset);
    case 'the stream contains non-printable characters':
    case 'null byte is not allowed in input':
      return 'yaml: control characters are not allowed';
    case 'unknown escape sequence':
      return scanner(at, 'found unknown escape character');
    case 'expected hexadecimal character':
      return scanner(at, 'did not find expected hexdecimal number');
    case 'deficient indentation':
      return flowEnd(text, offset) ?? scanner(lineIndexOf(text, text.length), QUOTE_END);
    case 'unexpected end of the stream within a double quoted scalar':
    case 'unexpected end of the stream within a single quoted scalar':
      return scanner(lineIndexOf(text, text.length), QUOTE_END);
    case 'missed comma between flow collection entries':
    case 'unexpected end of the stream within a flow collection':
    case "expected the node content, but found ','":
      return flowError(text, offset, at);
    case 'name of an alias node must contain at least one character':
    case 'name of an anchor node must contain at least one character':
      return scanner(at, 'did not find expected alphabetic or numeric character');
    case 'undeclared tag handle':
      return parser(at, at, 'found undefined tag handle');
    case 'a line break is expected':
      return scanner(at, 'did not find expected comment or line break');
    default:
      return scanner(at, 'did not find expected node content');
  }
}

const QUOTE_END = 'found unexpected end of stream';

function scanner(line: number, problem: string): string {
  return line === 0 ? `yaml: ${problem}` : `yaml: line ${line + 1}: ${problem}`;
}

function parser(context: number, problemLine: number, problem: string): string {
  const line = problemLine === 0 ? context : problemLine;
  return line === 0 ? `yaml: ${problem}` : `yaml: line ${line}: ${problem}`;
}

function lineIndexOf(text: string, offset: number): number {
  let line = 0;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line += 1;
  }
  return line;
}

/** A line near the error whose indentation holds a tab. */
function tabAt(lines: readonly string[], at: number): number | undefined {
  for (const line of [at, at + 1]) if (/^ *\t+[^\s#]/.test(lines[line] ?? '')) return line;
  return undefined;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

function isContent(line: string): boolean {
  const trimmed = line.trim();
  return trimmed !== '' && !trimmed.startsWith('#');
}

function nextContent(lines: readonly string[], at: number): number {
  for (let index = at + 1; index < lines.length; index += 1) {
    if (isContent(lines[index] ?? '')) return index;
  }
  return at + 1 < lines.length ? lines.length - 1 : at;
}

interface Block {
  readonly kind: 'map' | 'list';
  readonly column: number;
  readonly line: number;
  /** A list whose dashes stand at the column of its key: it has no block of its own. */
  readonly indentless: boolean;
}

/** The blocks that are open before a line, outermost first, by indentation alone. */
function openBlocks(lines: readonly string[], at: number): Block[] {
  const open: Block[] = [];
  let textIndent: number | undefined;
  for (let line = 0; line < at; line += 1) {
    const text = lines[line] ?? '';
    if (!isContent(text) || text.startsWith('---')) continue;
    let column = indentOf(text);
    if (textIndent !== undefined && column > textIndent) continue;
    textIndent = /[|>][-+0-9]*\s*$/.test(text) ? column : undefined;
    closeBlocks(open, column, /^-(\s|$)/.test(text.slice(column)));
    for (;;) {
      const dash = /^-(\s+|$)/.exec(text.slice(column));
      if (dash === null) break;
      const top = open[open.length - 1];
      if (top === undefined || top.column < column || top.kind === 'map') {
        const indentless = top?.kind === 'map' && top.column === column;
        open.push({ kind: 'list', column, line, indentless });
      }
      column += dash[0].length;
    }
    const top = open[open.length - 1];
    const isKey = /^[^\s#].*?:(\s|$)/.test(text.slice(column));
    if (isKey && (top === undefined || top.column < column)) {
      open.push({ kind: 'map', column, line, indentless: false });
    }
  }
  return open;
}

function closeBlocks(open: Block[], column: number, dash: boolean): void {
  for (;;) {
    const top = open[open.length - 1];
    if (top === undefined || top.column < column) return;
    const stays = top.column === column && (top.kind === 'map' || dash);
    if (stays && !(top.kind === 'list' && !dash)) return;
    if (top.column === column && top.kind === 'list' && !top.indentless && !dash) return;
    open.pop();
  }
}

/** A line that fits into none of the open blocks: the innermost one around it complains. */
function misplaced(lines: readonly string[], at: number): string {
  const open = openBlocks(lines, at);
  closeBlocks(open, indentOf(lines[at] ?? ''), /^\s*-(\s|$)/.test(lines[at] ?? ''));
  while (open[open.length - 1]?.indentless === true) open.pop();
  const block = open[open.length - 1];
  const problem =
    block?.kind === 'list' ? "did not find expected '-' indicator" : 'did not find expected key';
  return parser(block?.line ?? 0, at, problem);
}

/** A line indented unlike its neighbours, or `a: b: c`. */
function mappingIndent(lines: readonly string[], at: number, text: string, offset: number): string {
  if (text[offset] === ':') return scanner(at, 'mapping values are not allowed in this context');
  const line = lines[at] ?? '';
  const previous = lastContent(lines, at);
  const deeper = previous >= 0 && indentOf(line) > indentOf(lines[previous] ?? '');
  if (deeper && /:(\s|$)/.test(line.trim()) && !/:\s*$/.test(lines[previous] ?? '')) {
    return scanner(at, 'mapping values are not allowed in this context');
  }
  return misplaced(lines, at);
}

function lastContent(lines: readonly string[], at: number): number {
  for (let index = at - 1; index >= 0; index -= 1) if (isContent(lines[index] ?? '')) return index;
  return -1;
}

function documentEnd(lines: readonly string[], at: number, text: string, offset: number): string {
  if (text[offset] === ':') return scanner(at, 'mapping values are not allowed in this context');
  const line = (lines[at] ?? '').trim();
  if (/^- /.test(line)) return parser(0, at, 'did not find expected key');
  if (/:(\s|$)/.test(line)) return parser(0, at, "did not find expected '-' indicator");
  return parser(0, at, 'did not find expected <document start>');
}

function flowError(text: string, offset: number, at: number): string {
  const before = text.slice(0, offset);
  const brace = before.lastIndexOf('{');
  const bracket = before.lastIndexOf('[');
  const open = Math.max(brace, bracket);
  const line = lineIndexOf(text, Math.max(open, 0));
  const wanted = brace > bracket ? "',' or '}'" : "',' or ']'";
  return parser(line, at, `did not find expected ${wanted}`);
}

/** A flow collection that the text ends in, or that goes on too far left; undefined within quotes. */
function flowEnd(text: string, offset: number): string | undefined {
  const open: string[] = [];
  let quoted = '';
  for (const char of text.slice(0, offset)) {
    if (quoted !== '') {
      if (char === quoted) quoted = '';
    } else if (char === '"' || char === "'") quoted = char;
    else if (char === '[' || char === '{') open.push(char);
    else if (char === ']' || char === '}') open.pop();
  }
  const kind = open[open.length - 1];
  if (quoted !== '' || kind === undefined) return undefined;
  const ends = text.slice(offset).trim() === '';
  const line = lineIndexOf(text, ends ? text.length : offset);
  const last = text.slice(0, offset).trimEnd().slice(-1);
  if ('[{,:'.includes(last)) return parser(line, line, 'did not find expected node content');
  return parser(line, line, `did not find expected ',' or '${kind === '{' ? '}' : ']'}'`);
}
