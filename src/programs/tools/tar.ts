/**
 * tar (GNU tar 1.34): makes, lists and unpacks archives without compression, which is what `kubectl cp`
 * asks of a container. There is no gzip here, so -z fails as it does where gzip is not installed.
 */
import { concatBytes } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import { civilFromWall } from '../../ground/base/time.ts';
import { strerror } from '../../machines/network/errno.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import {
  formatTar,
  packTree,
  parseTar,
  type TarEntry,
  unpackEntry,
} from '../../machines/machine/tar.ts';
import { groupName, ownerName } from './file-text.ts';
import { isDirectory } from './file-tools.ts';
import { defineTool } from './support.ts';

interface Wanted {
  readonly letters: ReadonlySet<string>;
  readonly archive: string;
  readonly folder: string;
  readonly operands: readonly string[];
}

const KNOWN = new Set('ctxvfCmpzkOh'.split(''));
const LONG: ReadonlyMap<string, string> = new Map([
  ['--create', 'c'],
  ['--extract', 'x'],
  ['--get', 'x'],
  ['--list', 't'],
  ['--verbose', 'v'],
  ['--file', 'f'],
  ['--directory', 'C'],
  ['--touch', 'm'],
  ['--gzip', 'z'],
  ['--to-stdout', 'O'],
  ['--no-same-owner', ''],
  ['--no-same-permissions', ''],
  ['--same-permissions', 'p'],
  ['--preserve-permissions', 'p'],
]);
const USAGE = "Try 'tar --help' or 'tar --usage' for more information.\n";
const NO_GZIP =
  'tar (child): gzip: Cannot exec: No such file or directory\ntar (child): Error is not recoverable: exiting now\ntar: Child returned status 2\ntar: Error is not recoverable: exiting now\n';

export const tar = defineTool('tar', function* run(process, args) {
  const wanted = readArguments(args);
  if (!wanted.ok) return yield* failed(process, `tar: ${wanted.error}\n${USAGE}`);
  const { letters } = wanted.value;
  const modes = ['c', 'x', 't'].filter((letter) => letters.has(letter));
  if (modes.length !== 1) {
    const text =
      modes.length === 0
        ? "You must specify one of the '-Acdtrux', '--delete' or '--test-label' options"
        : "You may not specify more than one '-Acdtrux', '--delete' or  '--test-label' option";
    return yield* failed(process, `tar: ${text}\n${USAGE}`);
  }
  if (letters.has('z')) return yield* failed(process, NO_GZIP);
  return letters.has('c')
    ? yield* create(process, wanted.value)
    : yield* unpack(process, wanted.value);
});

function* failed(process: Process, text: string): Task<number> {
  yield* process.printError(text);
  return 2;
}

/** The first word may stand without its dash: `tar xf a.tar`. */
function readArguments(args: readonly string[]): Result<Wanted, string> {
  const letters = new Set<string>();
  const operands: string[] = [];
  const values = new Map<string, string>();
  const queue = [...args];
  const take = (letter: string, given: string | undefined): string | undefined => {
    if (letter !== 'f' && letter !== 'C') return undefined;
    const value = given ?? queue.shift();
    if (value === undefined) return `option requires an argument -- '${letter}'`;
    values.set(letter, value);
    return undefined;
  };
  for (let first = true; queue.length > 0; first = false) {
    const word = queue.shift() as string;
    if (word.startsWith('--') && word !== '--') {
      const [name = '', given] = word.split('=', 2);
      const letter = LONG.get(name);
      if (letter === undefined) return err(`unrecognized option '${word}'`);
      letters.add(letter);
      const problem = take(letter, given);
      if (problem !== undefined) return err(problem);
    } else if ((word.startsWith('-') && word !== '-') || first) {
      const bundle = word.replace(/^-/, '');
      for (let at = 0; at < bundle.length; at += 1) {
        const letter = bundle[at] as string;
        if (!KNOWN.has(letter)) return err(`invalid option -- '${letter}'`);
        letters.add(letter);
        // Behind a dash the value may follow at once: -C/tmp.
        const rest = bundle.slice(at + 1);
        const glued = word.startsWith('-') && rest !== '' && 'fC'.includes(letter);
        const problem = take(letter, glued ? rest : undefined);
        if (problem !== undefined) return err(problem);
        if (glued) break;
      }
    } else operands.push(word);
  }
  return ok({
    letters,
    operands,
    archive: values.get('f') ?? '-',
    folder: values.get('C') ?? '',
  });
}

function below(folder: string, path: string): string {
  return folder === '' || path.startsWith('/') ? path : `${folder.replace(/\/+$/, '')}/${path}`;
}

