/**
 * Word expansion in bash's order: braces, tilde, parameters, commands, arithmetic, splitting by IFS,
 * pathnames, quote removal (bash 5.2 subst.c). Works on the text of literals, not on their decoded
 * value, because which characters were quoted decides about patterns.
 */
import type { Task } from '../../ground/base/task.ts';
import { evaluate } from './assign.ts';
import { expandBraces } from './braces.ts';
import { Fields } from './fields.ts';
import type { HereDoc, Word, WordPart } from './parser.ts';
import { parseQuotedText, parseWord } from './parser.ts';
import { expandPathname } from './pathname.ts';
import type { Shell } from './state.ts';

/** How a run of parts is read. */
export interface Reading {
  /** Inside double quotes: everything that comes out is quoted. */
  readonly quoted: boolean;
  /** Literals are split as expansions are (operand of an unquoted `${x:-…}`). */
  readonly splitLiterals?: boolean;
  /** Tildes after `=` and `:` as well. */
  readonly assignment?: boolean;
  /** In double quotes but with single quotes special (pattern operands). */
  readonly innerQuotes?: boolean;
}

const UNQUOTED: Reading = { quoted: false };
const ASSIGNING: Reading = { quoted: false, assignment: true };

export function ifsOf(shell: Shell): string {
  return shell.variables.get('IFS') ?? ' \t\n';
}

/** Puts words together that the grammar has cut before `<(…)`, which bash lets stand inside one (`a=<(b)`). */
function joinedWords(words: readonly Word[]): readonly Word[] {
  const cut = (word: Word, before: Word | undefined): boolean =>
    word.parts?.[0]?.type === 'ProcessSubstitution' &&
    before !== undefined &&
    before.end === word.pos;
  if (!words.some((word, index) => cut(word, words[index - 1]))) return words;
  const out: Word[] = [];
  for (const word of words) {
    const last = out.at(-1);
    if (last === undefined || !cut(word, last)) {
      out.push(word);
      continue;
    }
    const parts = [...partsOf(last), ...partsOf(word)];
    const text = last.text + word.text;
    out[out.length - 1] = { ...last, text, value: last.value + word.value, end: word.end, parts };
  }
  return out;
}

function partsOf(word: Word): readonly WordPart[] {
  const { pos, end, text, value } = word;
  return word.parts ?? [{ type: 'Literal', pos, end, text, value }];
}

/** Expands words to arguments, with everything on. */
export function* expandWords(shell: Shell, words: readonly Word[]): Task<string[]> {
  const out: string[] = [];
  for (const word of joinedWords(words)) {
    if (shell.leaving) break;
    if (word.parts === undefined && isPlain(word.text)) {
      out.push(word.text);
      continue;
    }
    for (const piece of braced(shell, word)) yield* expandOne(shell, piece, out);
  }
  return out;
}

function isPlain(text: string): boolean {
  return !text.includes('\\') && !text.startsWith('~') && !text.includes('=~');
}

function* expandOne(shell: Shell, word: Word, out: string[]): Task<void> {
  const fields = new Fields(true, ifsOf(shell));
  const assigns = word.text.includes('~') && /^[A-Za-z_]\w*\+?=/.test(word.text);
  yield* expandInto(shell, word, fields, assigns ? ASSIGNING : UNQUOTED);
  fields.end();
  for (const field of fields.done) {
    if (!field.globs || shell.options.has('f')) {
      out.push(field.text);
      continue;
    }
    const paths = expandPathname(shell, field.pattern);
    if (paths.length > 0) out.push(...paths);
    else if (shell.shopt.has('failglob')) {
      yield* shell.complain(`no match: ${field.text}`);
      shell.discard();
    } else if (!shell.shopt.has('nullglob')) out.push(field.text);
  }
}

/** The words that brace expansion makes of a word. */
function braced(shell: Shell, word: Word): readonly Word[] {
  if (shell.flavour === 'ash' || !shell.options.has('B') || !hasBrace(word)) return [word];
  const texts = expandBraces(word.text);
  if (texts.length === 1 && texts[0] === word.text) return [word];
  const out: Word[] = [];
  for (const text of texts) {
    const parsed = text === '' ? undefined : cachedWord(shell, text);
    if (parsed !== undefined) out.push(parsed);
  }
  return out;
}

function hasBrace(word: Word): boolean {
  return word.parts?.some((part) => part.type === 'BraceExpansion') === true;
}

/** A text as a word of its own; undefined when it is none. */
export function cachedWord(shell: Shell, text: string): Word | undefined {
  if (/^[A-Za-z0-9_.,:/+-]+$/.test(text)) {
    return { type: 'Word', text, value: text, pos: 0, end: text.length };
  }
  if (!shell.words.has(text)) {
    if (shell.words.size > 5000) shell.words.clear();
    shell.words.set(text, parseWord(text));
  }
  return shell.words.get(text);
}

