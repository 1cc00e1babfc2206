/**
 * Label and field selectors: as text (`app=web,tier in (a,b),!canary`), as the API's structure, and
 * what they match. Grammar and error texts follow k8s.io/apimachinery/pkg/labels/selector.go and
 * pkg/fields/selector.go (v0.34).
 */
import { err, ok, type Result } from '../base/result.ts';
import { compareText, quote, sortedText } from '../base/text.ts';
import type { LabelSelector } from './types.ts';
import { isLabelValue, isQualifiedName } from './validation/names.ts';

export type Operator = 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | 'gt' | 'lt';

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  /** Sorted, without duplicates. */
  readonly values: readonly string[];
}

/** All requirements must hold, sorted by key. */
export interface Selector {
  readonly requirements: readonly Requirement[];
  /** Matches nothing at all: what an absent LabelSelector means. */
  readonly nothing: boolean;
}

type Labels = Readonly<Record<string, string>>;

export const EVERYTHING: Selector = Object.freeze({
  requirements: Object.freeze([]),
  nothing: false,
});
export const NOTHING: Selector = Object.freeze({ requirements: Object.freeze([]), nothing: true });

/** A selector as the API writes it, `=` as labels (metav1.ParseToLabelSelector). */
export function structureOf(selector: Selector): LabelSelector {
  const labels: Record<string, string> = {};
  const expressions: NonNullable<LabelSelector['matchExpressions']>[number][] = [];
  for (const { key, operator, values } of selector.requirements) {
    if (operator === '=' || operator === '==') labels[key] = values[0] ?? '';
    else if (operator === 'exists') expressions.push({ key, operator: 'Exists' });
    else if (operator === '!') expressions.push({ key, operator: 'DoesNotExist' });
    else {
      const negated = operator === 'notin' || operator === '!=';
      expressions.push({ key, operator: negated ? 'NotIn' : 'In', values });
    }
  }
  return {
    ...(Object.keys(labels).length > 0 ? { matchLabels: labels } : {}),
    ...(expressions.length > 0 ? { matchExpressions: expressions } : {}),
  };
}

/** True when the labels satisfy the selector. */
export function matches(selector: Selector, labels: Labels | undefined): boolean {
  if (selector.nothing) return false;
  for (const requirement of selector.requirements) {
    if (!satisfies(requirement, labels)) return false;
  }
  return true;
}

function satisfies(requirement: Requirement, labels: Labels | undefined): boolean {
  const { key, values } = requirement;
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (requirement.operator) {
    case 'in':
    case '=':
    case '==':
      return value !== undefined && values.includes(value);
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    default: {
      if (value === undefined || !isInteger(value)) return false;
      const bound = BigInt(values[0] ?? '0');
      return requirement.operator === 'gt' ? BigInt(value) > bound : BigInt(value) < bound;
    }
  }
}

function isInteger(text: string): boolean {
  return /^[+-]?\d{1,19}$/.test(text);
}

/** True when every label of the map is there: the selectors of Services. Empty selects nothing here. */
export function matchesMap(selector: Labels | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined) return false;
  let count = 0;
  for (const key of Object.keys(selector)) {
    count += 1;
    if (labels === undefined || !Object.hasOwn(labels, key) || labels[key] !== selector[key]) {
      return false;
    }
  }
  return count > 0;
}

/** The selector of a map of equalities. */
export function selectorOfMap(map: Labels | undefined): Selector {
  const requirements = Object.entries(map ?? {}).map(
    ([key, value]): Requirement => ({ key, operator: '=', values: [value] }),
  );
  return sorted(requirements);
}

/**
 * The selector of the API's structure: absent selects nothing, empty everything
 * (metav1.LabelSelectorAsSelector).
 */
export function selectorOf(structure: LabelSelector | undefined): Result<Selector, string> {
  if (structure === undefined) return ok(NOTHING);
  const requirements: Requirement[] = [];
  for (const [key, value] of Object.entries(structure.matchLabels ?? {})) {
    const made = requirement(key, '=', [value]);
    if (!made.ok) return made;
    requirements.push(made.value);
  }
  for (const expression of structure.matchExpressions ?? []) {
    const operator = STRUCTURED.get(expression.operator);
    if (operator === undefined) {
      return err(`${quote(expression.operator)} is not a valid label selector operator`);
    }
    const made = requirement(expression.key, operator, expression.values ?? []);
    if (!made.ok) return made;
    requirements.push(made.value);
  }
  return ok(sorted(requirements));
}

const STRUCTURED: ReadonlyMap<string, Operator> = new Map([
  ['In', 'in'],
  ['NotIn', 'notin'],
  ['Exists', 'exists'],
  ['DoesNotExist', '!'],
]);

function sorted(requirements: Requirement[]): Selector {
  return {
    requirements: requirements.sort((a, b) => compareText(a.key, b.key)),
    nothing: false,
  };
}

