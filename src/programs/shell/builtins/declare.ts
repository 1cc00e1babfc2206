/** Variables and positional parameters: declare, local, export, readonly, unset, set, shift, let, getopts. */
import type { Task } from '../../../ground/base/task.ts';
import { compareText } from '../../../ground/base/text.ts';
import { evaluate, makeIndexed } from '../assign.ts';
import { type Expanded, performAssignment } from '../command.ts';
import { complainPending } from '../report.ts';
import { attributesOf, declareText, quoteIfNeeded, valueText } from '../quoting.ts';
import { printFunction } from '../print-command.ts';
import type { Shell } from '../state.ts';
import { isArray, type Variable } from '../variables.ts';
import type { Builtin, BuiltinContext } from './types.ts';

interface Attributes {
  readonly on: ReadonlySet<string>;
  readonly off: ReadonlySet<string>;
  readonly names: readonly string[];
  readonly print: boolean;
  readonly functions: boolean;
  readonly functionNames: boolean;
  readonly global: boolean;
}

function* readOptions(
  shell: Shell,
  argv: readonly string[],
  known: string,
): Task<Attributes | undefined> {
  const on = new Set<string>();
  const off = new Set<string>();
  let at = 1;
  for (; at < argv.length; at += 1) {
    const arg = argv[at] as string;
    if (arg === '--') {
      at += 1;
      break;
    }
    if (!/^[-+]./.test(arg)) break;
    for (const letter of arg.slice(1)) {
      if (!known.includes(letter)) {
        yield* shell.complain(`${argv[0]}: -${letter}: invalid option`);
        yield* shell.write(
          2,
          `${argv[0]}: usage: ${USAGE.get(argv[0] as string) ?? `${argv[0]} [-${known}] [name[=value] ...]`}\n`,
        );
        return undefined;
      }
      (arg[0] === '-' ? on : off).add(letter);
    }
  }
  return {
    on,
    off,
    names: argv.slice(at),
    print: on.has('p'),
    functions: on.has('f') || on.has('F'),
    functionNames: on.has('F'),
    global: on.has('g'),
  };
}

const USAGE: ReadonlyMap<string, string> = new Map([
  [
    'declare',
    'declare [-aAfFgiIlnrtux] [name[=value] ...] or declare -p [-aAfFilnrtux] [name ...]',
  ],
  ['export', 'export [-fn] [name[=value] ...] or export -p'],
  ['readonly', 'readonly [-aAf] [name[=value] ...] or readonly -p'],
]);

function declareAs(kind: 'declare' | 'local' | 'export' | 'readonly'): Builtin {
  return function* declares(shell, argv, context): Task<number> {
    if (kind === 'local' && shell.calls === 0) {
      yield* shell.complain('local: can only be used in a function');
      return 1;
    }
    const options = yield* readOptions(
      shell,
      argv,
      kind === 'export' ? 'fnp' : kind === 'readonly' ? 'aAfp' : 'aAfFgiIlnprtux',
    );
    if (options === undefined) return 2;
    if (options.functions) return yield* listFunctions(shell, options);
    const targets = targetsOf(options.names, context);
    if (targets.length === 0 || (options.print && kind !== 'export' && kind !== 'readonly')) {
      return yield* list(shell, kind, options, targets);
    }
    let status = 0;
    for (const target of targets) {
      if (!(yield* declareOne(shell, kind, options, target))) status = 1;
    }
    return status;
  };
}

interface Target {
  readonly text: string;
  readonly assignment: Expanded | undefined;
}

function targetsOf(names: readonly string[], context: BuiltinContext): Target[] {
  const out: Target[] = names.map((text) => {
    const match = /^([A-Za-z_]\w*)(\+?)=(.*)$/s.exec(text);
    if (match === null) return { text, assignment: undefined };
    const assignment: Expanded = {
      name: match[1] as string,
      index: undefined,
      append: match[2] === '+',
      value: match[3] as string,
      elements: undefined,
    };
    return { text: match[1] as string, assignment };
  });
  for (const item of context.declared) out.push({ text: item.name, assignment: item });
  return out;
}

function* declareOne(
  shell: Shell,
  kind: string,
  options: Attributes,
  target: Target,
): Task<boolean> {
  const name = target.text.replace(/\[.*\]$/, '');
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    yield* shell.complain(`${kind}: \`${target.text}': not a valid identifier`);
    return false;
  }
  const inFunction = shell.calls > 0;
  const local = kind === 'local' || (kind === 'declare' && inFunction && !options.global);
  const variable = local
    ? shell.variables.makeLocal(name)
    : options.on.has('n')
      ? (shell.variables.raw(name) ?? shell.variables.make(name))
      : shell.variables.make(name);
  if (variable.readonly && (target.assignment !== undefined || options.off.has('r'))) {
    yield* shell.complain(`${name}: readonly variable`);
    return false;
  }
  if (!(yield* giveArrayKind(shell, kind, options, name, variable, target))) return false;
  for (const letter of options.off) setAttribute(variable, letter, false);
  for (const letter of options.on)
    if (letter !== 'n' || kind !== 'export')
      if (letter !== 'r') setAttribute(variable, letter, true);
  if (kind === 'export') variable.exported = !options.on.has('n');
  if (target.assignment !== undefined) {
    if (variable.reference) variable.value = target.assignment.value;
    else if (!performAssignment(shell, target.assignment)) {
      yield* complainPending(shell);
      return false;
    }
  }
  if (kind === 'readonly' || options.on.has('r')) variable.readonly = true;
  return true;
}

