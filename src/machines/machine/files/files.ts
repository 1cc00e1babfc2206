/**
 * The file calls of one process: paths are walked in its mount view with its working directory and
 * its permissions. Failures are what Linux returns. Creation mode is masked by the process's umask.
 */
import { utf8, textOf } from '../../../ground/base/bytes.ts';
import type { WallTime } from '../../../ground/base/time.ts';
import { DONE, err, ok, type Result } from '../../../ground/base/result.ts';
import type { Chunk } from '../../network/chunk.ts';
import type { Errno } from '../../network/errno.ts';
import type { Content, Files, FileWatch, OpenFile, Stat } from '../files-types.ts';
import type { MountView, Place } from '../mounts.ts';
import { type Access, descriptionBehind, Inode, mayAccess, statOf } from './inode.ts';
import { RegularFile } from './open-file.ts';
import { watchInode } from './watch.ts';

const SET_GID = 0o2000;

/** What the calls need of their process. */
export interface FileUser extends Access {
  readonly view: MountView;
  readonly cwd: string;
  /** Permission bits that new files do not get. */
  readonly umask: number;
  /** Opens what is not a regular file: devices, descriptors of /proc. */
  openSpecial(inode: Inode): Result<OpenFile, Errno>;
  /** Called when the process ends, however it ends; the returned function forgets it. */
  atEnd(cleanup: () => void): () => void;
}

