/** set, shopt, alias, unalias, history, help, enable. */
import type { Task } from '../../../ground/base/task.ts';
import { compareText } from '../../../ground/base/text.ts';
import { isOn } from '../assign.ts';
import { OPTION_LETTERS } from '../option-letters.ts';
import { quoteIfNeeded, singleQuote, valueText } from '../quoting.ts';
import type { Shell } from '../state.ts';
import { isArray } from '../variables.ts';
import type { Builtin } from './types.ts';

/** The name under which an option is kept: its letter, or its long name without one. */
function keyOf(name: string): string | undefined {
  const letter = OPTION_LETTERS.get(name);
  if (letter === undefined) return undefined;
  return letter === '' ? name : letter;
}

function* listOptions(shell: Shell, reusable: boolean): Task<void> {
  for (const [name, letter] of OPTION_LETTERS) {
    const on = isOn(shell, name, letter);
    yield* shell.write(
      1,
      reusable ? `set ${on ? '-' : '+'}o ${name}\n` : `${name.padEnd(15)}\t${on ? 'on' : 'off'}\n`,
    );
  }
}

function* set(shell: Shell, argv: string[]): Task<number> {
  if (argv.length === 1) {
    for (const name of shell.variables.names()) {
      const variable = shell.variables.raw(name);
      if (variable === undefined) continue;
      const value = isArray(variable)
        ? valueText(variable)
        : variable.value === undefined
          ? undefined
          : variable.value === ''
            ? ''
            : quoteIfNeeded(variable.value);
      if (value !== undefined) yield* shell.write(1, `${name}=${value}\n`);
    }
    return 0;
  }
  let at = 1;
  for (; at < argv.length; at += 1) {
    const arg = argv[at] as string;
    if (arg === '--' || arg === '-') {
      shell.positional =
        arg === '--'
          ? argv.slice(at + 1)
          : at + 1 < argv.length
            ? argv.slice(at + 1)
            : shell.positional;
      return 0;
    }
    if (!/^[-+]./.test(arg)) break;
    const on = arg[0] === '-';
    for (const letter of arg.slice(1)) {
      if (letter === 'o') {
        const name = argv[at + 1];
        if (name === undefined) {
          yield* listOptions(shell, !on);
          return 0;
        }
        at += 1;
        const key = keyOf(name);
        if (key === undefined) {
          yield* shell.complain(`set: ${name}: invalid option name`);
          return 2;
        }
        toggle(shell.options, key, on);
      } else if ('abefhkmnptuvxBCEHPT'.includes(letter)) toggle(shell.options, letter, on);
      else {
        yield* shell.complain(`set: ${on ? '-' : '+'}${letter}: invalid option`);
        yield* shell.write(
          2,
          'set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n',
        );
        return 2;
      }
    }
  }
  if (at < argv.length) shell.positional = argv.slice(at);
  return 0;
}

function toggle(options: Set<string>, key: string, on: boolean): void {
  if (on) options.add(key);
  else options.delete(key);
}

const SHOPT_NAMES = [
  'autocd',
  'assoc_expand_once',
  'cdable_vars',
  'cdspell',
  'checkhash',
  'checkjobs',
  'checkwinsize',
  'cmdhist',
  'compat31',
  'compat32',
  'compat40',
  'compat41',
  'compat42',
  'compat43',
  'compat44',
  'complete_fullquote',
  'direxpand',
  'dirspell',
  'dotglob',
  'execfail',
  'expand_aliases',
  'extdebug',
  'extglob',
  'extquote',
  'failglob',
  'force_fignore',
  'globasciiranges',
  'globskipdots',
  'globstar',
  'gnu_errfmt',
  'histappend',
  'histreedit',
  'histverify',
  'hostcomplete',
  'huponexit',
  'inherit_errexit',
  'interactive_comments',
  'lastpipe',
  'lithist',
  'localvar_inherit',
  'localvar_unset',
  'login_shell',
  'mailwarn',
  'no_empty_cmd_completion',
  'nocaseglob',
  'nocasematch',
  'noexpand_translation',
  'nullglob',
  'patsub_replacement',
  'progcomp',
  'progcomp_alias',
  'promptvars',
  'restricted_shell',
  'shift_verbose',
  'sourcepath',
  'varredir_close',
  'xpg_echo',
];

