/**
 * Inodes: what a path leads to. One class serves every file system of the model: an ordinary tree in
 * memory (the disk of a host, tmpfs), the writable tree over an image (overlayfs: children that nobody
 * has touched are made from the shared layer when they are looked up, a `null` entry is a whiteout),
 * and synthetic folders such as /proc, whose children come from a source. Content is shared by
 * reference and never copied; appended files are ropes that are joined when somebody reads them.
 *
 * Not modelled: access and change times, extended attributes, sparse files, block alignment beyond
 * whole 4 KiB blocks in `usage`.
 */
import { concatBytes } from '../../../ground/base/bytes.ts';
import { sortedText } from '../../../ground/base/text.ts';
import type { WallTime } from '../../../ground/base/time.ts';
import type { Result } from '../../../ground/base/result.ts';
import { bytesOf, sizeOfChunk, type Chunk } from '../../network/chunk.ts';
import type { Errno } from '../../network/errno.ts';
import type { Content, Document, FileType, OpenFile, Stat } from '../files-types.ts';
import type { PidNamespace } from '../pids.ts';
import type { Program } from '../process.ts';
import type { LayerNode } from './layer.ts';

const BLOCK = 4096;
/** What `ls -l` shows for a program that does not say its size. */
const PROGRAM_BYTES = 1_048_576;

/** Who asks: permissions go by it, and /proc/self. */
export interface Access {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  /** Its number in a pid namespace, if it can be seen there. */
  pidIn?(namespace: PidNamespace): number | undefined;
}

export const ROOT_ACCESS: Access = { uid: 0, gid: 0, groups: [] };

/** A document that may be written to (/proc/sys, cgroup files). */
export interface LiveDocument extends Document {
  store?(text: string): Result<void, Errno>;
}

/** Children made on demand: /proc, /sys. */
export interface DirectorySource {
  lookup(name: string, access: Access): Inode | undefined;
  /** In byte order. */
  names(access: Access): readonly string[];
}

/** Whoever is told of changes in a folder or to a file. */
export interface Watcher {
  /** `name` is empty when the watched file itself changed. */
  notice(name: string, change: 'created' | 'modified' | 'removed'): void;
}

/** Pieces of an appended file; joined when read. */
export interface Rope {
  readonly parts: Chunk[];
  /** Sum of the pieces' sizes; rendered messages may differ a little until they are joined. */
  size: number;
}

export interface FileSystemOptions {
  /** As in /proc/mounts: ext4, tmpfs, overlay, proc, sysfs. */
  readonly kind: string;
  /** As in /proc/mounts: /dev/sda1, tmpfs. */
  readonly source: string;
  readonly size: number;
  /** What /proc/mounts says of it besides the mount's own flags: `size=65536k,mode=755`. */
  readonly details?: string;
  readonly now: () => WallTime;
  /** An overlay's blocks stand on another file system. */
  readonly backing?: FileSystem;
}

/** A superblock: size, use and clock of one file system. */
export class FileSystem {
  readonly kind: string;
  readonly source: string;
  readonly details: string;
  size: number;
  used = 0;
  inodesUsed = 0;
  readonly now: () => WallTime;
  readonly backing: FileSystem | undefined;
  #next = 1;

  constructor(options: FileSystemOptions) {
    this.kind = options.kind;
    this.source = options.source;
    this.details = options.details ?? '';
    this.size = options.size;
    this.now = options.now;
    this.backing = options.backing;
  }

  /** One inode for 16 KiB, as mkfs.ext4 lays a disk out. */
  get inodes(): number {
    return Math.max(1024, Math.floor((this.backing ?? this).size / 16_384));
  }

  nextNumber(): number {
    this.#next += 1;
    this.inodesUsed += 1;
    return this.#next;
  }

  /** Takes or gives back bytes; false when the disk is full. */
  charge(bytes: number): boolean {
    if (bytes > 0 && this.used + bytes > this.size) return false;
    if (this.backing !== undefined && !this.backing.charge(bytes)) return false;
    this.used += bytes;
    return true;
  }
}

/** Contents before it is joined. */
type Stored = Content | Rope;

function isRope(data: Stored): data is Rope {
  return 'parts' in data;
}

export function isProgram(content: Content): content is Program {
  return 'main' in content;
}

const EMPTY = new Uint8Array(0);

