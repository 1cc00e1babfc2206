/**
 * Assignments with bash's attributes: readonly, integer, letter case, arrays and their subscripts.
 * Nothing here waits: a fault is left in `shell.pendingFault` for the caller to print.
 */
import { type ArithmeticScope, evaluateArithmetic } from './arithmetic.ts';
import { compareText } from '../../ground/base/text.ts';
import { OPTION_LETTERS } from './option-letters.ts';
import { headOf } from './print-command.ts';
import type { Shell } from './state.ts';
import { indexesOf, isArray, scalarOf, type Variable } from './variables.ts';

/** Evaluates an expression; undefined after a fault, which is pending then. */
export function evaluate(shell: Shell, text: string): bigint | undefined {
  const value = evaluateArithmetic(text, arithmeticScope(shell));
  if (typeof value === 'bigint') return shell.pendingFault === undefined ? value : undefined;
  shell.pendingFault ??= value.message;
  return undefined;
}

function arithmeticScope(shell: Shell): ArithmeticScope {
  return {
    parse: (text) => shell.parseArithmetic(text),
    read(name, index) {
      const special = index === undefined ? specialVariable(shell, name) : undefined;
      const value = special ?? readElement(shell, name, index);
      if (value === undefined && shell.options.has('u'))
        shell.pendingFault ??= `${name}: unbound variable`;
      return value;
    },
    write(name, index, value) {
      if (index === undefined) assign(shell, name, value, false);
      else assignElement(shell, name, index, value, false);
    },
  };
}

/** Variables whose value is made when it is read. */
export function specialVariable(shell: Shell, name: string): string | undefined {
  switch (name) {
    case 'RANDOM':
      return `${shell.random.below(32768)}`;
    case 'SRANDOM':
      return `${shell.random.word()}`;
    case 'SECONDS': {
      const base = Number(shell.variables.get('SECONDS') ?? '0');
      return `${base + Math.floor((shell.process.clock.monotonic() - shell.started) / 1_000_000)}`;
    }
    case 'EPOCHSECONDS':
      return `${Math.floor(shell.process.clock.wall() / 1_000_000)}`;
    case 'EPOCHREALTIME': {
      const wall = shell.process.clock.wall();
      return `${Math.floor(wall / 1_000_000)}.${`${wall % 1_000_000}`.padStart(6, '0')}`;
    }
    case 'LINENO':
      return `${shell.line()}`;
    case 'BASH_COMMAND':
      return shell.running === undefined ? '' : headOf(shell.running, shell.runningText);
    case 'SHELLOPTS':
      return [...OPTION_LETTERS]
        .filter(([long, letter]) => isOn(shell, long, letter))
        .map(([long]) => long)
        .join(':');
    case 'BASHOPTS':
      return [...shell.shopt].sort(compareText).join(':');
    case 'BASHPID':
      return `${shell.process.pid}`;
    case 'BASH_SUBSHELL':
      return `${shell.subshell}`;
    case '_':
      return shell.lastArgument;
    default:
      return undefined;
  }
}

/** Whether an option of `set -o` is on; some follow from how the shell runs. */
export function isOn(shell: Shell, long: string, letter: string): boolean {
  if (long === 'interactive-comments') return shell.shopt.has('interactive_comments');
  if (shell.interactive && /^(emacs|history|histexpand)$/.test(long)) return true;
  return shell.options.has(letter === '' ? long : letter);
}

/** The index that a subscript names, or undefined after a fault. */
function subscript(
  shell: Shell,
  variable: Variable | undefined,
  name: string,
  index: string,
  reads = false,
): number | undefined {
  const value = evaluate(shell, index);
  if (value === undefined) return undefined;
  let at = Number(value);
  if (at < 0) {
    const keys = variable?.indexed === undefined ? [0] : indexesOf(variable.indexed);
    at += (keys.at(-1) ?? -1) + 1;
    if (at < 0) {
      shell.pendingFault ??= `${reads ? name : `${name}[${index}]`}: bad array subscript`;
      return undefined;
    }
  }
  return at;
}

export function readElement(
  shell: Shell,
  name: string,
  index: string | undefined,
): string | undefined {
  const variable = shell.variables.find(name);
  if (variable === undefined) return undefined;
  if (index === undefined) return scalarOf(variable);
  if (variable.associative !== undefined) return variable.associative.get(index);
  const at = subscript(shell, variable, name, index, true);
  if (at === undefined) return undefined;
  if (variable.indexed !== undefined) return variable.indexed.get(at);
  return at === 0 ? variable.value : undefined;
}