function* create(process: Process, wanted: Wanted): Task<number> {
  const { operands, folder, archive, letters } = wanted;
  if (operands.length === 0) {
    return yield* failed(process, `tar: Cowardly refusing to create an empty archive\n${USAGE}`);
  }
  const entries: TarEntry[] = [];
  let status = 0;
  for (const operand of operands) {
    const name = operand.replace(/^\/+/, '');
    if (name !== operand)
      yield* process.printError("tar: Removing leading `/' from member names\n");
    const packed = packTree(process.files, below(folder, operand), name === '' ? '.' : name);
    if (packed.ok) entries.push(...packed.value);
    else {
      const { path, errno } = packed.error;
      yield* process.printError(`tar: ${path}: Cannot stat: ${strerror(errno)}\n`);
      status = 2;
    }
  }
  const bytes = formatTar(entries);
  if (!bytes.ok) {
    return yield* failed(
      process,
      `tar: ${bytes.error}: file name is too long (cannot be split); not dumped\n`,
    );
  }
  const listing = letters.has('v') ? entries.map((entry) => `${entry.name}\n`).join('') : '';
  if (archive === '-') {
    yield* process.stdout.write(bytes.value);
    yield* process.printError(listing);
  } else {
    const written = process.files.write(archive, bytes.value);
    if (!written.ok) return yield* cannotOpen(process, archive, strerror(written.error));
    yield* process.print(listing);
  }
  return status === 0 ? 0 : yield* failed(process, PREVIOUS);
}

const PREVIOUS = 'tar: Exiting with failure status due to previous errors\n';

function* cannotOpen(process: Process, path: string, why: string): Task<number> {
  return yield* failed(
    process,
    `tar: ${path}: Cannot open: ${why}\ntar: Error is not recoverable: exiting now\n`,
  );
}

function* unpack(process: Process, wanted: Wanted): Task<number> {
  const { archive, letters } = wanted;
  const read = archive === '-' ? yield* allOf(process.stdin) : process.files.read(archive);
  if (!read.ok) return yield* cannotOpen(process, archive, strerror(read.error));
  if (read.value[0] === 0x1f && read.value[1] === 0x8b) {
    return yield* failed(
      process,
      'tar: Archive is compressed. Use -z option\ntar: Error is not recoverable: exiting now\n',
    );
  }
  const parsed = parseTar(read.value);
  if (!parsed.ok) {
    const text =
      parsed.error === 'cut off'
        ? 'tar: Unexpected EOF in archive\ntar: Error is not recoverable: exiting now\n'
        : `tar: This does not look like a tar archive\n${PREVIOUS}`;
    return yield* failed(process, text);
  }
  const { folder } = wanted;
  if (folder !== '' && !isDirectory(process, folder)) {
    return yield* cannotOpen(process, folder, strerror('ENOENT'));
  }
  const chosen = yield* choose(process, wanted, parsed.value);
  let status = chosen.missing ? 2 : 0;
  for (const entry of chosen.entries) {
    if (letters.has('t') || letters.has('v')) {
      yield* process.print(
        `${letters.has('t') && letters.has('v') ? longLine(process, entry) : entry.name}\n`,
      );
    }
    if (letters.has('t')) continue;
    if (letters.has('O')) {
      yield* process.stdout.write(entry.content);
      continue;
    }
    const path = below(wanted.folder, entry.name.replace(/^\/+/, ''));
    const done = unpackEntry(process.files, entry, path);
    if (done.ok) continue;
    yield* process.printError(`tar: ${entry.name}: Cannot open: ${strerror(done.error)}\n`);
    status = 2;
  }
  return status === 0 ? 0 : yield* failed(process, PREVIOUS);
}

/** The members that the operands name, or all; what none has is told. */
function* choose(
  process: Process,
  { operands }: Wanted,
  entries: readonly TarEntry[],
): Task<{ readonly entries: readonly TarEntry[]; readonly missing: boolean }> {
  if (operands.length === 0) return { entries, missing: false };
  const isNamed = (entry: TarEntry, operand: string): boolean => {
    const bare = operand.replace(/\/+$/, '');
    return entry.name.replace(/\/+$/, '') === bare || entry.name.startsWith(`${bare}/`);
  };
  const absent = operands.filter((operand) => !entries.some((each) => isNamed(each, operand)));
  for (const operand of absent)
    yield* process.printError(`tar: ${operand}: Not found in archive\n`);
  const named = entries.filter((each) => operands.some((operand) => isNamed(each, operand)));
  return { entries: named, missing: absent.length > 0 };
}

function* allOf(file: OpenFile): Task<Result<Uint8Array, never>> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const piece = yield* file.read();
    if (!piece.ok || piece.value === undefined) return ok(concatBytes(parts));
    parts.push(piece.value);
  }
}

/** `-rw-r--r-- root/root         5 2026-03-02 09:00 a` */
function longLine(process: Process, entry: TarEntry): string {
  const kind = entry.type === 'directory' ? 'd' : entry.type === 'symlink' ? 'l' : '-';
  const bits = [...'rwxrwxrwx']
    .map((letter, index) => ((entry.mode >>> (8 - index)) & 1 ? letter : '-'))
    .join('');
  const { year, month, day, hour, minute } = civilFromWall(entry.modified * 1_000_000);
  const two = (value: number): string => `${value}`.padStart(2, '0');
  const date = `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}`;
  const owner = `${ownerName(process, entry.uid)}/${groupName(process, entry.gid)}`;
  const size = `${entry.content.length}`.padStart(Math.max(0, 18 - owner.length));
  const arrow = entry.type === 'symlink' ? ` -> ${entry.target}` : '';
  return `${kind}${bits} ${owner} ${size} ${date} ${entry.name}${arrow}`;
}