/** Expands a word to one text, without splitting and pathnames (assignments, `case`, here-strings). */
export function* expandText(shell: Shell, word: Word, reading: Reading = UNQUOTED): Task<string> {
  if (word.parts === undefined && isPlain(word.text) && reading.assignment !== true)
    return word.text;
  const fields = new Fields(false, ifsOf(shell));
  yield* expandInto(shell, word, fields, reading);
  return fields.text;
}

/** Expands a word to a pattern: what was quoted is escaped. */
export function* expandPattern(
  shell: Shell,
  word: Word,
  reading: Reading = UNQUOTED,
): Task<string> {
  const fields = new Fields(false, ifsOf(shell));
  yield* expandInto(shell, word, fields, reading);
  return fields.pattern;
}

export function* expandInto(
  shell: Shell,
  word: Word,
  fields: Fields,
  reading: Reading,
): Task<void> {
  const { parts } = word;
  if (parts === undefined) {
    literal(shell, word.text, fields, reading, true);
    return;
  }
  yield* expandParts(shell, parts, fields, reading);
}

function* expandParts(
  shell: Shell,
  parts: readonly WordPart[],
  fields: Fields,
  reading: Reading,
): Task<void> {
  let first = true;
  for (const part of parts) {
    if (shell.leaving) return;
    yield* expandPart(shell, part, fields, reading, first);
    first = false;
  }
}

function* expandPart(
  shell: Shell,
  part: WordPart,
  fields: Fields,
  reading: Reading,
  first: boolean,
): Task<void> {
  switch (part.type) {
    case 'Literal':
      literal(shell, part.text, fields, reading, first);
      return;
    case 'SingleQuoted':
      if (reading.quoted && reading.innerQuotes !== true) fields.quoted(part.text);
      else fields.quoted(part.value);
      return;
    case 'AnsiCQuoted':
      fields.quoted(part.value);
      return;
    case 'DoubleQuoted':
    case 'LocaleString':
      if (part.parts.length === 0) fields.quoted('');
      yield* expandParts(shell, part.parts, fields, { quoted: true });
      return;
    case 'SimpleExpansion':
    case 'ParameterExpansion':
      yield* shell.interpreter.expandParameter(shell, part, fields, reading);
      return;
    case 'CommandExpansion': {
      const text = yield* shell.interpreter.substituteCommand(shell, part);
      if (reading.quoted) fields.quoted(text);
      else fields.expanded(text);
      return;
    }
    case 'ArithmeticExpansion': {
      const text = yield* expandArithmetic(shell, arithmeticBody(part.text));
      if (reading.quoted) fields.quoted(text);
      else fields.expanded(text);
      return;
    }
    case 'ProcessSubstitution':
      fields.quoted(yield* shell.interpreter.substituteProcess(shell, part));
      return;
    case 'BraceExpansion':
    case 'ExtendedGlob':
    case 'Glob':
      yield* expandStructure(shell, part, fields, reading);
      return;
  }
}

function* expandStructure(
  shell: Shell,
  part: Extract<WordPart, { type: 'BraceExpansion' | 'ExtendedGlob' | 'Glob' }>,
  fields: Fields,
  reading: Reading,
): Task<void> {
  if (reading.quoted) {
    fields.quoted(part.text);
    return;
  }
  if (part.parts === undefined) {
    literal(shell, part.text, fields, reading, false);
    return;
  }
  if (part.type === 'BraceExpansion') {
    fields.plain('{');
    yield* expandParts(shell, part.parts, fields, reading);
    fields.plain('}');
    return;
  }
  if (part.type === 'ExtendedGlob') {
    fields.plain(`${part.operator}(`);
    yield* expandParts(shell, part.parts, fields, reading);
    fields.plain(')');
    return;
  }
  fields.plain('[');
  yield* expandParts(shell, part.parts, fields, reading);
  fields.plain(']');
}

/** `$((…))` and `$[…]` without their brackets. */
function arithmeticBody(text: string): string {
  return text.startsWith('$((') ? text.slice(3, -2) : text.slice(2, -1);
}