export class Inode {
  readonly fs: FileSystem;
  readonly number: number;
  readonly type: FileType;
  mode: number;
  uid: number;
  gid: number;
  modified: WallTime;
  links = 1;
  /** Open descriptions; the content lives until links and these are both 0. */
  opens = 0;
  /** Bytes charged to the file system. */
  #charged = 0;
  #data: Stored = EMPTY;
  /** Of a folder; null hides what the layer below has. */
  #entries: Map<string, Inode | null> | undefined;
  /** Of a folder without a source: its names, until it changes. */
  #names: readonly string[] | undefined;
  readonly lower: LayerNode | undefined;
  readonly source: DirectorySource | undefined;
  /** Where a symlink points; what a device is; empty otherwise. */
  readonly target: string;
  /** What stands behind a unix socket, or the open description behind /proc/<pid>/fd/<n>. */
  endpoint: unknown;
  /** Of a symlink of /proc/<pid>/fd: what it leads to, whatever its target says. */
  magic: Inode | undefined;
  #watchers: Set<Watcher> | undefined;

  constructor(
    fs: FileSystem,
    type: FileType,
    attributes: {
      readonly mode: number;
      readonly uid?: number;
      readonly gid?: number;
      readonly modified?: WallTime;
      readonly target?: string;
      readonly source?: DirectorySource;
      readonly lower?: LayerNode;
      readonly data?: Content;
    },
  ) {
    this.fs = fs;
    this.number = fs.nextNumber();
    this.type = type;
    this.mode = attributes.mode;
    this.uid = attributes.uid ?? 0;
    this.gid = attributes.gid ?? 0;
    this.modified = attributes.modified ?? fs.now();
    this.target = attributes.target ?? '';
    this.source = attributes.source;
    this.lower = attributes.lower;
    if (attributes.data !== undefined) this.#data = attributes.data;
  }

  get isDirectory(): boolean {
    return this.type === 'directory';
  }

