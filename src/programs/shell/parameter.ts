/** Parameter expansion: `$x`, `${x}` and every operation that bash 5.2 knows inside the braces. */
import type { Task } from '../../ground/base/task.ts';
import { compileGlob, matchEnds, reverseGlob, reverseText } from '../../ground/lang/glob.ts';
import { assign, assignElement, readElement, specialVariable } from './assign.ts';
import {
  evaluateText,
  expandInto,
  expandPattern,
  expandText,
  faultNow,
  type Reading,
  unboundStatus,
} from './expand.ts';
import { Fields } from './fields.ts';
import type {
  ParameterExpansionPart,
  ParameterOperation,
  SimpleExpansionPart,
  Word,
} from './parser.ts';
import { expandPromptText } from './prompt.ts';
import { attributesOf, declareText, quoteForReuse } from './quoting.ts';
import type { Shell } from './state.ts';
import { isArray, keysOf, valuesOf } from './variables.ts';
import { fits } from './word-size.ts';

/** What a parameter stands for. */
interface Value {
  /** `$@`, `$*`, `${a[@]}`: the elements. */
  readonly list: readonly string[] | undefined;
  /** `*` rather than `@`. */
  readonly star: boolean;
  readonly text: string | undefined;
}

interface Place {
  readonly name: string;
  /** Expanded subscript. */
  readonly index: string | undefined;
}

const scalar = (text: string | undefined): Value => ({ list: undefined, star: false, text });

export function* expandParameter(
  shell: Shell,
  part: SimpleExpansionPart | ParameterExpansionPart,
  fields: Fields,
  reading: Reading,
): Task<void> {
  if (part.type === 'SimpleExpansion') {
    const name = part.text.slice(1);
    const value = valueOf(shell, { name, index: undefined });
    if (yield* isUnbound(shell, value, /^\d/.test(name) ? `$${name}` : name)) return;
    if (yield* fits(shell, fields, sizeOf(value))) emit(fields, value, reading);
    return;
  }
  const value = yield* braced(shell, part, fields, reading);
  if (value !== undefined && !shell.leaving && (yield* fits(shell, fields, sizeOf(value))))
    emit(fields, value, reading);
}

function sizeOf({ list, text }: Value): number {
  return list?.reduce((sum, item) => sum + item.length, 0) ?? text?.length ?? 0;
}

/** Puts a value into the fields, by the rules of where it stands. */
function emit(fields: Fields, value: Value, reading: Reading): void {
  const { list } = value;
  if (list === undefined) {
    if (reading.quoted) fields.quoted(value.text ?? '');
    else fields.expanded(value.text ?? '');
    return;
  }
  const separator = fields.ifs.slice(0, 1);
  if (reading.quoted && (value.star || !fields.splits)) {
    if (list.length > 0 || value.star) fields.quoted(list.join(value.star ? separator : ' '));
    return;
  }
  if (!fields.splits) {
    fields.expanded(list.join(value.star ? separator : ' '));
    return;
  }
  list.forEach((item, index) => {
    if (index > 0) fields.end(reading.quoted);
    if (reading.quoted) fields.quoted(item);
    else fields.expanded(item);
  });
}

function* isUnbound(shell: Shell, value: Value, shown: string): Task<boolean> {
  if (value.list !== undefined || value.text !== undefined || !shell.options.has('u')) return false;
  yield* unbound(shell, shown);
  return true;
}

function* unbound(shell: Shell, shown: string): Task<void> {
  yield* shell.complain(
    shell.flavour === 'ash' ? `${shown}: parameter not set` : `${shown}: unbound variable`,
  );
  if (shell.interactive) shell.discard();
  else shell.exit(unboundStatus(shell));
}

function valueOf(shell: Shell, place: Place): Value {
  const { name, index } = place;
  if (name === '@' || name === '*')
    return { list: shell.positional, star: name === '*', text: undefined };
  if (/^[0-9]+$/.test(name)) {
    return scalar(name === '0' ? shell.name0 : shell.positional[Number(name) - 1]);
  }
  switch (name) {
    case '#':
      return scalar(`${shell.positional.length}`);
    case '?':
      return scalar(`${shell.status}`);
    case '$':
      return scalar(`${shell.pid}`);
    case '!':
      return scalar(shell.lastBackground === 0 ? undefined : `${shell.lastBackground}`);
    case '-':
      return scalar(optionLetters(shell));
    default:
  }
  if (index === '@' || index === '*') {
    const list = listOf(shell, name);
    return { list, star: index === '*', text: undefined };
  }
  if (index !== undefined)
    return scalar(readElement(shell, name, index) ?? specialElement(shell, name, index));
  const special = specialVariable(shell, name);
  if (special !== undefined) return scalar(special);
  const list = specialList(shell, name);
  if (list !== undefined) return scalar(list[0]);
  return scalar(readElement(shell, name, undefined));
}