/** Expands the inside of an arithmetic expression as if double-quoted, and evaluates it; `where` begins its errors. */
export function* evaluateText(shell: Shell, text: string, where = ''): Task<bigint | undefined> {
  const expanded = yield* expandQuoted(shell, text);
  if (shell.leaving) return undefined;
  const value = evaluate(shell, expanded.replace(/"/g, ''));
  if (value !== undefined) return value;
  if (
    where !== '' &&
    shell.pendingFault !== undefined &&
    !/: unbound variable$/.test(shell.pendingFault)
  )
    shell.pendingFault = where + shell.pendingFault;
  yield* faultNow(shell);
  return undefined;
}

function* expandArithmetic(shell: Shell, text: string): Task<string> {
  const value = yield* evaluateText(shell, text);
  return value === undefined ? '' : value.toString();
}

/** Prints the pending fault and leaves the command. */
export function* faultNow(shell: Shell): Task<void> {
  const fault = shell.pendingFault;
  if (fault === undefined) return;
  shell.pendingFault = undefined;
  if (shell.flavour === 'ash' && !/: unbound variable$/.test(fault)) {
    yield* shell.complain(
      /division by 0/.test(fault)
        ? 'divide by zero'
        : /syntax error|operand expected/.test(fault)
          ? 'arithmetic syntax error'
          : fault,
    );
    if (shell.interactive) shell.discard(2);
    else shell.exit(2);
    return;
  }
  yield* shell.complain(fault);
  if (/: unbound variable$/.test(fault)) {
    shell.status = 1;
    if (!shell.interactive) shell.exit(unboundStatus(shell));
    else shell.discard();
    return;
  }
  shell.discard();
}

/** bash -c ends with 127 after an unbound variable, a script with 1. */
export function unboundStatus(shell: Shell): number {
  if (shell.flavour === 'ash') return 2;
  return shell.subshell === 0 && shell.source.text === shell.commandString ? 127 : 1;
}

/** Expands a text by the rules inside double quotes, where `"` itself is ordinary. */
export function* expandQuoted(shell: Shell, text: string): Task<string> {
  if (!/[$`\\]/.test(text)) return text;
  const fields = new Fields(false, ifsOf(shell));
  yield* expandParts(shell, parseQuotedText(text), fields, { quoted: true });
  return fields.text;
}

export function* expandHereDocument(shell: Shell, node: HereDoc): Task<string> {
  const body = node.operator === '<<-' ? node.body.text.replace(/^\t+/gm, '') : node.body.text;
  if (node.delimiter?.quoted === true) return body;
  if (node.body.parts === undefined) return unescapeQuoted(body);
  const fields = new Fields(false, ifsOf(shell));
  for (const part of node.body.parts) {
    if (part.type === 'Literal') {
      const text = node.operator === '<<-' ? part.text.replace(/^\t+/gm, '') : part.text;
      fields.quoted(unescapeQuoted(text));
    } else yield* expandParts(shell, [part], fields, { quoted: true });
  }
  return fields.text;
}

/** Backslashes as double quotes and here-documents read them. */
function unescapeQuoted(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([\\$`])|\\\n/g, '$1');
}

function unescapeDouble(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\([\\$`"])|\\\n/g, '$1');
}

function literal(
  shell: Shell,
  raw: string,
  fields: Fields,
  reading: Reading,
  first: boolean,
): void {
  if (reading.quoted) {
    fields.quoted(unescapeDouble(raw));
    return;
  }
  let text = raw;
  if (first && text.startsWith('~')) text = tilde(shell, text, fields, reading.assignment === true);
  else if (reading.assignment === true && /[:=]~/.test(text)) {
    const colon = text.search(/[:=]~/);
    unquotedText(text.slice(0, colon + 1), fields, reading);
    text = tilde(shell, text.slice(colon + 1), fields, true);
  }
  if (reading.assignment === true && text.includes(':~') && text !== raw)
    literal(shell, text, fields, reading, false);
  else unquotedText(text, fields, reading);
}

function unquotedText(text: string, fields: Fields, reading: Reading): void {
  const put = (piece: string): void => {
    if (reading.splitLiterals === true) fields.expanded(piece);
    else fields.plain(piece);
  };
  if (!text.includes('\\')) {
    put(text);
    return;
  }
  let from = 0;
  for (;;) {
    const at = text.indexOf('\\', from);
    if (at < 0) break;
    put(text.slice(from, at));
    const next = text.slice(at + 1, at + 2);
    if (next === '') fields.quoted('\\');
    else if (next !== '\n') fields.quoted(next);
    from = at + 2;
  }
  put(text.slice(from));
}

/** Expands a leading tilde; returns what follows it. */
function tilde(shell: Shell, text: string, fields: Fields, assignment: boolean): string {
  const match = (assignment ? /^~([^/:\\'"$]*)(?=[/:]|$)/ : /^~([^/\\'"$]*)(?=\/|$)/).exec(text);
  if (match === null) return text;
  const home = homeOf(shell, match[1] as string);
  if (home === undefined) return text;
  fields.quoted(home);
  return text.slice(match[0].length);
}

function homeOf(shell: Shell, user: string): string | undefined {
  if (user === '+') return shell.variables.get('PWD') ?? shell.process.cwd;
  if (user === '-') return shell.variables.get('OLDPWD');
  if (user === '') {
    const home = shell.variables.get('HOME');
    if (home !== undefined) return home;
  }
  const passwd = shell.process.files.readText('/etc/passwd');
  if (!passwd.ok) return user === 'root' ? '/root' : undefined;
  for (const line of passwd.value.split('\n')) {
    const fields = line.split(':');
    const matches = user === '' ? Number(fields[2]) === shell.process.uid : fields[0] === user;
    if (matches && fields.length >= 6) return fields[5];
  }
  return undefined;
}