function* giveArrayKind(
  shell: Shell,
  kind: string,
  options: Attributes,
  name: string,
  variable: Variable,
  target: Target,
): Task<boolean> {
  if (options.on.has('A')) {
    if (variable.indexed !== undefined) {
      yield* shell.complain(`${kind}: ${name}: cannot convert indexed to associative array`);
      return false;
    }
    variable.associative ??= new Map();
    if (variable.value !== undefined) variable.associative.set('0', variable.value);
    variable.value = undefined;
  } else if (options.on.has('a')) {
    if (variable.associative !== undefined) {
      yield* shell.complain(`${kind}: ${name}: cannot convert associative to indexed array`);
      return false;
    }
    makeIndexed(variable);
  } else if (target.assignment?.elements !== undefined && !isArray(variable)) {
    variable.indexed = new Map();
    variable.value = undefined;
  }
  return true;
}

function setAttribute(variable: Variable, letter: string, on: boolean): void {
  if (letter === 'x') variable.exported = on;
  else if (letter === 'i') variable.integer = on;
  else if (letter === 'n') variable.reference = on;
  else if (letter === 'u') variable.letters = on ? 'upper' : undefined;
  else if (letter === 'l') variable.letters = on ? 'lower' : undefined;
}

function* listFunctions(shell: Shell, options: Attributes): Task<number> {
  let status = 0;
  const names = options.names.length > 0 ? options.names : [...shell.functions.keys()].sort();
  for (const name of names) {
    const callee = shell.functions.get(name);
    if (callee === undefined) {
      status = 1;
      continue;
    }
    if (options.on.has('t') || options.off.has('t')) callee.traced = options.on.has('t');
    else if (options.functionNames)
      yield* shell.write(1, options.names.length > 0 ? `${name}\n` : `declare -f ${name}\n`);
    else yield* shell.write(1, `${printFunction(callee.node, callee.source.text)}\n`);
  }
  return status;
}

function* list(
  shell: Shell,
  kind: string,
  options: Attributes,
  targets: readonly Target[],
): Task<number> {
  if (targets.length > 0) {
    let status = 0;
    for (const target of targets) {
      const variable = shell.variables.raw(target.text);
      if (variable === undefined) {
        yield* shell.complain(`${kind}: ${target.text}: not found`);
        status = 1;
      } else yield* shell.write(1, `${declareText(target.text, variable)}\n`);
    }
    return status;
  }
  const wanted =
    kind === 'export'
      ? 'x'
      : kind === 'readonly'
        ? 'r'
        : [...options.on].filter((letter) => letter !== 'p' && letter !== 'g').join('');
  for (const name of kind === 'local'
    ? shell.variables.localNames().sort(compareText)
    : shell.variables.names()) {
    const variable = shell.variables.raw(name);
    if (variable === undefined) continue;
    const attributes = attributesOf(variable);
    if (![...wanted].every((letter) => attributes.includes(letter))) continue;
    if (kind === 'declare' && !options.print && wanted === '') {
      const value = variableText(variable);
      if (value !== undefined) yield* shell.write(1, `${name}=${value}\n`);
    } else yield* shell.write(1, `${declareText(name, variable)}\n`);
  }
  return 0;
}

function variableText(variable: Variable): string | undefined {
  if (isArray(variable)) return valueText(variable);
  return variable.value === undefined
    ? undefined
    : variable.value === ''
      ? ''
      : quoteIfNeeded(variable.value);
}

function* unset(shell: Shell, argv: string[]): Task<number> {
  let mode = '';
  let at = 1;
  while (/^-[fvn]+$/.test(argv[at] ?? '')) mode += (argv[at++] as string).slice(1);
  let status = 0;
  for (const text of argv.slice(at)) {
    const match = /^([A-Za-z_]\w*)(?:\[(.*)\])?$/s.exec(text);
    if (mode.includes('f') || match === null) {
      if (match === null && mode.includes('v')) {
        yield* shell.complain(`unset: \`${text}': not a valid identifier`);
        status = 1;
      }
      shell.functions.delete(text);
      continue;
    }
    const name = mode.includes('n')
      ? (match[1] as string)
      : shell.variables.target(match[1] as string);
    const variable = shell.variables.raw(name);
    if (variable === undefined) {
      if (!mode.includes('v')) shell.functions.delete(name);
      continue;
    }
    if (variable.readonly) {
      yield* shell.complain(`unset: ${name}: cannot unset: readonly variable`);
      status = 1;
    } else if (match[2] !== undefined) unsetElement(shell, variable, match[2]);
    else shell.variables.unset(name);
    if (name === 'OPTIND') shell.getoptsAt = 0;
  }
  return status;
}

