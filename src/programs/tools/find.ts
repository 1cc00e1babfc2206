/** find (GNU findutils 4.9): tests, -exec, -print0, -delete, -prune, operators. */
import { busyboxWords, isBusybox } from './busybox-words.ts';
import type { Task } from '../../ground/base/task.ts';
import { compileGlob, matchesGlob } from '../../ground/lang/glob.ts';
import { compileBasic } from '../../ground/lang/regexp/posix.ts';
import { formatDate } from '../../ground/lang/strftime.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { Stat } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { groupName, modeText, ownerName } from './file-text.ts';
import { Output, defineTool, quoted } from './support.ts';

interface Visit {
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  readonly root: string;
  readonly stat: Stat;
  pruned: boolean;
}

type Test = (visit: Visit) => Task<boolean>;

const LETTERS: Readonly<Record<Stat['type'], string>> = {
  file: 'f',
  directory: 'd',
  symlink: 'l',
  fifo: 'p',
  socket: 's',
  character: 'c',
};

class Finder {
  readonly process: Process;
  readonly out: Output;
  error: string | undefined;
  status = 0;
  quit = false;
  minDepth = 0;
  maxDepth = Number.POSITIVE_INFINITY;
  depthFirst = false;
  follows = false;
  #acts = false;
  readonly #batches: { readonly argv: readonly string[]; readonly paths: string[] }[] = [];
  readonly #args: readonly string[];
  #at = 0;

  constructor(process: Process, args: readonly string[]) {
    this.process = process;
    this.out = new Output(process);
    this.#args = args;
  }

  parse(): Test {
    const test = this.#args.length === 0 ? everything : this.#or();
    if (this.#at < this.#args.length)
      this.error ??=
        this.#args[this.#at] === ')'
          ? "invalid expression; you have used an unexpected ')'"
          : `paths must precede expression: \`${this.#args[this.#at]}'`;
    if (this.#acts) return test;
    const { out } = this;
    return function* printing(visit) {
      if (!(yield* test(visit))) return false;
      yield* out.write(`${visit.path}\n`);
      return true;
    };
  }

  #or(): Test {
    let left = this.#and();
    while (this.#args[this.#at] === '-o' || this.#args[this.#at] === '-or') {
      this.#at += 1;
      const a = left;
      const b = this.#and();
      left = function* either(visit) {
        return (yield* a(visit)) || (yield* b(visit));
      };
    }
    return left;
  }

  #and(): Test {
    let left = this.#not();
    for (;;) {
      const next = this.#args[this.#at];
      if (
        next === undefined ||
        next === ')' ||
        next === '-o' ||
        next === '-or' ||
        this.error !== undefined
      )
        return left;
      if (next === '-a' || next === '-and') this.#at += 1;
      const a = left;
      const b = this.#not();
      left = function* both(visit) {
        return (yield* a(visit)) && (yield* b(visit));
      };
    }
  }

  #not(): Test {
    const next = this.#args[this.#at];
    if (next === '!' || next === '-not') {
      this.#at += 1;
      const inner = this.#not();
      return function* negated(visit) {
        return !(yield* inner(visit));
      };
    }
    if (next === '(') {
      this.#at += 1;
      if (this.#at >= this.#args.length)
        this.error ??=
          "invalid expression; expected to find a ')' but didn't see one. Perhaps you need an extra predicate after '('";
      const inner = this.#or();
      if (this.#args[this.#at] !== ')')
        this.error ??=
          "invalid expression; I was expecting to find a ')' somewhere but did not see one.";
      this.#at += 1;
      return inner;
    }
    return this.#primary();
  }

  #value(name: string): string {
    const value = this.#args[this.#at];
    this.#at += 1;
    if (value === undefined) this.error ??= `missing argument to \`${name}'`;
    return value ?? '';
  }

