/** How bash prints values so that they can be read back: `${x@Q}`, `declare -p`, `set`, `set -x`. */
import { inClass } from '../../ground/lang/glob.ts';
import { ansiQuote, hasControl, singleQuote } from '../../ground/lang/shell-quote.ts';
import { keysOf, type Variable, valuesOf } from './variables.ts';

export { singleQuote };

export function quoteForReuse(text: string): string {
  return hasControl(text) ? ansiQuote(text) : singleQuote(text);
}

/** As `set` and `set -x` print a word: quoted only when it must be. */
export function quoteIfNeeded(text: string): string {
  if (text === '') return "''";
  if (hasControl(text)) return ansiQuote(text);
  const plain = [...text].every(
    (char) => inClass('word', char) || '%+,-./:=@~'.includes(char) || char > '\x7f',
  );
  if (plain && text[0] !== '~') return text;
  return /[\s'"\\|&;()<>!{}*[\]?^$`#~]/.test(text) ? singleQuote(text) : text;
}

/** Double quotes, as `declare -p` prints values. */
function doubleQuote(text: string): string {
  if (hasControl(text)) return ansiQuote(text);
  return `"${text.replace(/[\\"$`]/g, '\\$&')}"`;
}

/** Attribute letters in the order of `declare -p`. */
export function attributesOf(variable: Variable): string {
  let out = '';
  if (variable.indexed !== undefined) out += 'a';
  if (variable.associative !== undefined) out += 'A';
  if (variable.integer) out += 'i';
  if (variable.reference) out += 'n';
  if (variable.readonly) out += 'r';
  if (variable.exported) out += 'x';
  if (variable.letters === 'lower') out += 'l';
  if (variable.letters === 'upper') out += 'u';
  return out;
}

/** `declare -a x=([0]="a" [1]="b")`. */
export function declareText(name: string, variable: Variable): string {
  const attributes = attributesOf(variable);
  const head = `declare -${attributes === '' ? '-' : attributes} ${name}`;
  const value = valueText(variable);
  return value === undefined ? head : `${head}=${value}`;
}

/** The right side of a printed assignment; undefined when unset. */
export function valueText(variable: Variable): string | undefined {
  const { associative } = variable;
  if (variable.indexed === undefined && associative === undefined) {
    return variable.value === undefined ? undefined : doubleQuote(variable.value);
  }
  const values = valuesOf(variable);
  const items = keysOf(variable).map((key, index) => {
    const plain = associative === undefined || /^[A-Za-z0-9_.:/%+,-]+$/.test(key);
    return `[${plain ? key : doubleQuote(key)}]=${doubleQuote(values[index] as string)}`;
  });
  return `(${items.join(' ')}${associative !== undefined && items.length > 0 ? ' ' : ''})`;
}