function unsetElement(shell: Shell, variable: Variable, index: string): void {
  if (index === '@' || index === '*') {
    variable.indexed?.clear();
    variable.associative?.clear();
  } else if (variable.associative !== undefined)
    variable.associative.delete(index.replace(/^["']|["']$/g, ''));
  else {
    const at = evaluate(shell, index);
    if (at === undefined) return;
    const keys = [...(variable.indexed?.keys() ?? [])].sort((a, b) => a - b);
    variable.indexed?.delete(Number(at) < 0 ? (keys.at(-1) ?? -1) + 1 + Number(at) : Number(at));
    if (variable.indexed === undefined && at === 0n) variable.value = undefined;
  }
}

function* shift(shell: Shell, argv: string[]): Task<number> {
  const text = argv[1] ?? '1';
  if (!/^-?\d+$/.test(text)) {
    yield* shell.complain(`shift: ${text}: numeric argument required`);
    return 1;
  }
  const count = Number(text);
  if (count < 0) {
    yield* shell.complain(`shift: ${text}: shift count out of range`);
    return 1;
  }
  if (count > shell.positional.length) return 1;
  shell.positional = shell.positional.slice(count);
  return 0;
}

function* lets(shell: Shell, argv: string[]): Task<number> {
  if (argv.length < 2) {
    yield* shell.complain('let: expression expected');
    return 1;
  }
  let last = 0n;
  for (const text of argv.slice(1)) {
    const value = evaluate(shell, text);
    if (value === undefined) {
      shell.pendingFault = `let: ${shell.pendingFault ?? ''}`;
      yield* complainPending(shell);
      return 1;
    }
    last = value;
  }
  return last === 0n ? 1 : 0;
}

function* getopts(shell: Shell, argv: string[]): Task<number> {
  const [, letters, name] = argv;
  if (letters === undefined || name === undefined) {
    yield* shell.write(2, 'getopts: usage: getopts optstring name [arg ...]\n');
    return 2;
  }
  const args = argv.length > 3 ? argv.slice(3) : shell.positional;
  const silent = letters.startsWith(':');
  let index = Number(shell.variables.get('OPTIND') ?? '1');
  if (index < 1) index = 1;
  const finish = (status: number, value: string): number => {
    shell.set('OPTIND', `${index}`);
    shell.set(name, value);
    return status;
  };
  if (shell.getoptsAt === 0) {
    const word = args[index - 1];
    if (word === undefined || !/^-./.test(word) || word === '--') {
      if (word === '--') index += 1;
      shell.variables.unset('OPTARG');
      return finish(1, '?');
    }
    shell.getoptsAt = 1;
  }
  const word = args[index - 1] ?? '';
  const letter = word[shell.getoptsAt] ?? '';
  shell.getoptsAt += 1;
  const atEnd = shell.getoptsAt >= word.length;
  const place = letter === ':' ? -1 : letters.indexOf(letter, silent ? 1 : 0);
  const next = (): void => {
    index += 1;
    shell.getoptsAt = 0;
  };
  if (place < 0) {
    if (atEnd) next();
    if (silent) shell.set('OPTARG', letter);
    else {
      shell.variables.unset('OPTARG');
      if (shell.variables.get('OPTERR') !== '0')
        yield* shell.write(2, `${shell.name0}: illegal option -- ${letter}\n`);
    }
    return finish(0, '?');
  }
  if (letters[place + 1] !== ':') {
    if (atEnd) next();
    shell.variables.unset('OPTARG');
    return finish(0, letter);
  }
  if (!atEnd) {
    shell.set('OPTARG', word.slice(shell.getoptsAt));
    next();
    return finish(0, letter);
  }
  next();
  const value = args[index - 1];
  if (value === undefined) {
    if (silent) {
      shell.set('OPTARG', letter);
      return finish(0, ':');
    }
    shell.variables.unset('OPTARG');
    if (shell.variables.get('OPTERR') !== '0')
      yield* shell.write(2, `${shell.name0}: option requires an argument -- ${letter}\n`);
    return finish(0, '?');
  }
  index += 1;
  shell.set('OPTARG', value);
  return finish(0, letter);
}

export const DECLARE_BUILTINS: readonly (readonly [string, Builtin])[] = [
  ['declare', declareAs('declare')],
  ['typeset', declareAs('declare')],
  ['local', declareAs('local')],
  ['export', declareAs('export')],
  ['readonly', declareAs('readonly')],
  ['unset', unset],
  ['shift', shift],
  ['let', lets],
  ['getopts', getopts],
];