/** A checked requirement (labels.NewRequirement). */
function requirement(
  key: string,
  operator: Operator,
  given: readonly string[],
): Result<Requirement, string> {
  const problems: string[] = [];
  const keyErrors = isQualifiedName(key);
  if (keyErrors.length > 0) {
    problems.push(`key: Invalid value: ${quote(key)}: ${keyErrors.join('; ')}`);
  }
  const list = given.map(quote).join(', ');
  if ((operator === 'in' || operator === 'notin') && given.length === 0) {
    problems.push(
      "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty",
    );
  } else if ((operator === '=' || operator === '==' || operator === '!=') && given.length !== 1) {
    problems.push(
      `values: Invalid value: [${list}]: exact-match compatibility requires one single value`,
    );
  } else if ((operator === 'exists' || operator === '!') && given.length > 0) {
    problems.push(
      `values: Invalid value: [${list}]: values set must be empty for exists and does not exist`,
    );
  } else if (operator === 'gt' || operator === 'lt') {
    if (given.length !== 1) {
      problems.push(
        `values: Invalid value: [${list}]: for 'Gt', 'Lt' operators, exactly one value is required`,
      );
    }
    given.forEach((value, index) => {
      if (isInteger(value)) return;
      problems.push(
        `values[${index}]: Invalid value: ${quote(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
      );
    });
  }
  given.forEach((value, index) => {
    const errors = isLabelValue(value);
    if (errors.length === 0) return;
    problems.push(`values[${index}][${key}]: Invalid value: ${quote(value)}: ${errors.join('; ')}`);
  });
  if (problems.length === 1) return err(problems[0] as string);
  if (problems.length > 1) return err(`[${problems.join(', ')}]`);
  return ok({ key, operator, values: sortedText(new Set(given)) });
}

/** The selector as text, as upstream prints it. */
export function formatSelector(selector: Selector): string {
  return selector.requirements.map(formatRequirement).join(',');
}

function formatRequirement(each: Requirement): string {
  switch (each.operator) {
    case 'exists':
      return each.key;
    case '!':
      return `!${each.key}`;
    case 'in':
    case 'notin':
      return `${each.key} ${each.operator} (${each.values.join(',')})`;
    case 'gt':
      return `${each.key}>${each.values[0] ?? ''}`;
    case 'lt':
      return `${each.key}<${each.values[0] ?? ''}`;
    default:
      return `${each.key}${each.operator}${each.values[0] ?? ''}`;
  }
}

/** The API's structure as text: `<none>` when absent or empty (metav1.FormatLabelSelector). */
export function formatLabelSelector(structure: LabelSelector | undefined): string {
  const selector = selectorOf(structure);
  if (!selector.ok) return '<error>';
  const text = formatSelector(selector.value);
  return text === '' ? '<none>' : text;
}

/** Reads a label selector's text; the error is upstream's. */
export function parseSelector(text: string): Result<Selector, string> {
  const tokens = tokenize(text);
  if (!tokens.ok) return tokens;
  return new Parser(tokens.value).parse();
}

interface Token {
  readonly kind: 'identifier' | 'symbol' | 'word' | 'end' | 'error';
  readonly text: string;
}

const SYMBOLS = new Set([')', ',', '!', '==', '=', '>', '<', '!=', '(']);
const END: Token = { kind: 'end', text: '' };

function tokenize(text: string): Result<readonly Token[], string> {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const char = text[at] as string;
    if (char === ' ' || char === '\t' || char === '\r' || char === '\n') {
      at += 1;
      continue;
    }
    let end = at + 1;
    if ('=!(),><'.includes(char)) {
      // The longest run of special characters that is a token.
      while (end < text.length && SYMBOLS.has(text.slice(at, end + 1))) end += 1;
      const symbol = text.slice(at, end);
      tokens.push({ kind: 'symbol', text: symbol });
    } else {
      while (end < text.length && !'=!(),>< \t\r\n'.includes(text[end] as string)) end += 1;
      const word = text.slice(at, end);
      tokens.push({ kind: word === 'in' || word === 'notin' ? 'word' : 'identifier', text: word });
    }
    at = end;
  }
  tokens.push(END);
  return ok(tokens);
}

/** Recursive descent over the tokens; `in` and `notin` are identifiers where a value may stand. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): Result<Selector, string> {
    const requirements: Requirement[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.kind === 'end') return ok(sorted(requirements));
      if (!isName(token) && token.text !== '!') {
        return err(`found '${token.text}', expected: !, identifier, or 'end of string'`);
      }
      const parsed = this.#requirement();
      if (!parsed.ok) return err(`unable to parse requirement: ${parsed.error}`);
      requirements.push(parsed.value);
      const next = this.#take();
      if (next.kind === 'end') return ok(sorted(requirements));
      if (next.text !== ',') return err(`found '${next.text}', expected: ',' or 'end of string'`);
      const after = this.#peek();
      if (!isName(after) && after.text !== '!') {
        return err(`found '${after.text}', expected: identifier after ','`);
      }
    }
  }

  #requirement(): Result<Requirement, string> {
    let token = this.#take();
    const absent = token.text === '!';
    if (absent) token = this.#take();
    if (!isName(token)) return err(`found '${token.text}', expected: identifier`);
    const key = token.text;
    const errors = isQualifiedName(key);
    if (errors.length > 0) {
      return err(`<nil>: Invalid value: ${quote(key)}: ${errors.join('; ')}`);
    }
    if (absent) return requirement(key, '!', []);
    const next = this.#peek();
    if (next.kind === 'end' || next.text === ',') return requirement(key, 'exists', []);
    const operator = OPERATORS.get(this.#take().text);
    if (operator === undefined) {
      return err(`found '${next.text}', expected: in, notin, =, ==, !=, gt, lt`);
    }
    const values = operator === 'in' || operator === 'notin' ? this.#set() : this.#exact();
    return values.ok ? requirement(key, operator, sortedText(new Set(values.value))) : values;
  }

  #exact(): Result<readonly string[], string> {
    const next = this.#peek();
    if (next.kind === 'end' || next.text === ',') return ok(['']);
    this.#take();
    return isName(next) ? ok([next.text]) : err(`found '${next.text}', expected: identifier`);
  }

  #set(): Result<readonly string[], string> {
    const open = this.#take();
    if (open.text !== '(') return err(`found '${open.text}' expected: '('`);
    const first = this.#peek();
    if (first.text === ')') {
      this.#take();
      return ok([]);
    }
    if (!isName(first) && first.text !== ',') {
      return err(`found '${first.text}', expected: ',', ')' or identifier`);
    }
    const values: string[] = [];
    for (;;) {
      const token = this.#take();
      if (isName(token)) {
        values.push(token.text);
        const next = this.#peek();
        if (next.text === ')') break;
        if (next.text !== ',') return err(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.text === ',') {
        // `(,a)`, `(a,)` and `(a,,b)` hold the empty value.
        if (values.length === 0) values.push('');
        const next = this.#peek();
        if (next.text === ')') {
          values.push('');
          break;
        }
        if (next.text === ',') {
          this.#take();
          values.push('');
        }
      } else return err(`found '${token.text}', expected: ',', or identifier`);
    }
    this.#take();
    return ok(values);
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? END;
  }

  #take(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }
}

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['in', 'in'],
  ['notin', 'notin'],
  ['=', '='],
  ['==', '=='],
  ['!=', '!='],
  ['>', 'gt'],
  ['<', 'lt'],
]);

function isName(token: Token): boolean {
  return token.kind === 'identifier' || token.kind === 'word';
}

/** One term of a field selector: `status.phase!=Running`. */
export interface FieldTerm {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** Reads a field selector; `\\`, `\,` and `\=` stand for the characters. The error is upstream's. */
export function parseFieldSelector(text: string): Result<readonly FieldTerm[], string> {
  const terms: FieldTerm[] = [];
  for (const part of splitTerms(text)) {
    if (part === '') continue;
    const match = /^([^=!]*)(!=|==|=)(.*)$/s.exec(part);
    if (match === null) return err(`invalid selector: '${part}'; can't understand '${part}'`);
    const value = unescapeValue(match[3] as string);
    if (!value.ok) return value;
    terms.push({
      field: match[1] as string,
      operator: match[2] === '!=' ? '!=' : '=',
      value: value.value,
    });
  }
  return ok(terms);
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === ',') {
      terms.push(text.slice(start, at));
      start = at + 1;
    }
  }
  terms.push(text.slice(start));
  return terms;
}

function unescapeValue(text: string): Result<string, string> {
  if (!/[\\,=]/.test(text)) return ok(text);
  let out = '';
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] as string;
    if (char === '\\') {
      const next = text[at + 1];
      if (next !== '\\' && next !== ',' && next !== '=') {
        const sequence = next === undefined ? '\\' : `\\${next}`;
        return err(`invalid field selector: invalid escape sequence: ${sequence}`);
      }
      out += next;
      at += 1;
    } else if (char === ',' || char === '=') {
      return err(`invalid field selector: unescaped character in value: ${char}`);
    } else out += char;
  }
  return ok(out);
}

/** True when every term holds; `read` gives the field of the object, `""` when it is empty. */
export function matchesFields(
  terms: readonly FieldTerm[],
  read: (field: string) => string,
): boolean {
  for (const term of terms) {
    if ((read(term.field) === term.value) !== (term.operator === '=')) return false;
  }
  return true;
}
