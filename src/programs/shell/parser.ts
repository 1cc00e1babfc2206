/**
 * Shell text to syntax tree. The grammar is unbash's (Bash 5.3), the only place that imports it; this
 * file adds what a shell needs around a grammar: bash's own words for errors, which statements stand
 * complete before an error, and whether a text only waits for its continuation.
 */
import {
  forEachChild,
  parse,
  type Script,
  type Statement,
  type SyntaxNode,
  type Word,
  type WordPart,
} from 'unbash';

export type * from 'unbash';

/** Longest text that is parsed at all: a pasted file of 10 MB gets an answer instead of a frozen lab. */
const SCRIPT_LENGTH_MAX = 4_000_000;

export interface SyntaxFault {
  /** Offset in the text; its line is the line of the message. */
  readonly pos: number;
  /** Without prefix: `syntax error near unexpected token `)'`. */
  readonly message: string;
  /** bash prints the offending line after a token error. */
  readonly showLine: boolean;
}

export interface Parsed {
  readonly script: Script;
  /** Statements that are complete before the fault, or all. */
  readonly statements: readonly Statement[];
  readonly fault: SyntaxFault | undefined;
  /** True when more lines could complete the text. */
  readonly incomplete: boolean;
}

/** Parses a whole text. */
export function parseShell(text: string): Parsed {
  if (text.length > SCRIPT_LENGTH_MAX) {
    const script = parse('');
    const fault = {
      pos: 0,
      message: 'script too long: 4000000 characters are the limit here',
      showLine: false,
    };
    return { script, statements: [], fault, incomplete: false };
  }
  const script = parse(text);
  const first = script.errors?.[0];
  const error = first && { message: first.message, pos: placeOf(text, first) };
  const open = /(^|[^\\])(\\\\)*\\\n?$/.test(text) || hasOpenHereDocument(script);
  if (error === undefined) {
    return { script, statements: script.commands, fault: undefined, incomplete: open };
  }
  const atEnd = text.slice(error.pos).trim() === '';
  const unclosed = /^unterminated|^expected '?(then|do|fi|done|esac|in|\}|\))|to close/.test(
    error.message,
  );
  const incomplete =
    (atEnd || /^unterminated/.test(error.message)) && !/redirect target/.test(error.message);
  const fault = faultOf(text, error.pos, error.message, incomplete && (atEnd || unclosed));
  return {
    script,
    statements: completeBefore(
      text,
      script.commands,
      incomplete || (atEnd && unclosed) ? lastStart(script, error.pos) : error.pos,
    ),
    fault,
    incomplete,
  };
}

/** Where an error is noticed: that a group is empty, by what comes instead of its first command. */
function placeOf(text: string, error: { readonly message: string; readonly pos: number }): number {
  if (!/^expected command in /.test(error.message)) return error.pos;
  const after = /\S/.exec(text.slice(error.pos + 1));
  return after === null ? text.length : error.pos + 1 + after.index;
}

/** Where the last statement begins: an end of text that comes too early leaves it unfinished. */
function lastStart(script: Script, pos: number): number {
  return Math.min(pos, script.commands.at(-1)?.pos ?? pos);
}

/** Statements on lines that are over before the fault: bash runs them before it meets the error. */
function completeBefore(
  text: string,
  statements: readonly Statement[],
  pos: number,
): readonly Statement[] {
  let complete = 0;
  for (let index = 0; index < statements.length; index += 1) {
    const statement = statements[index] as Statement;
    const next = statements[index + 1];
    if (statement.end > pos) break;
    const gap = text.slice(statement.end, Math.min(next?.pos ?? text.length, pos));
    if (gap.includes('\n')) complete = index + 1;
  }
  return statements.slice(0, complete);
}

const MATCHING: readonly (readonly [RegExp, string])[] = [
  [/double quote/, '"'],
  [/single quote|ANSI/, "'"],
  [/backtick|backquote/, '`'],
  [/parameter expansion|brace/, '}'],
  [/command substitution|arithmetic|extended glob|array|process substitution/, ')'],
];

