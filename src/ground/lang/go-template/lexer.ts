/**
 * The tokens of Go's text/template (text/template/parse/lex.go, Go 1.24): text outside of actions, and
 * words inside of `{{ }}`. `{{- ` and ` -}}` take the blanks of the text beside them away.
 */
import { err, ok, type Result } from '../../base/result.ts';

export interface Token {
  readonly kind:
    | 'text'
    | 'open'
    | 'close'
    | 'string'
    | 'number'
    | 'char'
    | 'word'
    | 'field'
    | 'variable'
    | 'dot'
    | 'sign'
    | 'space';
  readonly text: string;
  /** Offset in the template. */
  readonly at: number;
}

/** What stopped the reading, and where. */
export interface LexError {
  readonly message: string;
  readonly at: number;
}

const SIGNS = ['|', '(', ')', ',', ':=', '='];

/** Cuts a template into tokens. */
export function lex(source: string): Result<readonly Token[], LexError> {
  const tokens: Token[] = [];
  let at = 0;
  let trims = false;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    const end = open < 0 ? source.length : open;
    const cuts = open >= 0 && /^\{\{-\s/.test(source.slice(open, open + 4));
    let text = source.slice(at, end);
    if (trims) text = text.replace(/^[ \t\r\n]+/, '');
    if (cuts) text = text.replace(/[ \t\r\n]+$/, '');
    if (text !== '') tokens.push({ kind: 'text', text, at });
    if (open < 0) break;
    at = open + (cuts ? 3 : 2);
    const comment = /^\s*\/\*/.exec(source.slice(at));
    if (comment !== null) {
      const close = source.indexOf('*/', at);
      if (close < 0) return err({ message: 'unclosed comment', at });
      const tail = /^( -)?\}\}/.exec(source.slice(close + 2));
      if (tail === null)
        return err({ message: 'comment ends before closing delimiter', at: close });
      trims = tail[1] !== undefined;
      at = close + 2 + tail[0].length;
      continue;
    }
    tokens.push({ kind: 'open', text: '{{', at: open });
    const inside = lexAction(source, at, tokens);
    if (!inside.ok) return inside;
    ({ at, trims } = inside.value);
  }
  return ok(tokens);
}

const PATTERNS: readonly (readonly [Token['kind'], RegExp])[] = [
  ['space', /[ \t\r\n]+/y],
  ['string', /"(?:[^"\\\n]|\\.)*"|`[^`]*`/y],
  ['char', /'(?:[^'\\\n]|\\.)*'/y],
  ['number', /[+-]?(?:0[xX][0-9a-fA-F_]+|0[bB][01_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?)/y],
  ['field', /\.[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['variable', /\$(?:[\p{L}_][\p{L}\p{Nd}_]*)?/uy],
  ['word', /[\p{L}_][\p{L}\p{Nd}_]*/uy],
  ['dot', /\./y],
  ['sign', /:=|[|(),=]/y],
];

function lexAction(
  source: string,
  start: number,
  tokens: Token[],
): Result<{ at: number; trims: boolean }, LexError> {
  let at = start;
  let depth = 0;
  for (;;) {
    const close = /^(?:\s-)?\}\}/.exec(source.slice(at, at + 4));
    if (close !== null) {
      if (depth > 0) return err({ message: 'unclosed left paren', at });
      tokens.push({ kind: 'close', text: '}}', at });
      return ok({ at: at + close[0].length, trims: close[0].length > 2 });
    }
    if (at >= source.length) return err({ message: 'unclosed action', at });
    let found = false;
    for (const [kind, pattern] of PATTERNS) {
      pattern.lastIndex = at;
      const match = pattern.exec(source);
      if (match === null) continue;
      if (kind === 'sign' && !SIGNS.includes(match[0])) continue;
      depth += match[0] === '(' ? 1 : match[0] === ')' ? -1 : 0;
      if (depth < 0) return err({ message: 'unexpected right paren', at });
      tokens.push({ kind, text: match[0], at });
      at += match[0].length;
      found = true;
      break;
    }
    if (found) continue;
    const char = source[at] as string;
    if (char === '"') return err({ message: 'unterminated quoted string', at });
    if (char === '`') return err({ message: 'unterminated raw quoted string', at });
    if (char === "'") return err({ message: 'unterminated character constant', at });
    if (/[ -~]/.test(char) && tokens.at(-1)?.kind !== 'field' && char !== '}') {
      // Any other printable character is a word of its own, which the parser refuses.
      tokens.push({ kind: 'sign', text: char, at });
      at += 1;
      continue;
    }
    const code = char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return err({
      message: `${tokens.at(-1)?.kind === 'field' ? 'bad' : 'unrecognized'} character${tokens.at(-1)?.kind === 'field' ? '' : ' in action:'} U+${code} '${char}'`,
      at,
    });
  }
}