/** A path made absolute, `.` and `..` resolved by text only. */
export function resolvePath(cwd: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

export class ProcessFiles implements Files {
  readonly #user: FileUser;

  constructor(user: FileUser) {
    this.#user = user;
  }

  stat(path: string): Result<Stat, Errno> {
    return this.#stat(path, true);
  }

  lstat(path: string): Result<Stat, Errno> {
    return this.#stat(path, false);
  }

  #stat(path: string, follow: boolean): Result<Stat, Errno> {
    const found = this.#walk(path, follow);
    return found.ok ? ok(statOf(found.value)) : found;
  }

  exists(path: string): boolean {
    return this.#walk(path, true).ok;
  }

  readContent(path: string): Result<Content, Errno> {
    const inode = this.#readable(path);
    if (!inode.ok) return inode;
    const { content } = inode.value;
    return ok('snapshot' in content ? (content.snapshot?.() ?? content) : content);
  }

  read(path: string): Result<Uint8Array, Errno> {
    const inode = this.#readable(path);
    return inode.ok ? ok(inode.value.bytes) : inode;
  }

  readText(path: string): Result<string, Errno> {
    const inode = this.#readable(path);
    return inode.ok ? ok(textOf(inode.value.bytes)) : inode;
  }

  readDated(
    path: string,
  ): Result<{ readonly bytes: Uint8Array; readonly modified: WallTime }, Errno> {
    const inode = this.#readable(path);
    if (!inode.ok) return inode;
    const { bytes, modified } = inode.value;
    return ok({ bytes, modified });
  }

  #readable(path: string): Result<Inode, Errno> {
    const found = this.#walk(path, true);
    if (!found.ok) return found;
    const inode = found.value;
    if (!mayAccess(inode, this.#user, 4)) return err('EACCES');
    if (inode.isDirectory) return err('EISDIR');
    return inode.type === 'socket' ? err('EINVAL') : found;
  }

  write(path: string, content: Content | string, mode = 0o666): Result<void, Errno> {
    const place = this.#writable(path, mode);
    if (!place.ok) return place;
    const { inode, parent, name } = place.value;
    if (inode.type === 'character') {
      if (typeof content === 'string' || content instanceof Uint8Array) {
        descriptionBehind(inode)?.post(content);
      }
      return DONE;
    }
    const failure = inode.store(typeof content === 'string' ? utf8(content) : content);
    if (failure !== undefined) return err(failure);
    announce(parent, name, inode, 'modified');
    return DONE;
  }

  writeAtomic(path: string, content: Content | string, mode = 0o666): Result<void, Errno> {
    const place = this.#place(path);
    if (!place.ok) return place;
    const old = place.value.inode;
    if (old?.isDirectory === true) return err('EISDIR');
    const refusal = this.#refuseChange(place.value);
    if (refusal !== undefined) return err(refusal);
    const inode = this.#make(place.value, 'file', old?.mode ?? mode & ~this.#user.umask);
    const failure = inode.store(typeof content === 'string' ? utf8(content) : content);
    if (failure !== undefined) return err(failure);
    if (old !== undefined) drop(old);
    place.value.parent.link(place.value.name, inode);
    announce(
      place.value.parent,
      place.value.name,
      inode,
      old === undefined ? 'created' : 'modified',
    );
    old?.notify('', 'modified');
    return DONE;
  }

  append(path: string, text: Uint8Array | string): Result<void, Errno> {
    const place = this.#writable(path, 0o666);
    if (!place.ok) return place;
    const { inode, parent, name } = place.value;
    if (inode.type === 'character') {
      descriptionBehind(inode)?.post(text);
      return DONE;
    }
    const chunk: Chunk = typeof text === 'string' ? utf8(text) : text;
    const failure = inode.append(chunk);
    if (failure !== undefined) return err(failure);
    announce(parent, name, inode, 'modified');
    return DONE;
  }

  /** A file to be written: made if it is not there. */
  #writable(path: string, mode: number): Result<Required<Place> & { inode: Inode }, Errno> {
    const place = this.#place(path);
    if (!place.ok) return place;
    const inode = place.value.inode;
    if (inode === undefined) {
      if (place.value.slash) return err('EISDIR');
      const refusal = this.#refuseChange(place.value);
      if (refusal !== undefined) return err(refusal);
      const made = this.#make(place.value, 'file', mode & ~this.#user.umask);
      place.value.parent.link(place.value.name, made);
      announce(place.value.parent, place.value.name, made, 'created');
      return ok({ ...place.value, inode: made });
    }
    if (inode.isDirectory) return err('EISDIR');
    if (place.value.mount.readOnly && inode.type === 'file') return err('EROFS');
    if (!mayAccess(inode, this.#user, 2)) return err('EACCES');
    if (inode.type === 'socket') return err('EINVAL');
    return ok({ ...place.value, inode });
  }

  mkdir(
    path: string,
    options: { readonly parents?: boolean; readonly mode?: number } = {},
  ): Result<void, Errno> {
    const bare = path.length > 1 ? path.replace(/\/+$/, '') : path;
    let place = this.#place(bare === '' ? '/' : bare);
    if (!place.ok && place.error === 'ENOENT' && options.parents === true && bare !== '') {
      const parent = bare.slice(0, bare.lastIndexOf('/'));
      if (parent !== '') {
        const made = this.mkdir(parent, { parents: true });
        if (!made.ok) return made;
        place = this.#place(bare);
      }
    }
    if (!place.ok) return place;
    if (place.value.inode !== undefined) {
      return options.parents === true && place.value.inode.isDirectory ? DONE : err('EEXIST');
    }
    const refusal = this.#refuseChange(place.value);
    if (refusal !== undefined) return err(refusal);
    const made = this.#make(place.value, 'directory', (options.mode ?? 0o777) & ~this.#user.umask);
    place.value.parent.link(place.value.name, made);
    announce(place.value.parent, place.value.name, made, 'created');
    return DONE;
  }

  list(path: string): Result<readonly string[], Errno> {
    const found = this.#walk(path, true);
    if (!found.ok) return found;
    if (!found.value.isDirectory) return err('ENOTDIR');
    if (!mayAccess(found.value, this.#user, 4)) return err('EACCES');
    return ok(found.value.names(this.#user));
  }

  unlink(path: string): Result<void, Errno> {
    const place = this.#place(path, false);
    if (!place.ok) return place;
    const { inode, parent, name } = place.value;
    if (inode === undefined) return err('ENOENT');
    if (inode.isDirectory) return err('EISDIR');
    if (place.value.slash) return err('ENOTDIR');
    return this.#remove(place.value, inode, parent, name);
  }

  rmdir(path: string): Result<void, Errno> {
    const place = this.#place(path, false);
    if (!place.ok) return place;
    const { inode, parent, name } = place.value;
    if (inode === undefined) return err('ENOENT');
    if (!inode.isDirectory) return err('ENOTDIR');
    if (!inode.isEmpty) return err('ENOTEMPTY');
    return this.#remove(place.value, inode, parent, name);
  }

  #remove(place: Place, inode: Inode, parent: Inode, name: string): Result<void, Errno> {
    if (name === '' || inode === place.mount.root) return err('EBUSY');
    const refusal = this.#refuseChange(place);
    if (refusal !== undefined) return err(refusal);
    parent.detach(name);
    drop(inode);
    announce(parent, name, inode, 'removed');
    return DONE;
  }

  removeAll(path: string): Result<void, Errno> {
    const place = this.#place(path, false);
    if (!place.ok) return place.error === 'ENOENT' ? DONE : place;
    const inode = place.value.inode;
    if (inode === undefined) return DONE;
    if (inode.isDirectory) {
      const names = inode.names(this.#user);
      if (names.length > 0 && !mayAccess(inode, this.#user, 3)) return err('EACCES');
      for (const name of names) {
        const removed = this.removeAll(`${path}/${name}`);
        if (!removed.ok) return removed;
      }
    }
    return this.#remove(place.value, inode, place.value.parent, place.value.name);
  }

  rename(from: string, to: string): Result<void, Errno> {
    const source = this.#place(from, false);
    if (!source.ok) return source;
    const inode = source.value.inode;
    if (inode === undefined) return err('ENOENT');
    const target = this.#place(to, false);
    if (!target.ok) return target;
    const refusal = this.#refuseChange(source.value) ?? this.#refuseChange(target.value);
    if (refusal !== undefined) return err(refusal);
    const old = target.value.inode;
    if (source.value.parent.fs !== target.value.parent.fs) return err('EXDEV');
    if (inode === source.value.mount.root || old === target.value.mount.root) return err('EBUSY');
    if (old === inode) return DONE;
    if (inode.isDirectory) {
      if (`${target.value.path}/`.startsWith(`${source.value.path}/`)) return err('EINVAL');
      if (old !== undefined && !old.isDirectory) return err('ENOTDIR');
      if (old !== undefined && !old.isEmpty) return err('ENOTEMPTY');
    } else {
      if (old?.isDirectory === true) return err('EISDIR');
      if (target.value.slash) return err('ENOTDIR');
    }
    source.value.parent.detach(source.value.name);
    if (old !== undefined) drop(old);
    target.value.parent.link(target.value.name, inode);
    announce(source.value.parent, source.value.name, inode, 'removed');
    announce(target.value.parent, target.value.name, inode, 'created');
    old?.notify('', 'modified');
    return DONE;
  }

  symlink(target: string, path: string): Result<void, Errno> {
    if (target === '') return err('ENOENT');
    const place = this.#fresh(path);
    if (!place.ok) return place;
    const inode = this.#make(place.value, 'symlink', 0o777, target);
    place.value.parent.link(place.value.name, inode);
    announce(place.value.parent, place.value.name, inode, 'created');
    return DONE;
  }

  /** A second name for the same file (ln). EPERM for folders, EXDEV across file systems. */
  link(from: string, to: string): Result<void, Errno> {
    const found = this.#walk(from, false);
    if (!found.ok) return found;
    if (found.value.isDirectory) return err('EPERM');
    const place = this.#fresh(to);
    if (!place.ok) return place;
    if (place.value.parent.fs !== found.value.fs) return err('EXDEV');
    found.value.links += 1;
    place.value.parent.link(place.value.name, found.value);
    announce(place.value.parent, place.value.name, found.value, 'created');
    return DONE;
  }

  /** The name of a unix socket. */
  makeNode(path: string, type: 'socket', mode: number): Result<Inode, Errno> {
    const place = this.#fresh(path);
    if (!place.ok) return place;
    const inode = this.#make(place.value, type, mode & ~this.#user.umask);
    place.value.parent.link(place.value.name, inode);
    announce(place.value.parent, place.value.name, inode, 'created');
    return ok(inode);
  }

  /** A place where nothing stands yet and where the caller may make something. */
  #fresh(path: string): Result<Place, Errno> {
    const place = this.#place(path, false);
    if (!place.ok) return place;
    if (place.value.inode !== undefined) return err('EEXIST');
    if (place.value.slash) return err('ENOENT');
    const refusal = this.#refuseChange(place.value);
    return refusal === undefined ? place : err(refusal);
  }

  readlink(path: string): Result<string, Errno> {
    const found = this.#walk(path, false);
    if (!found.ok) return found;
    return found.value.type === 'symlink' ? ok(found.value.target) : err('EINVAL');
  }

  chmod(path: string, mode: number): Result<void, Errno> {
    return this.#alter(path, true, (inode) => {
      inode.mode = mode & 0o7777;
    });
  }

  chown(path: string, uid: number, gid: number): Result<void, Errno> {
    if (this.#user.uid !== 0) {
      const found = this.#walk(path, true);
      if (!found.ok) return found;
      const inode = found.value;
      const groups = gid === this.#user.gid || this.#user.groups.includes(gid) || gid === inode.gid;
      if (uid !== inode.uid || !groups) return err('EPERM');
    }
    return this.#alter(path, true, (inode) => {
      inode.uid = uid;
      inode.gid = gid;
    });
  }

  #alter(path: string, follow: boolean, change: (inode: Inode) => void): Result<void, Errno> {
    const found = this.#user.view.walk(path, this.#user, this.#user.cwd, follow);
    if (!found.ok) return found;
    if (found.value.mount.readOnly) return err('EROFS');
    const inode = found.value.inode;
    if (this.#user.uid !== 0 && this.#user.uid !== inode.uid) return err('EPERM');
    change(inode);
    inode.notify('', 'modified');
    return DONE;
  }

  touch(path: string, modified?: WallTime): Result<void, Errno> {
    const place = this.#writable(path, 0o666);
    if (!place.ok) {
      const found = this.#walk(path, true);
      if (!found.ok || !found.value.isDirectory) return place;
      if (!mayAccess(found.value, this.#user, 2)) return err('EACCES');
      found.value.modified = modified ?? found.value.fs.now();
      return DONE;
    }
    place.value.inode.modified = modified ?? place.value.inode.fs.now();
    return DONE;
  }

  open(path: string, flags: 'r' | 'r+' | 'w' | 'a' | 'wx', mode = 0o666): Result<OpenFile, Errno> {
    if (flags === 'r') return this.#openToRead(path);
    if (flags === 'wx' && this.#walk(path, false).ok) return err('EEXIST');
    if (flags === 'r+' && !this.exists(path)) return err('ENOENT');
    const place = this.#writable(path, mode);
    if (!place.ok) return place;
    const { inode, parent, name } = place.value;
    if (inode.type !== 'file') return this.#user.openSpecial(inode);
    if (flags === 'r+' && !mayAccess(inode, this.#user, 4)) return err('EACCES');
    if (flags === 'w' && inode.length > 0) {
      const failure = inode.store(new Uint8Array(0));
      if (failure !== undefined) return err(failure);
      announce(parent, name, inode, 'modified');
    }
    const modes = { read: flags === 'r+', write: true, append: flags === 'a' };
    return ok(
      new RegularFile(inode, place.value.path, modes, () =>
        announce(parent, name, inode, 'modified'),
      ),
    );
  }

  #openToRead(path: string): Result<OpenFile, Errno> {
    const found = this.#user.view.walk(path, this.#user, this.#user.cwd);
    if (!found.ok) return found;
    const { inode } = found.value;
    if (!mayAccess(inode, this.#user, 4)) return err('EACCES');
    if (inode.isDirectory) return err('EISDIR');
    if (inode.type !== 'file') return this.#user.openSpecial(inode);
    const modes = { read: true, write: false, append: false };
    return ok(new RegularFile(inode, found.value.path, modes, () => {}));
  }

  resolve(path: string): string {
    return resolvePath(this.#user.cwd, path);
  }

  realpath(path: string): Result<string, Errno> {
    const found = this.#user.view.walk(path, this.#user, this.#user.cwd);
    return found.ok ? ok(found.value.path === '' ? '/' : found.value.path) : found;
  }

  watch(path: string): Result<FileWatch, Errno> {
    const found = this.#walk(path, true);
    if (!found.ok) return found;
    if (!mayAccess(found.value, this.#user, 4)) return err('EACCES');
    const watch = watchInode(found.value, path);
    const forget = this.#user.atEnd(watch.close);
    return ok({
      receive: watch.receive,
      readable: watch.readable,
      close() {
        forget();
        watch.close();
      },
    });
  }

  usage(path: string): ReturnType<Files['usage']> {
    const found = this.#walk(path, true);
    if (!found.ok) return found;
    const fs = found.value.fs.backing ?? found.value.fs;
    return ok({ used: fs.used, size: fs.size, inodesUsed: fs.inodesUsed, inodes: fs.inodes });
  }

  // ---- walks and permissions

  #walk(path: string, follow: boolean): Result<Inode, Errno> {
    const found = this.#user.view.walk(path, this.#user, this.#user.cwd, follow);
    return found.ok ? ok(found.value.inode) : found;
  }

  #place(path: string, follow = true): Result<Place, Errno> {
    return this.#user.view.place(path, this.#user, this.#user.cwd, follow);
  }

  /** Why the folder of this place may not be changed, if it may not. */
  #refuseChange(place: Place): Errno | undefined {
    if (place.mount.readOnly) return 'EROFS';
    if (!mayAccess(place.parent, this.#user, 3)) return 'EACCES';
    const { uid } = this.#user;
    const sticky = (place.parent.mode & 0o1000) !== 0 && place.inode !== undefined;
    if (sticky && uid !== 0 && uid !== place.inode?.uid && uid !== place.parent.uid) return 'EPERM';
    if (place.parent.source !== undefined) return 'EPERM';
    return undefined;
  }

  #make(place: Place, type: Inode['type'], mode: number, target = ''): Inode {
    const { uid, gid } = this.#user;
    const { parent } = place;
    // A folder with the set-group-id bit hands its group on, and the bit to folders.
    if ((parent.mode & SET_GID) === 0)
      return new Inode(parent.fs, type, { mode, uid, gid, target });
    const bits = type === 'directory' ? mode | SET_GID : mode;
    return new Inode(parent.fs, type, { mode: bits, uid, gid: parent.gid, target });
  }
}

function drop(inode: Inode): void {
  inode.links -= 1;
  inode.notify('', 'removed');
  inode.releaseIfUnused();
}

function announce(
  parent: Inode,
  name: string,
  inode: Inode,
  change: 'created' | 'modified' | 'removed',
): void {
  parent.notify(name, change);
  if (change === 'modified') inode.notify('', 'modified');
}