function faultOf(text: string, pos: number, message: string, atEnd: boolean): SyntaxFault {
  if (/^unterminated/.test(message)) {
    const mate = MATCHING.find(([pattern]) => pattern.test(message))?.[1];
    if (mate !== undefined) {
      return {
        pos,
        message: `unexpected EOF while looking for matching \`${mate}'`,
        showLine: false,
      };
    }
  }
  if (atEnd)
    return { pos: text.length, message: 'syntax error: unexpected end of file', showLine: false };
  const token = tokenAt(text, pos);
  return { pos, message: `syntax error near unexpected token \`${token}'`, showLine: true };
}

function tokenAt(text: string, pos: number): string {
  let at = pos;
  while (text[at] === ' ' || text[at] === '\t') at += 1;
  if (text[at] === '\n') return 'newline';
  const match =
    /^(?:;;&|;;|;&|&&|\|\||\|&|<<-|<<<|<<|>>|>\||&>>|&>|<&|>&|<>|[;&|()<>]|[^\s;&|()<>]+)/.exec(
      text.slice(at, at + 200),
    );
  return match?.[0] ?? 'newline';
}

/** A here-document whose delimiter has not come: unbash ends it at the end of the text in silence. */
function hasOpenHereDocument(node: SyntaxNode): boolean {
  if (node.type === 'HereDoc') return node.closing === undefined;
  let open = false;
  forEachChild(node, (child) => {
    if (!open && hasOpenHereDocument(child)) open = true;
  });
  return open;
}

/** Parses a text as one word of a command line (after brace expansion has made it). */
export function parseWord(text: string): Word | undefined {
  const command = parse(`: ${text}`).commands[0]?.command;
  if (command?.type !== 'Command') return undefined;
  const word = command.suffix[0];
  return word?.type === 'Word' ? word : undefined;
}

/** Parses a text as the inside of a here-document: only `$`, backquote and backslash are special. */
export function parseQuotedText(text: string): readonly WordPart[] {
  const end = '_END_OF_TEXT_';
  const command = parse(`: <<${end}\n${text}\n${end}\n`).commands[0]?.command;
  if (command?.type !== 'Command') return [];
  const redirect = command.suffix[0];
  if (redirect?.type !== 'HereDoc') return [];
  const parts = redirect.body.parts;
  if (parts === undefined)
    return [{ type: 'Literal', pos: 0, end: text.length, text, value: text }];
  const last = parts.at(-1);
  if (last?.type !== 'Literal') return parts;
  return [...parts.slice(0, -1), { ...last, text: last.text.replace(/\n$/, '') }];
}

/** Replaces alias names in command position by their text; each alias at most once per chain. */
export function expandAliases(text: string, aliases: ReadonlyMap<string, string>): string {
  if (aliases.size === 0) return text;
  const edits: { pos: number; end: number; text: string }[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'Command' && node.name?.parts === undefined && node.name !== undefined) {
      const value = aliases.get(node.name.text);
      if (value !== undefined) {
        const followed = chainedAlias(value, node.name.text, aliases);
        edits.push({ pos: node.name.pos, end: node.name.end, text: followed });
      }
    }
    forEachChild(node, visit);
  };
  visit(parse(text));
  let out = text;
  for (const edit of edits.sort((a, b) => b.pos - a.pos)) {
    out = out.slice(0, edit.pos) + edit.text + out.slice(edit.end);
  }
  return out;
}

function chainedAlias(value: string, name: string, aliases: ReadonlyMap<string, string>): string {
  const seen = new Set([name]);
  let text = value;
  for (;;) {
    const head = /^[^\s'"\\;&|<>()$`]+/.exec(text)?.[0];
    const next = head === undefined || seen.has(head) ? undefined : aliases.get(head);
    if (head === undefined || next === undefined) return text;
    seen.add(head);
    text = next + text.slice(head.length);
  }
}