function* shopt(shell: Shell, argv: string[]): Task<number> {
  let mode = '';
  let at = 1;
  while (/^-[suqpo]+$/.test(argv[at] ?? '')) mode += (argv[at++] as string).slice(1);
  const names = argv.slice(at);
  let status = 0;
  if (names.length === 0) {
    for (const name of SHOPT_NAMES) {
      const on = shell.shopt.has(name);
      if ((mode.includes('s') && !on) || (mode.includes('u') && on)) continue;
      yield* shell.write(
        1,
        mode.includes('p')
          ? `shopt ${on ? '-s' : '-u'} ${name}\n`
          : `${name.padEnd(15)}\t${on ? 'on' : 'off'}\n`,
      );
    }
    return 0;
  }
  for (const name of names) {
    if (mode.includes('o')) {
      const key = keyOf(name);
      if (key !== undefined && mode.includes('s')) shell.options.add(key);
      else if (key !== undefined && mode.includes('u')) shell.options.delete(key);
      else if (key === undefined) {
        yield* shell.complain(`shopt: ${name}: invalid option name`);
        status = 1;
      } else {
        const on = shell.options.has(key);
        if (!on) status = 1;
        if (!mode.includes('q'))
          yield* shell.write(
            1,
            mode.includes('p')
              ? `set ${on ? '-' : '+'}o ${name}\n`
              : `${name.padEnd(15)}\t${on ? 'on' : 'off'}\n`,
          );
      }
      continue;
    }
    if (!SHOPT_NAMES.includes(name)) {
      yield* shell.complain(`shopt: ${name}: invalid shell option name`);
      status = 1;
    } else if (mode.includes('s')) shell.shopt.add(name);
    else if (mode.includes('u')) shell.shopt.delete(name);
    else {
      const on = shell.shopt.has(name);
      if (!on) status = 1;
      if (!mode.includes('q'))
        yield* shell.write(
          1,
          mode.includes('p')
            ? `shopt ${on ? '-s' : '-u'} ${name}\n`
            : `${name.padEnd(15)}\t${on ? 'on' : 'off'}\n`,
        );
    }
  }
  return status;
}

function* alias(shell: Shell, argv: string[]): Task<number> {
  const items = argv.slice(argv[1] === '-p' ? 2 : 1);
  let status = 0;
  if (items.length === 0) {
    for (const name of [...shell.aliases.keys()].sort(compareText)) {
      yield* shell.write(1, `alias ${name}=${singleQuote(shell.aliases.get(name) as string)}\n`);
    }
  }
  for (const item of items) {
    const equals = item.indexOf('=');
    if (equals > 0) shell.aliases.set(item.slice(0, equals), item.slice(equals + 1));
    else {
      const value = shell.aliases.get(item);
      if (value === undefined) {
        yield* shell.complain(`alias: ${item}: not found`);
        status = 1;
      } else yield* shell.write(1, `alias ${item}=${singleQuote(value)}\n`);
    }
  }
  return status;
}

function* unalias(shell: Shell, argv: string[]): Task<number> {
  let status = 0;
  for (const name of argv.slice(1)) {
    if (name === '-a') shell.aliases.clear();
    else if (!shell.aliases.delete(name)) {
      yield* shell.complain(`unalias: ${name}: not found`);
      status = 1;
    }
  }
  return status;
}

function* history(shell: Shell, argv: string[]): Task<number> {
  if (argv[1] === '-c') {
    shell.history = [];
    return 0;
  }
  if (/^-[awrn]$/.test(argv[1] ?? '')) return 0;
  if (argv[1] === '-d') {
    shell.history.splice(Number(argv[2]) - 1, 1);
    return 0;
  }
  const count = argv[1] === undefined ? shell.history.length : Number(argv[1]);
  if (Number.isNaN(count)) {
    yield* shell.complain(`history: ${argv[1]}: numeric argument required`);
    return 1;
  }
  const first = Math.max(0, shell.history.length - count);
  let text = '';
  shell.history.slice(first).forEach((line, index) => {
    text += `${`${first + index + 1}`.padStart(5)}  ${line}\n`;
  });
  yield* shell.write(1, text);
  return 0;
}

function* help(shell: Shell, argv: string[]): Task<number> {
  const name = argv[1];
  if (name === undefined) {
    yield* shell.write(
      1,
      `These shell commands are defined internally.\n\n${[...shell.interpreter.builtins.keys()].sort(compareText).join(' ')}\n`,
    );
    return 0;
  }
  if ([...shell.interpreter.builtins.keys()].includes(name)) {
    yield* shell.write(1, `${name}: a shell builtin\n`);
    return 0;
  }
  yield* shell.complain(
    `help: no help topics match \`${name}'.  Try \`help help' or \`man -k ${name}' or \`info ${name}'.`,
  );
  return 1;
}

