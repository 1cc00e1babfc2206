/** cd, pwd, pushd, popd, dirs. */
import type { Task } from '../../../ground/base/task.ts';
import { strerror } from '../../../machines/network/errno.ts';
import type { Shell } from '../state.ts';
import type { Builtin } from './types.ts';

/** Changes the working directory; the words of the error otherwise. */
function enter(shell: Shell, path: string, physical: boolean): string | undefined {
  const { process } = shell;
  const old = process.cwd;
  const target = physical ? process.files.realpath(path) : undefined;
  const done = process.chdir(target?.ok === true ? target.value : process.files.resolve(path));
  if (!done.ok) return `${path}: ${strerror(done.error)}`;
  shell.set('OLDPWD', old);
  shell.set('PWD', process.cwd);
  shell.variables.make('PWD').exported = true;
  shell.variables.make('OLDPWD').exported = true;
  return undefined;
}

function* cd(shell: Shell, argv: string[]): Task<number> {
  let at = 1;
  let physical = shell.options.has('P');
  while (/^-[LPe@]+$/.test(argv[at] ?? '')) physical = (argv[at++] as string).includes('P');
  if (argv[at] === '--') at += 1;
  if (argv.length - at > 1 && shell.flavour !== 'ash') {
    yield* shell.complain('cd: too many arguments');
    return 1;
  }
  let path = argv[at];
  let prints = false;
  if (path === undefined) {
    path = shell.variables.get('HOME');
    if (path === undefined) {
      yield* shell.complain('cd: HOME not set');
      return 1;
    }
    if (path === '') return 0;
  } else if (path === '-') {
    path = shell.variables.get('OLDPWD');
    prints = true;
    if (path === undefined) {
      yield* shell.complain('cd: OLDPWD not set');
      return 1;
    }
  } else if (path !== '' && !/^(\/|\.\.?(\/|$))/.test(path)) {
    for (const folder of (shell.variables.get('CDPATH') ?? '').split(':')) {
      if (folder === '') continue;
      const stat = shell.process.files.stat(`${folder}/${path}`);
      if (stat.ok && stat.value.type === 'directory') {
        path = `${folder}/${path}`;
        prints = true;
        break;
      }
    }
  }
  if (path === '') return 0;
  const fault = enter(shell, path, physical);
  if (fault !== undefined) {
    yield* shell.complain(
      shell.flavour === 'ash'
        ? `cd: can't cd to ${path}: ${fault.slice(path.length + 2)}`
        : `cd: ${fault}`,
    );
    return shell.flavour === 'ash' ? 2 : 1;
  }
  if (prints) yield* shell.write(1, `${shell.process.cwd}\n`);
  return 0;
}

function* pwd(shell: Shell, argv: string[]): Task<number> {
  const { cwd } = shell.process;
  const real = argv.includes('-P') ? shell.process.files.realpath(cwd) : undefined;
  return (yield* shell.write(1, `${real?.ok === true ? real.value : cwd}\n`)) ? 0 : 1;
}

function tilded(shell: Shell, path: string): string {
  const home = shell.variables.get('HOME');
  if (home === undefined || home === '') return path;
  return path === home ? '~' : path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}

function* dirs(shell: Shell, argv: string[]): Task<number> {
  if (argv.includes('-c')) {
    shell.directories = [];
    return 0;
  }
  const all = [shell.process.cwd, ...shell.directories].map((path) =>
    argv.includes('-l') ? path : tilded(shell, path),
  );
  if (argv.includes('-v'))
    yield* shell.write(
      1,
      all.map((path, index) => `${`${index}`.padStart(2)}  ${path}\n`).join(''),
    );
  else yield* shell.write(1, argv.includes('-p') ? `${all.join('\n')}\n` : `${all.join(' ')}\n`);
  return 0;
}

function* pushd(shell: Shell, argv: string[]): Task<number> {
  const target = argv[1];
  const here = shell.process.cwd;
  if (target === undefined) {
    const next = shell.directories[0];
    if (next === undefined) {
      yield* shell.complain('pushd: no other directory');
      return 1;
    }
    const fault = enter(shell, next, false);
    if (fault !== undefined) {
      yield* shell.complain(`pushd: ${fault}`);
      return 1;
    }
    shell.directories = [here, ...shell.directories.slice(1)];
    return yield* dirs(shell, ['dirs']);
  }
  const rotation = /^\+(\d+)$/.exec(target);
  if (rotation !== null) {
    const all = [here, ...shell.directories];
    const count = Number(rotation[1]);
    const first = all[count];
    if (first === undefined) {
      yield* shell.complain(`pushd: ${target}: directory stack index out of range`);
      return 1;
    }
    enter(shell, first, false);
    shell.directories = [...all.slice(count + 1), ...all.slice(0, count)];
    return yield* dirs(shell, ['dirs']);
  }
  const fault = enter(shell, target, false);
  if (fault !== undefined) {
    yield* shell.complain(`pushd: ${fault}`);
    return 1;
  }
  shell.directories = [here, ...shell.directories];
  return yield* dirs(shell, ['dirs']);
}

function* popd(shell: Shell, argv: string[]): Task<number> {
  const chosen = /^([+-])(\d+)$/.exec(argv[1] ?? '');
  if (chosen !== null && shell.directories.length > 0) {
    const all = [shell.process.cwd, ...shell.directories];
    const at = chosen[1] === '+' ? Number(chosen[2]) : all.length - 1 - Number(chosen[2]);
    if (all[at] === undefined) {
      yield* shell.complain(`popd: ${argv[1]}: directory stack index out of range`);
      return 1;
    }
    if (at > 0) {
      shell.directories = shell.directories.filter((_, index) => index !== at - 1);
      return yield* dirs(shell, ['dirs']);
    }
  }
  const [next, ...rest] = shell.directories;
  if (next === undefined) {
    yield* shell.complain('popd: directory stack empty');
    return 1;
  }
  const fault = enter(shell, next, false);
  if (fault !== undefined) {
    yield* shell.complain(`popd: ${fault}`);
    return 1;
  }
  shell.directories = rest;
  return yield* dirs(shell, ['dirs']);
}

export const DIRECTORY_BUILTINS: readonly (readonly [string, Builtin])[] = [
  ['cd', cd],
  ['pwd', pwd],
  ['dirs', dirs],
  ['pushd', pushd],
  ['popd', popd],
];