function listOf(shell: Shell, name: string): readonly string[] {
  const special = specialList(shell, name);
  if (special !== undefined) return special;
  const variable = shell.variables.find(name);
  return variable === undefined ? [] : valuesOf(variable);
}

function specialElement(shell: Shell, name: string, index: string): string | undefined {
  return specialList(shell, name)?.[Number(index)];
}

function specialList(shell: Shell, name: string): string[] | undefined {
  if (name === 'GROUPS')
    return [
      shell.process.gid,
      ...shell.process.groups.filter((one) => one !== shell.process.gid),
    ].map(String);
  if (name === 'DIRSTACK') return [shell.process.cwd, ...shell.directories];
  if (name !== 'FUNCNAME' && name !== 'BASH_LINENO' && name !== 'BASH_SOURCE') return undefined;
  return callStack(shell, name);
}

/** FUNCNAME, BASH_LINENO or BASH_SOURCE: innermost first, the script itself last. */
export function callStack(
  shell: Shell,
  name: 'FUNCNAME' | 'BASH_LINENO' | 'BASH_SOURCE',
): string[] {
  const { script } = shell;
  const frames = [...shell.frames].reverse();
  if (name === 'FUNCNAME')
    return frames.length === 0
      ? []
      : [...frames.map((frame) => frame.name), ...(script === undefined ? [] : ['main'])];
  return name === 'BASH_LINENO'
    ? [...frames.map((frame) => `${frame.line}`), ...(script === undefined ? [] : ['0'])]
    : [...frames.map((frame) => frame.file), ...(script === undefined ? [] : [script])];
}

const LETTER_ORDER = 'abefhkmnptuvxBCEHPTi';

function optionLetters(shell: Shell): string {
  let out = '';
  for (const letter of LETTER_ORDER) {
    if (letter === 'i' ? shell.interactive : shell.options.has(letter)) out += letter;
  }
  if (shell.commandString !== undefined) out += 'c';
  else if (shell.options.has('s')) out += 's';
  return out;
}

function* indexText(shell: Shell, word: Word | undefined): Task<string | undefined> {
  if (word === undefined) return undefined;
  if (word.text === '@' || word.text === '*') return word.text;
  return yield* expandText(shell, word);
}

function* braced(
  shell: Shell,
  part: ParameterExpansionPart,
  fields: Fields,
  reading: Reading,
): Task<Value | undefined> {
  const { operation } = part;
  if (operation?.type === 'Unknown' || part.parameter === '') {
    yield* shell.complain(`${part.text}: bad substitution`);
    shell.discard();
    if (!shell.interactive) shell.exit(1);
    return undefined;
  }
  let place: Place = { name: part.parameter, index: yield* indexText(shell, part.index) };
  if (part.prefix === '!' && operation?.type === 'Names') {
    const list = shell.variables.names().filter((name) => name.startsWith(part.parameter));
    return { list, star: operation.operator === '*', text: undefined };
  }
  if (part.prefix === '!' && (place.index === '@' || place.index === '*')) {
    const variable = shell.variables.find(place.name);
    const list = variable === undefined ? [] : keysOf(variable);
    return { list, star: place.index === '*', text: undefined };
  }
  const reference =
    part.prefix === '!' && place.index === undefined ? shell.variables.raw(place.name) : undefined;
  if (reference?.reference === true) return scalar(reference.value);
  if (part.prefix === '!') {
    const pointed = yield* indirect(shell, place);
    if (pointed === undefined) return undefined;
    place = pointed;
  }
  const value = valueOf(shell, place);
  yield* faultNow(shell);
  if (shell.leaving) return undefined;
  if (part.prefix === '#') return yield* lengthOf(shell, value, place);
  const shown =
    place.index === undefined ? place.name : `${place.name}[${part.index?.text ?? place.index}]`;
  if (operation === undefined) return (yield* isUnbound(shell, value, shown)) ? undefined : value;
  return yield* operate(shell, operation, { place, value, shown }, fields, reading);
}

function* lengthOf(shell: Shell, value: Value, place: Place): Task<Value | undefined> {
  if (value.list !== undefined) return scalar(`${value.list.length}`);
  if (yield* isUnbound(shell, value, place.name)) return undefined;
  return scalar(`${[...(value.text ?? '')].length}`);
}

function* indirect(shell: Shell, place: Place): Task<Place | undefined> {
  const name = valueOf(shell, place).text ?? '';
  const match = /^([A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-])(?:\[(.*)\])?$/.exec(name);
  if (match === null) {
    yield* shell.complain(
      name === '' ? `${place.name}: invalid indirect expansion` : `${name}: invalid variable name`,
    );
    shell.discard();
    return undefined;
  }
  return { name: match[1] as string, index: match[2] };
}

