/**
 * From argv to a program: PATH, permissions, `#!` lines, as execvp(3) and the kernel's binfmt_script
 * do it. A missing interpreter is ENOENT of the interpreter's path, as in "bad interpreter".
 */
import { textOf } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Errno } from '../network/errno.ts';
import { type Access, isProgram, mayAccess } from './files/inode.ts';
import type { MountView } from './mounts.ts';
import type { Program, SpawnError } from './process.ts';

/** Depth of `#!` lines that lead to each other (binfmt). */
const INTERPRETERS_MAX = 4;
/** BINPRM_BUF_SIZE: a longer `#!` line is cut. */
const LINE_MAX = 256;
/** Where execvp looks without PATH. */
const PATH_DEFAULT = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A program ready to run, with the argv that it will see. */
export interface Executable {
  readonly program: Program;
  readonly argv: readonly string[];
  /** The file that was named, for comm and /proc/<pid>/exe. */
  readonly path: string;
  /** Whom a set-user-id file runs as (sudo, su); undefined: the caller. */
  readonly setUid: number | undefined;
}

interface Place {
  readonly view: MountView;
  readonly access: Access;
  readonly cwd: string;
}

/** Finds what to run. `file` has a slash or is searched in `path`. */
export function findExecutable(
  file: string,
  argv: readonly string[],
  path: string | undefined,
  place: Place,
): Result<Executable, SpawnError> {
  if (file.includes('/')) return load(file, argv, place, 0);
  let denied: SpawnError | undefined;
  for (const folder of file === '' ? [] : (path ?? PATH_DEFAULT).split(':')) {
    const full = `${folder === '' ? '.' : folder}/${file}`;
    const found = load(full, argv, place, 0);
    if (found.ok) return found;
    // A program that exists but cannot run is worth more in the answer than its absence.
    if (found.error.errno === 'EACCES') denied ??= found.error;
    else if (found.error.errno !== 'ENOENT' && found.error.errno !== 'ENOTDIR') return found;
    else if (found.error.path !== full) return found;
  }
  if (denied !== undefined) return err(denied);
  return err({ errno: 'ENOENT', path: file, notFound: true });
}

function load(
  path: string,
  argv: readonly string[],
  place: Place,
  depth: number,
): Result<Executable, SpawnError> {
  const fail = (errno: Errno, at = path): Result<Executable, SpawnError> =>
    err({ errno, path: at, notFound: false });
  if (depth > INTERPRETERS_MAX) return fail('ELOOP');
  const found = place.view.walk(path, place.access, place.cwd);
  if (!found.ok) return fail(found.error);
  const { inode } = found.value;
  if (inode.type !== 'file' || !mayAccess(inode, place.access, 1)) return fail('EACCES');
  const content = inode.content;
  if (isProgram(content)) {
    const setUid = (inode.mode & 0o4000) === 0 ? undefined : inode.uid;
    return ok({ program: content, argv, path, setUid });
  }
  const head = textOf(inode.bytes.subarray(0, LINE_MAX));
  if (!head.startsWith('#!')) return fail('ENOEXEC');
  const line = (head.split('\n', 1)[0] as string).slice(2).trim();
  const space = line.search(/[ \t]/);
  const interpreter = space < 0 ? line : line.slice(0, space);
  if (interpreter === '') return fail('ENOEXEC');
  const argument = space < 0 ? [] : [line.slice(space).trim()];
  const inner = load(
    interpreter,
    [interpreter, ...argument, path, ...argv.slice(1)],
    place,
    depth + 1,
  );
  // Linux ignores the bit on scripts.
  return inner.ok ? ok({ ...inner.value, path, setUid: undefined }) : inner;
}