  #depth(name: string): number {
    const text = this.#value(name);
    if (!/^\d+$/.test(text))
      this.error ??= `Expected a positive decimal integer argument to ${name}, but got ${quoted(this.process, text)}`;
    return Number(text);
  }

  #primary(): Test {
    const name = this.#args[this.#at] ?? '';
    this.#at += 1;
    const when = (holds: (visit: Visit) => boolean): Test =>
      function* test(visit) {
        return holds(visit);
      };
    const { process } = this;
    switch (name) {
      case '-name':
      case '-iname': {
        const glob = compileGlob(this.#value(name), {
          ignoreCase: name === '-iname',
          extended: false,
        });
        return when((visit) => matchesGlob(glob, visit.name));
      }
      case '-path':
      case '-wholename':
      case '-ipath': {
        const glob = compileGlob(this.#value(name), {
          ignoreCase: name === '-ipath',
          extended: false,
        });
        return when((visit) => matchesGlob(glob, visit.path));
      }
      case '-regex':
      case '-iregex': {
        const compiled = compileBasic(`^\\(${this.#value(name)}\\)$`, {
          ignoreCase: name === '-iregex',
        });
        return when((visit) => compiled.ok && compiled.value.test(visit.path));
      }
      case '-type': {
        const letters = this.#value(name).split(',');
        for (const letter of letters)
          if (!'bcdpflsD'.includes(letter) || letter === '')
            this.error ??= `Unknown argument to -type: ${letter}`;
        return when((visit) => letters.includes(LETTERS[visit.stat.type]));
      }
      case '-size':
        return this.#size(this.#value(name));
      case '-empty':
        return when((visit) =>
          visit.stat.type === 'directory'
            ? isEmpty(process, visit.path)
            : visit.stat.type === 'file' && visit.stat.size === 0,
        );
      case '-maxdepth':
        this.maxDepth = this.#depth(name);
        return everything;
      case '-mindepth':
        this.minDepth = this.#depth(name);
        return everything;
      case '-depth':
        this.depthFirst = true;
        return everything;
      case '-xdev':
      case '-mount':
      case '-noleaf':
        return everything;
      case '-newer': {
        const other = process.files.stat(this.#value(name));
        return when((visit) => other.ok && visit.stat.modified > other.value.modified);
      }
      case '-mtime':
      case '-mmin':
      case '-ctime':
      case '-atime':
        return this.#age(name, this.#value(name));
      case '-user': {
        const user = this.#value(name);
        return when(
          (visit) => ownerName(process, visit.stat.uid) === user || `${visit.stat.uid}` === user,
        );
      }
      case '-group': {
        const group = this.#value(name);
        return when(
          (visit) => groupName(process, visit.stat.gid) === group || `${visit.stat.gid}` === group,
        );
      }
      case '-perm':
        return this.#permission(this.#value(name));
      case '-executable':
        return when((visit) => (visit.stat.mode & 0o111) !== 0);
      case '-true':
        return everything;
      case '-false':
        return when(() => false);
      default:
        return this.#action(name);
    }
  }

  #action(name: string): Test {
    const { out, process } = this;
    this.#acts ||= [
      '-print',
      '-print0',
      '-printf',
      '-delete',
      '-exec',
      '-execdir',
      '-ok',
      '-ls',
    ].includes(name);
    switch (name) {
      case '-print':
      case '-print0':
        return function* print(visit) {
          yield* out.write(visit.path + (name === '-print' ? '\n' : '\0'));
          return true;
        };
      case '-printf': {
        const format = this.#value(name);
        return function* print(visit) {
          yield* out.write(formatVisit(process, format, visit));
          return true;
        };
      }
      case '-prune':
        return function* prune(visit) {
          visit.pruned = true;
          return true;
        };
      case '-quit': {
        this.#acts = true;
        const finder = this;
        return function* quit() {
          finder.quit = true;
          return true;
        };
      }
      case '-delete': {
        this.depthFirst = true;
        const finder = this;
        return function* remove(visit) {
          if (visit.path === '.') return true;
          const done =
            visit.stat.type === 'directory'
              ? process.files.rmdir(visit.path)
              : process.files.unlink(visit.path);
          if (!done.ok)
            yield* finder.complain(
              `cannot delete \u2018${visit.path}\u2019: ${strerror(done.error)}`,
            );
          return done.ok;
        };
      }
      case '-exec':
      case '-execdir':
      case '-ok':
        return this.#exec(name);
      case '-ls':
        return function* list(visit) {
          const { stat } = visit;
          yield* out.write(
            `${`${stat.inode}`.padStart(9)} ${`${Math.ceil(stat.size / 1024)}`.padStart(6)} ${modeText(stat)} ${`${stat.links}`.padStart(3)} ${ownerName(process, stat.uid).padEnd(8)} ${groupName(process, stat.gid).padEnd(8)} ${`${stat.size}`.padStart(8)} ${formatDate('%b %e %H:%M', stat.modified)} ${visit.path}\n`,
          );
          return true;
        };
      default:
        this.error ??= name.startsWith('-')
          ? `unknown predicate \`${name}'`
          : `paths must precede expression: \`${name}'`;
        this.#at = this.#args.length;
        return everything;
    }
  }

  #exec(name: string): Test {
    const argv: string[] = [];
    let batch = false;
    for (;;) {
      const arg = this.#args[this.#at];
      this.#at += 1;
      if (arg === undefined) {
        this.error ??= `missing argument to \`${name}'`;
        return everything;
      }
      if (arg === ';') break;
      if (arg === '+' && argv.at(-1) === '{}') {
        batch = true;
        break;
      }
      argv.push(arg);
    }
    const finder = this;
    if (batch) {
      const group = { argv: argv.slice(0, -1), paths: [] as string[] };
      this.#batches.push(group);
      return function* gather(visit) {
        group.paths.push(visit.path);
        return true;
      };
    }
    return function* run(visit) {
      yield* finder.out.flush();
      return (yield* finder.spawn(argv.map((part) => part.split('{}').join(visit.path)))) === 0;
    };
  }

  *spawn(argv: readonly string[]): Task<number> {
    const child = this.process.spawn({ argv });
    if (!child.ok) {
      yield* this.complain(
        `${quoted(this.process, argv[0] ?? '')}: ${strerror(child.error.errno)}`,
      );
      return 127;
    }
    return (yield* child.value.wait()).code;
  }

  *finish(): Task<void> {
    yield* this.out.flush();
    for (const group of this.#batches) {
      if (group.paths.length === 0) continue;
      if ((yield* this.spawn([...group.argv, ...group.paths])) !== 0) this.status = 1;
    }
  }

  *complain(words: string): Task<void> {
    yield* this.out.flush();
    const said = isBusybox(this.process) ? busyboxWords('find', words) : words;
    yield* this.process.printError(`find: ${said}\n`);
    this.status = 1;
  }

  #size(text: string): Test {
    const match = /^([-+]?)(\d+)([cwbkMG]?)$/.exec(text);
    if (match === null) {
      this.error ??= `invalid argument \`${text}' to \`-size'`;
      return everything;
    }
    const units: Readonly<Record<string, number>> = {
      c: 1,
      w: 2,
      b: 512,
      '': 512,
      k: 1024,
      M: 1_048_576,
      G: 1_073_741_824,
    };
    const unit = units[match[3] as string] as number;
    const wanted = Number(match[2]);
    return function* size(visit) {
      const have = Math.ceil(visit.stat.size / unit);
      return match[1] === '+' ? have > wanted : match[1] === '-' ? have < wanted : have === wanted;
    };
  }

  #age(name: string, text: string): Test {
    const unit = name.endsWith('min') ? 60 : 86_400;
    const match = /^([-+]?)(\d+)$/.exec(text);
    if (match === null) this.error ??= `invalid argument \`${text}' to \`${name}'`;
    const { process } = this;
    return function* age(visit) {
      if (match === null) return false;
      const have = Math.floor((process.clock.wall() - visit.stat.modified) / 1_000_000 / unit);
      const wanted = Number(match[2]);
      return match[1] === '+' ? have > wanted : match[1] === '-' ? have < wanted : have === wanted;
    };
  }

  #permission(text: string): Test {
    const bits = Number.parseInt(text.replace(/^[-/]/, ''), 8);
    return function* permission(visit) {
      const mode = visit.stat.mode & 0o7777;
      return text.startsWith('-')
        ? (mode & bits) === bits
        : text.startsWith('/')
          ? bits === 0 || (mode & bits) !== 0
          : mode === bits;
    };
  }

  *walk(path: string, name: string, depth: number, root: string, test: Test): Task<void> {
    const { files } = this.process;
    const found = this.follows ? files.stat(path) : files.lstat(path);
    if (!found.ok) {
      yield* this.complain(`${quoted(this.process, path)}: ${strerror(found.error)}`);
      return;
    }
    const visit: Visit = { path, name, depth, root, stat: found.value, pruned: false };
    if (!this.depthFirst && depth >= this.minDepth) yield* test(visit);
    if (
      found.value.type === 'directory' &&
      !visit.pruned &&
      depth < this.maxDepth &&
      depth < 500 &&
      !this.quit
    ) {
      const names = files.list(path);
      if (!names.ok)
        yield* this.complain(`${quoted(this.process, path)}: ${strerror(names.error)}`);
      else {
        for (const each of names.value) {
          if (this.quit) return;
          yield* this.walk(
            path.endsWith('/') ? path + each : `${path}/${each}`,
            each,
            depth + 1,
            root,
            test,
          );
        }
      }
    }
    if (this.depthFirst && depth >= this.minDepth) yield* test(visit);
  }
}