  /** Content by reference; a rope is joined first. */
  get content(): Content {
    if (isRope(this.#data)) this.#data = concatBytes(this.#data.parts.map(bytesOf));
    return this.#data;
  }

  /** The bytes, rendered if need be. */
  get bytes(): Uint8Array {
    const content = this.content;
    if (content instanceof Uint8Array) return content;
    return isProgram(content) ? elfOf(content) : content.render();
  }

  /** Bytes of the content, without joining a rope. */
  get length(): number {
    return isRope(this.#data) ? this.#data.size : this.bytes.length;
  }

  /** Whether the size is known only once the content has been made into bytes. */
  get sizeIsRendered(): boolean {
    if (this.type !== 'file' || isRope(this.#data) || this.#data instanceof Uint8Array)
      return false;
    return 'render' in this.#data && this.fs.kind !== 'proc' && this.fs.kind !== 'sysfs';
  }

  get size(): number {
    if (this.type === 'directory') return BLOCK;
    if (this.type === 'symlink') return this.target.length;
    if (this.type !== 'file') return 0;
    if (this.source !== undefined || this.fs.kind === 'proc' || this.fs.kind === 'sysfs') return 0;
    const content = this.content;
    if (content instanceof Uint8Array) return content.length;
    return isProgram(content) ? PROGRAM_BYTES : content.render().length;
  }

  /** Replaces the content. ENOSPC when the disk is full; a live document decides itself. */
  store(content: Content): Errno | undefined {
    const live = this.#data as LiveDocument;
    if (typeof live.store === 'function' && content instanceof Uint8Array) {
      const text = String.fromCharCode(...content.subarray(0, 65_536));
      const stored = live.store(text);
      return stored.ok ? undefined : stored.error;
    }
    const size = content instanceof Uint8Array ? content.length : 1;
    if (!this.#charge(size)) return 'ENOSPC';
    live.replaced?.();
    this.#data = content;
    this.modified = this.fs.now();
    return undefined;
  }

  append(chunk: Chunk): Errno | undefined {
    const live = this.#data as LiveDocument;
    if (typeof live.store === 'function') return this.store(bytesOf(chunk));
    let rope = this.#data as Rope;
    if (!isRope(this.#data)) {
      const bytes = this.bytes;
      rope = { parts: bytes.length === 0 ? [] : [bytes], size: bytes.length };
      live.replaced?.();
      this.#data = rope;
    }
    const size = sizeOfChunk(chunk);
    if (!this.#charge(rope.size + size)) return 'ENOSPC';
    rope.parts.push(chunk);
    rope.size += size;
    this.modified = this.fs.now();
    return undefined;
  }

  #charge(size: number): boolean {
    const blocks = Math.ceil(size / BLOCK) * BLOCK;
    if (blocks === this.#charged) return true;
    if (!this.fs.charge(blocks - this.#charged)) return false;
    this.#charged = blocks;
    return true;
  }

  /** Gives everything back when nobody can reach it any more. */
  releaseIfUnused(): void {
    if (this.links > 0 || this.opens > 0) return;
    this.fs.charge(-this.#charged);
    this.#charged = 0;
    this.fs.inodesUsed -= 1;
    (this.#data as LiveDocument).replaced?.();
    this.#data = EMPTY;
  }

  // ---- folders

  lookup(name: string, access: Access): Inode | undefined {
    const entry = this.#entries?.get(name);
    if (entry !== undefined) return entry ?? undefined;
    const below = this.lower?.children?.get(name);
    if (below !== undefined) {
      const inode = below.make(this.fs);
      this.#own().set(name, inode);
      return inode;
    }
    return this.source?.lookup(name, access);
  }

  /** In byte order. */
  names(access: Access): readonly string[] {
    if (this.source !== undefined) {
      const own = this.#entries === undefined ? [] : [...this.#entries.keys()];
      return sortedText(new Set([...this.source.names(access), ...own]));
    }
    if (this.#names !== undefined) return this.#names;
    const names: string[] = [];
    for (const [name, inode] of this.#entries ?? []) if (inode !== null) names.push(name);
    for (const name of this.lower?.children?.keys() ?? []) {
      if (this.#entries?.get(name) === undefined) names.push(name);
    }
    this.#names = sortedText(names);
    return this.#names;
  }

  get isEmpty(): boolean {
    return this.names(ROOT_ACCESS).length === 0;
  }

  /** Puts an entry in, replacing what stands there. */
  link(name: string, inode: Inode): void {
    this.#names = undefined;
    this.#own().set(name, inode);
    this.modified = this.fs.now();
  }

  /** Takes an entry out; what the layer below has is hidden by a whiteout. */
  detach(name: string): void {
    this.#names = undefined;
    if (this.lower?.children?.has(name) === true) this.#own().set(name, null);
    else this.#entries?.delete(name);
    this.modified = this.fs.now();
  }

  #own(): Map<string, Inode | null> {
    this.#entries ??= new Map();
    return this.#entries;
  }

  // ---- watches

  watch(watcher: Watcher): () => void {
    this.#watchers ??= new Set();
    this.#watchers.add(watcher);
    return () => {
      this.#watchers?.delete(watcher);
    };
  }

  notify(name: string, change: 'created' | 'modified' | 'removed'): void {
    if (this.#watchers === undefined) return;
    for (const watcher of [...this.#watchers]) watcher.notice(name, change);
  }
}

/** The open description that a device of /proc/<pid>/fd stands for. */
export function descriptionBehind(inode: Inode): OpenFile | undefined {
  return inode.type === 'character' ? (inode.endpoint as OpenFile | undefined) : undefined;
}

/** Permission bits of this inode for somebody: 4 read, 2 write, 1 execute or search. */
export function mayAccess(inode: Inode, access: Access, wanted: number): boolean {
  if (access.uid === 0) {
    // Root may do all but execute what nobody may execute.
    return wanted !== 1 || inode.isDirectory || (inode.mode & 0o111) !== 0;
  }
  let bits = inode.mode & 7;
  if (access.uid === inode.uid) bits = (inode.mode >> 6) & 7;
  else if (access.gid === inode.gid || access.groups.includes(inode.gid))
    bits = (inode.mode >> 3) & 7;
  return (bits & wanted) === wanted;
}

/** What stat(2) tells of an inode. */
export function statOf(inode: Inode): Stat {
  const links = inode.isDirectory ? 2 : inode.links;
  const { type, mode, uid, gid, modified, number } = inode;
  const rendered = inode.sizeIsRendered ? inode.content : undefined;
  if (rendered !== undefined && 'render' in rendered) {
    // Most who ask for a document's state do not ask how long its text is.
    return {
      type,
      mode,
      uid,
      gid,
      get size() {
        return rendered.render().length;
      },
      modified,
      inode: number,
      links,
    };
  }
  const stat: Stat = { type, mode, uid, gid, size: inode.size, modified, inode: number, links };
  return type === 'symlink' ? { ...stat, target: inode.target } : stat;
}

/** What `head -c` of a program shows: an ELF header and its name. */
function elfOf(program: Program): Uint8Array {
  const text = `\u007fELF\u0002\u0001\u0001${'\0'.repeat(9)}${program.name} ${program.version}\n`;
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
