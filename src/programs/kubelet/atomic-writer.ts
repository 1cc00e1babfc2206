/**
 * Files of a volume that shows API objects: written into a folder with a name of its own, to which
 * `..data` points; each top-level name is a link into `..data`, so that a reader sees the old set or
 * the new (k8s.io/kubernetes/pkg/volume/util/atomic_writer.go, v1.34). Also how a volume takes the
 * pod's fsGroup (pkg/volume/volume_linux.go SetVolumeOwnership).
 */
import { equalBytes } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { sortedText } from '../../ground/base/text.ts';
import { civilFromWall, type WallTime } from '../../ground/base/time.ts';
import type { Document } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';

/** One file of a volume that shows API objects. */
export interface Payload {
  readonly content: Uint8Array | Document;
  readonly mode: number;
}

/** What a group gains on files and folders that a container may only read. */
const READ_ONLY = 0o440;

/** Makes a volume's folder show exactly these files; nothing is touched when nothing changed. */
export function writePayload(
  process: Process,
  path: string,
  payload: ReadonlyMap<string, Payload>,
  group: number | undefined,
): Result<void, string> {
  const { files } = process;
  const data = `${path}/..data`;
  const old = files.readlink(data);
  if (old.ok && unchanged(process, data, payload)) return ok(undefined);
  if (!old.ok && !files.exists(path)) {
    files.mkdir(path, { parents: true });
    files.chmod(path, 0o777);
  }
  const stamp = `..${stampOf(process.clock.wall())}.${process.random.below(4_000_000_000)}`;
  const folder = `${path}/${stamp}`;
  files.mkdir(folder);
  for (const [name, { content, mode }] of payload) {
    const file = `${folder}/${name}`;
    if (name.includes('/')) files.mkdir(file.slice(0, file.lastIndexOf('/')), { parents: true });
    const written = files.write(file, content, mode);
    if (!written.ok)
      return err(`error writing payload to data directory: open ${file}: ${written.error}`);
  }
  const tops = topsOf(payload);
  if (old.ok) exchangeFiles(process, path, stamp, old.value, tops);
  else {
    files.symlink(stamp, data);
    for (const top of tops) files.symlink(`..data/${top}`, `${path}/${top}`);
  }
  if (group !== undefined) takeGroup(process, path, group, READ_ONLY);
  return ok(undefined);
}

/** Points `..data` to the new folder in one step, mends the links into it, and takes the old one away. */
function exchangeFiles(
  process: Process,
  path: string,
  stamp: string,
  old: string,
  tops: ReadonlySet<string>,
): void {
  const { files } = process;
  files.symlink(stamp, `${path}/..data_tmp`);
  files.rename(`${path}/..data_tmp`, `${path}/..data`);
  for (const top of tops)
    if (!files.lstat(`${path}/${top}`).ok) files.symlink(`..data/${top}`, `${path}/${top}`);
  const present = files.list(path);
  for (const name of present.ok ? present.value : []) {
    if (!name.startsWith('..') && !tops.has(name)) files.unlink(`${path}/${name}`);
  }
  files.removeAll(`${path}/${old}`);
}

/** The names that stand in a volume's folder itself. */
function topsOf(payload: ReadonlyMap<string, Payload>): ReadonlySet<string> {
  return new Set([...payload.keys()].map((name) => name.split('/', 1)[0] as string));
}

/** `2026_03_02_09_00_00` */
function stampOf(wall: WallTime): string {
  const t = civilFromWall(wall);
  return [t.year, t.month, t.day, t.hour, t.minute, t.second]
    .map((part) => `${part}`.padStart(2, '0'))
    .join('_');
}

function unchanged(process: Process, data: string, payload: ReadonlyMap<string, Payload>): boolean {
  for (const [name, { content }] of payload) {
    const old = process.files.readContent(`${data}/${name}`);
    if (!old.ok) return false;
    if (old.value === content) continue;
    const alike = content instanceof Uint8Array && old.value instanceof Uint8Array;
    if (!alike || !equalBytes(old.value, content)) return false;
  }
  const names = process.files.list(data);
  const tops = sortedText(topsOf(payload));
  return (
    names.ok &&
    names.value.length === tops.length &&
    names.value.every((name, index) => name === tops[index])
  );
}

/** Gives everything below a path to a group with these rights; folders hand the group on to what is made in them. */
export function takeGroup(process: Process, path: string, group: number, rights: number): void {
  const { files } = process;
  const stat = files.lstat(path);
  if (!stat.ok || stat.value.type === 'symlink') return;
  const isFolder = stat.value.type === 'directory';
  files.chown(path, stat.value.uid, group);
  files.chmod(path, stat.value.mode | rights | (isFolder ? 0o2110 : 0));
  const names = isFolder ? files.list(path) : undefined;
  for (const name of names?.ok === true ? names.value : [])
    takeGroup(process, `${path}/${name}`, group, rights);
}