function* everything(): Task<boolean> {
  return true;
}

function isEmpty(process: Process, path: string): boolean {
  const names = process.files.list(path);
  return names.ok && names.value.length === 0;
}

function formatVisit(process: Process, format: string, visit: Visit): string {
  const { stat } = visit;
  const fields: Readonly<Record<string, string>> = {
    p: visit.path,
    f: visit.name,
    s: `${stat.size}`,
    m: stat.mode.toString(8),
    M: modeText(stat),
    u: ownerName(process, stat.uid),
    g: groupName(process, stat.gid),
    U: `${stat.uid}`,
    G: `${stat.gid}`,
    d: `${visit.depth}`,
    y: LETTERS[stat.type],
    l: stat.target ?? '',
    i: `${stat.inode}`,
    n: `${stat.links}`,
    h: visit.path.includes('/') ? visit.path.slice(0, visit.path.lastIndexOf('/')) || '/' : '.',
    P:
      visit.path === visit.root
        ? ''
        : visit.path.slice(visit.root.length + (visit.root.endsWith('/') ? 0 : 1)),
    t: formatDate('%a %b %e %H:%M:%S.%N %Y', stat.modified),
    '%': '%',
  };
  return format
    .replace(
      /\\([nt0\\])/g,
      (_, letter: string) => ({ n: '\n', t: '\t', '0': '\0' })[letter] ?? '\\',
    )
    .replace(
      /%(?:T([a-zA-Z@+])|([a-zA-Z%]))/g,
      (whole, time: string | undefined, letter: string | undefined) => {
        if (time !== undefined)
          return time === '@'
            ? `${Math.floor(stat.modified / 1_000_000)}.0000000000`
            : formatDate(`%${time}`, stat.modified);
        return letter !== undefined && Object.hasOwn(fields, letter)
          ? (fields[letter] as string)
          : whole;
      },
    );
}

export const find = defineTool('find', function* run(process, args) {
  let at = 0;
  let follows = false;
  while (/^-[HLP]$/.test(args[at] ?? '')) follows = args[at++] === '-L';
  const roots: string[] = [];
  while (at < args.length && !/^[-(!)]/.test(args[at] as string)) roots.push(args[at++] as string);
  const finder = new Finder(process, args.slice(at));
  finder.follows = follows;
  const test = finder.parse();
  if (finder.error !== undefined) {
    yield* process.printError(`find: ${finder.error}\n`);
    return 1;
  }
  for (const root of roots.length === 0 ? ['.'] : roots) {
    if (finder.quit) break;
    yield* finder.walk(
      root,
      root
        .replace(/(?!^)\/+$/, '')
        .split('/')
        .at(-1) || '/',
      0,
      root,
      test,
    );
  }
  yield* finder.finish();
  return finder.status;
});