function cast(shell: Shell, variable: Variable, value: string): string | undefined {
  if (variable.integer) {
    const number = evaluate(shell, value);
    return number === undefined ? undefined : number.toString();
  }
  if (variable.letters === 'upper') return value.toUpperCase();
  if (variable.letters === 'lower') return value.toLowerCase();
  return value;
}

function isFrozen(shell: Shell, variable: Variable, name: string): boolean {
  if (!variable.readonly) return false;
  shell.pendingFault ??= `${name}: readonly variable`;
  return true;
}

function joined(variable: Variable, old: string | undefined, value: string): string {
  if (variable.integer) return `${old ?? '0'}+(${value})`;
  return (old ?? '') + value;
}

/** `name=value` or `name+=value`. False after a fault. */
export function assign(shell: Shell, name: string, value: string, append: boolean): boolean {
  const variable = shell.variables.make(name);
  if (isFrozen(shell, variable, name)) return false;
  const text = cast(shell, variable, append ? joined(variable, scalarOf(variable), value) : value);
  if (text === undefined) return false;
  if (variable.indexed !== undefined) variable.indexed.set(0, text);
  else if (variable.associative !== undefined) variable.associative.set('0', text);
  else variable.value = text;
  return true;
}

/** `name[index]=value`. False after a fault. */
export function assignElement(
  shell: Shell,
  name: string,
  index: string,
  value: string,
  append: boolean,
): boolean {
  const variable = shell.variables.make(name);
  if (isFrozen(shell, variable, name)) return false;
  if (variable.associative !== undefined) {
    if (index === '') {
      shell.pendingFault ??= `${name}[${index}]: bad array subscript`;
      return false;
    }
    const text = cast(
      shell,
      variable,
      append ? joined(variable, variable.associative.get(index), value) : value,
    );
    if (text === undefined) return false;
    variable.associative.set(index, text);
    return true;
  }
  const at = subscript(shell, variable, name, index);
  if (at === undefined) return false;
  makeIndexed(variable);
  const text = cast(
    shell,
    variable,
    append ? joined(variable, variable.indexed?.get(at), value) : value,
  );
  if (text === undefined) return false;
  variable.indexed?.set(at, text);
  return true;
}

/** Turns a scalar into an indexed array that holds it. */
export function makeIndexed(variable: Variable): void {
  if (isArray(variable)) return;
  variable.indexed = new Map();
  if (variable.value !== undefined) variable.indexed.set(0, variable.value);
  variable.value = undefined;
}

export interface ArrayElement {
  /** The text between brackets of `[key]=value`. */
  readonly key: string | undefined;
  readonly value: string;
  readonly append?: boolean;
}

/** `name=(…)` or `name+=(…)`. */
export function assignArray(
  shell: Shell,
  name: string,
  elements: readonly ArrayElement[],
  append: boolean,
): boolean {
  const variable = shell.variables.make(name);
  if (isFrozen(shell, variable, name)) return false;
  if (variable.associative !== undefined)
    return assignAssociative(shell, variable, name, elements, append);
  if (append) makeIndexed(variable);
  const indexed = append ? (variable.indexed as Map<number, string>) : new Map<number, string>();
  const keys = indexesOf(indexed);
  let next = append ? (keys.at(-1) ?? -1) + 1 : 0;
  for (const element of elements) {
    if (element.key !== undefined) {
      const at = subscript(shell, variable, name, element.key);
      if (at === undefined) return false;
      next = at;
    }
    const old = element.append === true ? indexed.get(next) : undefined;
    const text = cast(
      shell,
      variable,
      element.append === true ? joined(variable, old, element.value) : element.value,
    );
    if (text === undefined) return false;
    indexed.set(next, text);
    next += 1;
  }
  variable.indexed = indexed;
  variable.value = undefined;
  return true;
}

function assignAssociative(
  shell: Shell,
  variable: Variable,
  name: string,
  elements: readonly ArrayElement[],
  append: boolean,
): boolean {
  const map = append ? (variable.associative as Map<string, string>) : new Map<string, string>();
  for (let index = 0; index < elements.length; index += 1) {
    const element = elements[index] as ArrayElement;
    let { key, value } = element;
    if (key === undefined) {
      // Without brackets, elements alternate between key and value (bash 5.1).
      key = value;
      index += 1;
      value = elements[index]?.value ?? '';
    }
    if (key === '') {
      shell.pendingFault ??= `${name}: bad array subscript`;
      return false;
    }
    map.set(key, element.append === true ? (map.get(key) ?? '') + value : value);
  }
  variable.associative = map;
  variable.value = undefined;
  return true;
}