/** fc: `-l` lists history, `-s` runs a command of it again; editing it needs an editor on a file. */
function* fc(shell: Shell, argv: string[]): Task<number> {
  const flags = argv
    .slice(1)
    .filter((arg) => /^-[lnrs]+$/.test(arg))
    .join('');
  const words = argv.slice(1).filter((arg) => !/^-[lnrs]+$/.test(arg));
  // The fc command itself is not among what it looks at.
  const history = shell.history.slice(0, -1);
  const placeOf = (text: string | undefined, usual: number): number => {
    if (text === undefined) return usual;
    if (/^-\d+$/.test(text)) return Math.max(0, history.length + Number(text));
    if (/^\d+$/.test(text)) return Math.min(Math.max(0, Number(text) - 1), history.length - 1);
    return history.findLastIndex((line) => line.startsWith(text));
  };
  if (flags.includes('l')) {
    const first = placeOf(words[0], Math.max(0, history.length - 16));
    const last = placeOf(words[1], history.length - 1);
    if (first < 0 || last < 0) {
      yield* shell.complain('fc: history specification out of range');
      return 1;
    }
    const lines = history
      .slice(Math.min(first, last), Math.max(first, last) + 1)
      .map((line, index) => {
        const number = flags.includes('n') ? '' : `${Math.min(first, last) + index + 1}`;
        return `${number}\t ${line}\n`;
      });
    if (flags.includes('r') || first > last) lines.reverse();
    yield* shell.write(1, lines.join(''));
    return 0;
  }
  if (!flags.includes('s')) {
    yield* shell.complain(
      'fc: editing commands is not available in this shell; fc -l and fc -s are',
    );
    return 1;
  }
  const change = /^([^=]+)=(.*)$/.exec(words[0] ?? '');
  const line = history[placeOf(words[change === null ? 0 : 1], history.length - 1)];
  if (line === undefined) {
    yield* shell.complain('fc: no command found');
    return 1;
  }
  const text = change === null ? line : line.split(change[1] as string).join(change[2] as string);
  yield* shell.write(2, `${text}\n`);
  shell.history[shell.history.length - 1] = text;
  const evaluate = shell.interpreter.builtins.get('eval');
  return evaluate === undefined
    ? 1
    : yield* evaluate(shell, ['eval', text], { declared: [], redirected: false });
}

/** Keys are bound outside the machine, in the line editor: bash says so when it has none of its own. */
function* bind(shell: Shell): Task<number> {
  yield* shell.complain('bind: warning: line editing not enabled');
  return 1;
}

/** `enable` lists builtins; they cannot be switched off here. */
function* enable(shell: Shell, argv: string[]): Task<number> {
  let status = 0;
  const names = argv.slice(1).filter((arg) => !arg.startsWith('-'));
  if (names.length === 0 && !argv.includes('-n'))
    for (const name of [...shell.interpreter.builtins.keys()].sort(compareText))
      yield* shell.write(1, `enable ${name}\n`);
  for (const name of names) {
    if (!shell.interpreter.builtins.has(name)) {
      yield* shell.complain(`enable: ${name}: not a shell builtin`);
      status = 1;
    } else if (argv.includes('-n')) {
      yield* shell.complain(`enable: ${name}: builtins cannot be disabled in this shell`);
      status = 1;
    }
  }
  return status;
}

/** Programmable completion: the line editor completes by itself, so specifications are taken and kept. */
function* complete(shell: Shell, argv: string[]): Task<number> {
  const names = argv
    .slice(1)
    .filter((arg, index) => !/^-/.test(arg) && !/^-[oAGWFCXPS]$/.test(argv[index] ?? ''));
  if (argv[1] === '-r') {
    for (const name of names) shell.completions.delete(name);
    if (names.length === 0) shell.completions.clear();
    return 0;
  }
  if (argv.length === 1 || argv[1] === '-p') {
    let status = 0;
    for (const name of names.length > 0 ? names : shell.completions.keys()) {
      const text = shell.completions.get(name);
      if (text !== undefined) yield* shell.write(1, `${text}\n`);
      else {
        yield* shell.complain(`complete: ${name}: no completion specification`);
        status = 1;
      }
    }
    return status;
  }
  const options = argv.slice(1).filter((arg) => !names.includes(arg));
  for (const name of names)
    shell.completions.set(name, ['complete', ...options.map(quoteIfNeeded), name].join(' '));
  return 0;
}

export const OPTION_BUILTINS: readonly (readonly [string, Builtin])[] = [
  ['set', set],
  ['shopt', shopt],
  ['alias', alias],
  ['unalias', unalias],
  ['history', history],
  ['help', help],
  ['enable', enable],
  ['fc', fc],
  ['bind', bind],
  ['complete', complete],
];