interface Subject {
  readonly place: Place;
  readonly value: Value;
  readonly shown: string;
}

function* operate(
  shell: Shell,
  operation: ParameterOperation,
  subject: Subject,
  fields: Fields,
  reading: Reading,
): Task<Value | undefined> {
  if (operation.type === 'Default')
    return yield* withDefault(shell, operation, subject, fields, reading);
  const { value } = subject;
  if (yield* isUnbound(shell, value, subject.shown)) return undefined;
  if (operation.type === 'Slice') return yield* slice(shell, operation, subject);
  const change = yield* changerOf(shell, operation, subject, reading);
  if (change === undefined || shell.leaving) return undefined;
  if (value.list !== undefined) return { ...value, list: value.list.map(change) };
  return value.text === undefined ? value : scalar(change(value.text));
}

function* withDefault(
  shell: Shell,
  operation: Extract<ParameterOperation, { type: 'Default' }>,
  subject: Subject,
  fields: Fields,
  reading: Reading,
): Task<Value | undefined> {
  const { value, place } = subject;
  const { operator, operand } = operation;
  const joined =
    value.list === undefined
      ? value.text
      : value.list.length === 0
        ? undefined
        : value.list.join(' ');
  const missing = joined === undefined || (operator.startsWith(':') && joined === '');
  const inner: Reading = reading.quoted ? { quoted: true } : { quoted: false, splitLiterals: true };
  if (operator.endsWith('+')) {
    if (!missing) yield* expandInto(shell, operand, fields, inner);
    else if (reading.quoted) fields.quoted('');
    return undefined;
  }
  if (!missing) return value;
  if (operator.endsWith('-')) {
    if (operand.text === '' && reading.quoted) fields.quoted('');
    else yield* expandInto(shell, operand, fields, inner);
    return undefined;
  }
  const text = yield* expandText(
    shell,
    operand,
    reading.quoted ? { quoted: true } : { quoted: false },
  );
  if (shell.leaving) return undefined;
  if (operator.endsWith('?')) {
    yield* shell.complain(
      `${subject.shown}: ${text === '' ? (operator === '?' ? 'parameter not set' : 'parameter null or not set') : text}`,
    );
    if (shell.interactive) shell.discard();
    else shell.exit(unboundStatus(shell));
    return undefined;
  }
  if (/^[0-9@*#?$!-]/.test(place.name)) {
    yield* shell.complain(`$${place.name}: cannot assign in this way`);
    shell.discard();
    return undefined;
  }
  if (place.index === undefined) assign(shell, place.name, text, false);
  else assignElement(shell, place.name, place.index, text, false);
  yield* faultNow(shell);
  return scalar(text);
}

function* slice(
  shell: Shell,
  operation: Extract<ParameterOperation, { type: 'Slice' }>,
  subject: Subject,
): Task<Value | undefined> {
  const { value, place } = subject;
  const offset = yield* evaluateText(shell, operation.offset.text);
  const length =
    operation.length === undefined ? undefined : yield* evaluateText(shell, operation.length.text);
  if (offset === undefined || (operation.length !== undefined && length === undefined))
    return undefined;
  let start = Number(offset);
  const count = length === undefined ? undefined : Number(length);
  if (value.list !== undefined) {
    const positional = place.name === '@' || place.name === '*';
    const items = positional ? [shell.name0, ...value.list] : value.list;
    if (positional && start === 0 && count === undefined) return { ...value, list: items };
    if (start < 0) start += items.length;
    if (start < 0) return { ...value, list: [] };
    if (count !== undefined && count < 0) {
      yield* shell.complain(`${count}: substring expression < 0`);
      shell.discard();
      return undefined;
    }
    return { ...value, list: items.slice(start, count === undefined ? undefined : start + count) };
  }
  const characters = [...(value.text ?? '')];
  if (start < 0) start += characters.length;
  if (start < 0 || start > characters.length) return scalar('');
  const end =
    count === undefined ? characters.length : count < 0 ? characters.length + count : start + count;
  if (end < start) {
    yield* shell.complain(`${operation.length?.text ?? ''}: substring expression < 0`);
    shell.discard();
    return undefined;
  }
  return scalar(characters.slice(start, end).join(''));
}

type Change = (text: string) => string;

function* changerOf(
  shell: Shell,
  operation: Exclude<ParameterOperation, { type: 'Default' | 'Slice' }>,
  subject: Subject,
  reading: Reading,
): Task<Change | undefined> {
  const inner: Reading = { quoted: false, innerQuotes: true };
  switch (operation.type) {
    case 'Remove': {
      const pattern = yield* expandPattern(shell, operation.operand, inner);
      return removal(operation.operator, pattern);
    }
    case 'Replace': {
      const pattern = yield* expandPattern(shell, operation.pattern, inner);
      // bash 5.2 expands `&` in an unquoted replacement to what matched (patsub_replacement).
      const replacement = new Fields(false, '');
      yield* expandInto(
        shell,
        operation.replacement,
        replacement,
        reading.quoted ? { quoted: false, innerQuotes: true } : inner,
      );
      return replacing(operation.operator, pattern, replacement);
    }
    case 'CaseModification': {
      const pattern =
        operation.operand === undefined
          ? ''
          : yield* expandPattern(shell, operation.operand, inner);
      return casing(operation.operator, pattern);
    }
    case 'Transform':
      return yield* transformer(shell, operation.operand.text, subject);
    default:
      return (text) => text;
  }
}

function removal(operator: '#' | '##' | '%' | '%%', pattern: string): Change {
  const forward = compileGlob(pattern);
  const glob = operator.startsWith('#') ? forward : reverseGlob(forward);
  const longest = operator.length === 2;
  return (text) => {
    const subject = operator.startsWith('#') ? text : reverseText(text);
    const ends = matchEnds(glob, subject, 0);
    const end = longest ? ends.at(-1) : ends[0];
    if (end === undefined) return text;
    return operator.startsWith('#') ? text.slice(end) : text.slice(0, text.length - end);
  };
}

function replacing(
  operator: '/' | '//' | '/#' | '/%',
  pattern: string,
  replacement: Fields,
): Change {
  if (pattern === '' && operator !== '/#' && operator !== '/%') return (text) => text;
  const glob = compileGlob(pattern);
  const template = replacement.pattern;
  const insert = (match: string): string => fillTemplate(template, match);
  if (operator === '/%') {
    const reversed = reverseGlob(glob);
    return (text) => {
      const end = matchEnds(reversed, reverseText(text), 0).at(-1);
      if (end === undefined) return text;
      return text.slice(0, text.length - end) + insert(text.slice(text.length - end));
    };
  }
  return (text) => {
    let out = '';
    let at = 0;
    while (at <= text.length) {
      const end = matchEnds(glob, text, at).at(-1);
      if (end !== undefined && (end > at || operator === '/#')) {
        out += insert(text.slice(at, end));
        at = end;
        if (operator !== '//') break;
      } else if (operator === '/#' || at >= text.length) {
        break;
      } else {
        out += text[at];
        at += 1;
      }
    }
    return out + text.slice(at);
  };
}

/** The replacement's pattern text: an unescaped `&` is the match, a backslash takes the next character. */
function fillTemplate(template: string, match: string): string {
  let out = '';
  for (let index = 0; index < template.length; index += 1) {
    const char = template[index] as string;
    if (char === '\\' && index + 1 < template.length) {
      index += 1;
      out += template[index];
    } else out += char === '&' ? match : char;
  }
  return out;
}

function casing(operator: '^' | '^^' | ',' | ',,', pattern: string): Change {
  const glob = pattern === '' ? undefined : compileGlob(pattern);
  const convert = (char: string): string => {
    if (glob !== undefined && !matchEnds(glob, char, 0).includes(char.length)) return char;
    return operator.startsWith('^') ? char.toUpperCase() : char.toLowerCase();
  };
  return (text) => {
    const characters = [...text];
    if (operator.length === 2) return characters.map(convert).join('');
    return characters.map((char, index) => (index === 0 ? convert(char) : char)).join('');
  };
}

function* transformer(shell: Shell, operator: string, subject: Subject): Task<Change | undefined> {
  const variable = shell.variables.find(subject.place.name);
  switch (operator) {
    case 'Q':
      return quoteForReuse;
    case 'U':
      return (text) => text.toUpperCase();
    case 'u':
      return (text) => text.charAt(0).toUpperCase() + text.slice(1);
    case 'L':
      return (text) => text.toLowerCase();
    case 'E':
      return (text) => text.replace(/\\n/g, '\n').replace(/\\t/g, '\t').replace(/\\\\/g, '\\');
    case 'P':
      return (text) => expandPromptText(shell, text);
    case 'a':
      return () => (variable === undefined ? '' : attributesOf(variable));
    case 'A': {
      if (variable === undefined) return () => '';
      const text =
        isArray(variable) || attributesOf(variable) !== ''
          ? declareText(subject.place.name, variable)
          : undefined;
      return (value) => text ?? `${subject.place.name}=${quoteForReuse(value)}`;
    }
    case 'K':
    case 'k':
      return quoteForReuse;
    default:
      yield* shell.complain(`\${${subject.shown}@${operator}}: bad substitution`);
      shell.exit(1);
      return undefined;
  }
}
