/**
 * Tar archives in the ustar form (POSIX.1-1988): written from a tree of files, read back as entries.
 * For the tool of that name and for `kubectl cp`, which speaks to it.
 *
 * Not modelled: devices, sparse files, names over 255 bytes (refused), pax headers and GNU extensions.
 */
import { concatBytes, textOf, utf8 } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Errno } from '../network/errno.ts';
import type { Files } from './files-types.ts';

export interface TarEntry {
  /** As in the archive; folders end in `/`. */
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** In seconds since the epoch. */
  readonly modified: number;
  readonly target: string;
  readonly content: Uint8Array;
}

const BLOCK = 512;
/** GNU tar fills its last record of 20 blocks. */
const RECORD = 20 * BLOCK;
const DEPTH_MAX = 500;
const TYPES = { file: '0', symlink: '2', directory: '5' } as const;
const EMPTY = new Uint8Array(0);

/** A file or tree below `path`, named `name` in the archive, parents first. */
export function packTree(
  files: Files,
  path: string,
  name: string,
  depth = 0,
): Result<readonly TarEntry[], { readonly path: string; readonly errno: Errno }> {
  const stat = files.lstat(path);
  if (!stat.ok) return err({ path, errno: stat.error });
  const { type, mode, uid, gid, modified, target = '' } = stat.value;
  const common = { mode, uid, gid, modified: Math.floor(modified / 1_000_000) };
  if (type === 'symlink') return ok([{ ...common, name, type, target, content: EMPTY }]);
  if (type !== 'directory') {
    const content = files.read(path);
    if (!content.ok) return err({ path, errno: content.error });
    return ok([{ ...common, name, type: 'file', target: '', content: content.value }]);
  }
  const inside = name.replace(/\/+$/, '');
  const entries: TarEntry[] = [{ ...common, name: `${inside}/`, type, target: '', content: EMPTY }];
  const names = files.list(path);
  if (!names.ok) return err({ path, errno: names.error });
  if (depth > DEPTH_MAX) return err({ path, errno: 'ENAMETOOLONG' });
  for (const each of names.value) {
    const below = packTree(
      files,
      `${path.replace(/\/+$/, '')}/${each}`,
      `${inside}/${each}`,
      depth + 1,
    );
    if (!below.ok) return below;
    entries.push(...below.value);
  }
  return ok(entries);
}

/** The archive's bytes. A name that does not fit is the error. */
export function formatTar(entries: readonly TarEntry[]): Result<Uint8Array, string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (const entry of entries) {
    const header = headerOf(entry);
    if (header === undefined) return err(entry.name);
    const padding = (BLOCK - (entry.content.length % BLOCK)) % BLOCK;
    parts.push(header, entry.content, new Uint8Array(padding));
    size += BLOCK + entry.content.length + padding;
  }
  const end = 2 * BLOCK;
  parts.push(new Uint8Array(end + ((RECORD - ((size + end) % RECORD)) % RECORD)));
  return ok(concatBytes(parts));
}

function headerOf(entry: TarEntry): Uint8Array | undefined {
  const split = splitName(entry.name);
  if (split === undefined || utf8(entry.target).length > 100) return undefined;
  const header = new Uint8Array(BLOCK);
  const put = (at: number, text: string): void => header.set(utf8(text), at);
  const octal = (value: number, width: number): string =>
    `${value.toString(8).padStart(width - 1, '0')}\0`;
  put(0, split.name);
  put(100, octal(entry.mode & 0o7777, 8));
  put(108, octal(entry.uid, 8));
  put(116, octal(entry.gid, 8));
  put(124, octal(entry.content.length, 12));
  put(136, octal(entry.modified, 12));
  put(148, '        ');
  put(156, TYPES[entry.type]);
  put(157, entry.target);
  put(257, 'ustar\x0000');
  put(345, split.prefix);
  let sum = 0;
  for (const byte of header) sum += byte;
  put(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return header;
}

/** The last 100 bytes at a slash, and up to 155 before it. */
function splitName(name: string): { readonly name: string; readonly prefix: string } | undefined {
  if (utf8(name).length <= 100) return { name, prefix: '' };
  for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
    const rest = name.slice(at + 1);
    if (rest === '' || utf8(rest).length > 100) continue;
    return at <= 155 ? { name: rest, prefix: name.slice(0, at) } : undefined;
  }
  return undefined;
}

/** The entries of an archive, or why it is none. */
export function parseTar(bytes: Uint8Array): Result<readonly TarEntry[], 'no archive' | 'cut off'> {
  const entries: TarEntry[] = [];
  let at = 0;
  while (at + BLOCK <= bytes.length) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return ok(entries);
    if (!isHeader(header)) return err('no archive');
    const size = octalAt(header, 124, 12);
    const start = at + BLOCK;
    if (start + size > bytes.length) return err('cut off');
    const type = textAt(header, 156, 1);
    const prefix = textAt(header, 345, 155);
    const name = textAt(header, 0, 100);
    entries.push({
      name: prefix === '' ? name : `${prefix}/${name}`,
      type: type === '5' ? 'directory' : type === '2' ? 'symlink' : 'file',
      mode: octalAt(header, 100, 8),
      uid: octalAt(header, 108, 8),
      gid: octalAt(header, 116, 8),
      modified: octalAt(header, 136, 12),
      target: textAt(header, 157, 100),
      content: bytes.slice(start, start + size),
    });
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  if (at === bytes.length) return ok(entries);
  return err(entries.length === 0 ? 'no archive' : 'cut off');
}

function isHeader(header: Uint8Array): boolean {
  let sum = 0;
  header.forEach((byte, index) => {
    sum += index >= 148 && index < 156 ? 32 : byte;
  });
  return sum === octalAt(header, 148, 8);
}

function textAt(header: Uint8Array, at: number, length: number): string {
  const field = header.subarray(at, at + length);
  const end = field.indexOf(0);
  return textOf(end < 0 ? field : field.subarray(0, end));
}

function octalAt(header: Uint8Array, at: number, length: number): number {
  const text = textAt(header, at, length).trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : 0;
}

/** Writes one entry below a folder; the error is that of the file. Parents are made as needed. */
export function unpackEntry(files: Files, entry: TarEntry, path: string): Result<void, Errno> {
  const slash = path.replace(/\/+$/, '').lastIndexOf('/');
  if (slash > 0) files.mkdir(path.slice(0, slash), { parents: true });
  if (entry.type === 'directory') return files.mkdir(path, { parents: true, mode: entry.mode });
  if (entry.type === 'symlink') {
    if (files.lstat(path).ok) files.unlink(path);
    return files.symlink(entry.target, path);
  }
  const written = files.write(path, entry.content, entry.mode);
  if (written.ok) files.chmod(path, entry.mode);
  return written;
}
