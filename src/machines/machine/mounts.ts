/**
 * Mount views: what a mount namespace is. A view has a root and a table of mounts by path; a walk
 * follows names and symlinks, crosses mounts, and checks search permission. Making a view for a
 * container costs a few objects: the image's layer is shared, binds share inodes.
 *
 *     const view = kernel.newMountView('web');
 *     view.overlay('/', layer, 'overlay-3');
 *     view.bind('/etc/hosts', hostView, '/var/lib/kubelet/pods/…/etc-hosts', { readOnly: false });
 *     view.proc('/proc', pidNamespace);
 *     view.tmpfs('/dev/shm', { size: 64 * MIB });
 *
 * Not modelled: propagation (a bind takes the mounts below its source as they are at that moment),
 * mount points that move with a renamed parent.
 */
import { compareText } from '../../ground/base/text.ts';
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import type { WallTime } from '../../ground/base/time.ts';
import type { Errno } from '../network/errno.ts';
import {
  type Access,
  type DirectorySource,
  FileSystem,
  Inode,
  mayAccess,
  ROOT_ACCESS,
} from './files/inode.ts';
import type { LayerNode } from './files/layer.ts';
import type { PidNamespace } from './pids.ts';

/** Nothing that the kernel shows is run or is a device. */
const KERNEL_FLAGS = 'nosuid,nodev,noexec,relatime';
const PATH_MAX = 4096;
const NAME_MAX = 255;
/** Paths whose names a host remembers. */
const NAMES_MAX = 256;
const KEPT_LENGTH_MAX = 48;
/** Linux follows at most 40 symlinks in one walk. */
const SYMLINKS_MAX = 40;

/** What a view asks of its kernel. */
export interface MountSupport {
  readonly now: () => WallTime;
  /** The disk that overlays stand on. */
  readonly disk: FileSystem;
  /** Half of it is the default size of a tmpfs. */
  readonly memoryBytes: number;
  /** What all views of the host share. */
  readonly names: PathNames;
  /** The tree of /proc for a pid namespace; /sys. */
  procSource(namespace: PidNamespace, cgroup: string): DirectorySource;
  sysSource(cgroup: string): DirectorySource;
}

export interface Mount {
  readonly path: string;
  readonly root: Inode;
  readonly readOnly: boolean;
  /** As /proc/mounts shows it. */
  readonly options: string;
}

/** Where a walk ended. */
export interface Found {
  readonly inode: Inode;
  readonly mount: Mount;
  /** With all symlinks resolved. */
  readonly path: string;
}

/** Where an entry stands or would stand. */
export interface Place {
  readonly parent: Inode;
  readonly mount: Mount;
  readonly name: string;
  readonly path: string;
  /** Undefined when nothing is there. */
  readonly inode: Inode | undefined;
  /** The path ended in a slash. */
  readonly slash: boolean;
}

/** Paths cut into names. Programs ask for few paths, often, and for many paths once: those are not kept. */
export class PathNames {
  readonly #known = new Map<string, readonly string[]>();
  readonly #seen = new Set<string>();

  /** The names of a path without `.`, `..` and doubled slashes; undefined when it has such. */
  of(path: string): readonly string[] | undefined {
    // To look a long one up costs more than to cut it: its text is new each time.
    if (path.length > KEPT_LENGTH_MAX) return cut(path);
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const names = cut(path);
    if (names === undefined) return undefined;
    if (this.#seen.delete(path)) {
      if (this.#known.size >= NAMES_MAX) this.#known.clear();
      this.#known.set(path, names);
    } else {
      if (this.#seen.size >= NAMES_MAX) this.#seen.clear();
      this.#seen.add(path);
    }
    return names;
  }
}

function cut(path: string): readonly string[] | undefined {
  const names = path.slice(1).split('/');
  for (const name of names) if (name === '' || name === '.' || name === '..') return undefined;
  return names;
}

/** A mount that is only seen in the list of mounts. */
export interface ListedMount {
  /** The path of the mount that it follows in the list. */
  readonly after: string;
  readonly path: string;
  readonly kind: string;
  readonly source: string;
  readonly options: string;
}

const CGROUP: ListedMount = {
  after: '/sys',
  path: '/sys/fs/cgroup',
  kind: 'cgroup2',
  source: 'cgroup',
  options: `rw,${KERNEL_FLAGS}`,
};
const CGROUP_READ_ONLY: ListedMount = { ...CGROUP, options: `ro,${KERNEL_FLAGS}` };

function mountOf({ path, kind, source, options }: ListedMount, now: () => WallTime): Mount {
  const fs = new FileSystem({ kind, source, size: 0, now });
  const root = new Inode(fs, 'directory', { mode: 0o755 });
  return { path, root, readOnly: options.startsWith('ro'), options };
}

/** How something is mounted: read only, and other flags as /proc/mounts has them. */
export interface MountFlags {
  readonly readOnly?: boolean;
  readonly flags?: string;
}

export class MountView {
  readonly name: string;
  readonly support: MountSupport;
  /** Mounts of the kernel that nothing ever stands in, by the path that they follow. */
  #kernelMounts: readonly ListedMount[] = [];
  readonly #mounts = new Map<string, Mount>();
  /** Last names of the mount points: a walk looks a path up only below one of these. */
  readonly #points = new Set<string>();
  #root: Mount | undefined;

  constructor(name: string, support: MountSupport) {
    this.name = name;
    this.support = support;
  }

  /** Mounts in the order in which they were made. */
  get mounts(): readonly Mount[] {
    return [...this.#mounts.values()].flatMap((mount) => [
      mount,
      ...this.#kernelMounts.flatMap((listed) =>
        listed.after === mount.path ? [mountOf(listed, this.support.now)] : [],
      ),
    ]);
  }

  /** Lists a mount that is only seen in /proc/mounts: devpts, mqueue, the cgroup tree within /sys. */
  list(...mounts: readonly ListedMount[]): void {
    this.#kernelMounts = [...this.#kernelMounts, ...mounts];
  }

  get root(): Mount | undefined {
    return this.#root;
  }

  // ---- mounting

  /** Mounts an inode's tree. The point must exist (`/` needs none). EBUSY when something is mounted there. */
  mount(path: string, root: Inode, options: MountFlags = {}): Result<void, Errno> {
    let point = '/';
    if (this.#root !== undefined || path !== '/') {
      const found = this.walk(path, ROOT_ACCESS, '/');
      if (!found.ok) return found;
      if (found.value.inode.isDirectory !== root.isDirectory) return err('ENOTDIR');
      point = found.value.path;
    }
    const mount: Mount = {
      path: point,
      root,
      readOnly: options.readOnly === true,
      options: optionsText(root.fs, options),
    };
    this.#mounts.set(point, mount);
    // A mounted file stays what it was when the last name of it goes.
    if (!root.isDirectory) root.opens += 1;
    this.#points.add(point.slice(point.lastIndexOf('/') + 1));
    if (point === '/') this.#root = mount;
    return DONE;
  }

  isMountPoint(path: string): boolean {
    return this.#mounts.has(path);
  }

  unmount(path: string): Result<void, Errno> {
    const mount = this.#mounts.get(path);
    if (mount === undefined) return err('EINVAL');
    for (const other of this.#mounts.keys()) {
      if (other !== path && other.startsWith(path === '/' ? '/' : `${path}/`)) return err('EBUSY');
    }
    this.#mounts.delete(path);
    release(mount.root);
    if (path === '/') this.#root = undefined;
    return DONE;
  }

  /** The view ends with the last process in it: its files are held no longer. */
  drop(): void {
    for (const mount of this.#mounts.values()) release(mount.root);
    this.#mounts.clear();
  }

  /** The same tree or file under another path (mount --rbind). */
  bind(
    path: string,
    source: MountView,
    sourcePath: string,
    options: { readonly readOnly?: boolean } = {},
  ): Result<void, Errno> {
    const found = source.walk(sourcePath, ROOT_ACCESS, '/');
    return found.ok ? this.bindFound(path, source, found.value, options) : found;
  }

  /** The same for what a walk has found already. */
  bindFound(
    path: string,
    source: MountView,
    found: Found,
    options: { readonly readOnly?: boolean } = {},
  ): Result<void, Errno> {
    const readOnly = options.readOnly === true || found.mount.readOnly;
    const below = found.path === '/' ? '/' : `${found.path}/`;
    const inner = source.#below(below);
    const mounted = this.mount(path, found.inode, { readOnly });
    if (!mounted.ok) return mounted;
    for (const mount of inner) {
      this.mount(`${path === '/' ? '' : path}/${mount.path.slice(below.length)}`, mount.root, {
        readOnly: mount.readOnly,
      });
    }
    return DONE;
  }

  /** Mounts below a folder, in byte order of their paths. */
  #below(prefix: string): readonly Mount[] {
    const found: Mount[] = [];
    for (const mount of this.#mounts.values()) {
      if (mount.path.startsWith(prefix) && mount.path !== '/') found.push(mount);
    }
    return found.length < 2 ? found : found.sort((a, b) => compareText(a.path, b.path));
  }

  tmpfs(
    path: string,
    options: MountFlags & {
      readonly size?: number;
      readonly mode?: number;
      readonly source?: string;
    } = {},
  ): Result<void, Errno> {
    const size = options.size ?? Math.floor(this.support.memoryBytes / 2);
    const mode = options.mode ?? 0o1777;
    const details = [
      ...(options.size === undefined ? [] : [`size=${Math.floor(size / 1024)}k`]),
      ...(mode === 0o1777 ? [] : [`mode=${mode.toString(8)}`]),
    ].join(',');
    const source = options.source ?? 'tmpfs';
    const fs = new FileSystem({ kind: 'tmpfs', source, size, details, now: this.support.now });
    return this.mount(path, new Inode(fs, 'directory', { mode }), options);
  }

  /** An image's layer below, a new empty writable layer above. `source` names it for usage. */
  overlay(
    path: string,
    layer: LayerNode,
    options: { readonly readOnly?: boolean } = {},
  ): Result<FileSystem, Errno> {
    const fs = new FileSystem({
      kind: 'overlay',
      source: 'overlay',
      size: this.support.disk.size,
      now: this.support.now,
      backing: this.support.disk,
    });
    const mounted = this.mount(path, layer.make(fs), options);
    return mounted.ok ? ok(fs) : mounted;
  }

  /** `cgroup` is what stands at the top of the tree for whoever looks: `/`, or a container's own. */
  proc(path: string, namespace: PidNamespace, cgroup = '/'): Result<void, Errno> {
    const fs = new FileSystem({ kind: 'proc', source: 'proc', size: 0, now: this.support.now });
    const source = this.support.procSource(namespace, cgroup);
    const root = new Inode(fs, 'directory', { mode: 0o555, source });
    return this.mount(path, root, { flags: KERNEL_FLAGS });
  }

  sys(
    path: string,
    options: { readonly readOnly?: boolean; readonly cgroup?: string } = {},
  ): Result<void, Errno> {
    const { readOnly = false, cgroup = '/' } = options;
    const fs = new FileSystem({ kind: 'sysfs', source: 'sysfs', size: 0, now: this.support.now });
    const source = this.support.sysSource(cgroup);
    const root = new Inode(fs, 'directory', { mode: 0o555, source });
    const mounted = this.mount(path, root, { readOnly, flags: KERNEL_FLAGS });
    if (mounted.ok) this.list(readOnly ? CGROUP_READ_ONLY : CGROUP);
    return mounted;
  }

  // ---- walking

  /** Follows a path; the last symlink too, unless told otherwise. */
  walk(path: string, access: Access, cwd: string, followLast = true): Result<Found, Errno> {
    const place = this.#resolve(path, access, cwd, followLast);
    if (!place.ok) return place;
    const { inode, mount } = place.value;
    if (inode === undefined) return err('ENOENT');
    if (place.value.slash && !inode.isDirectory) return err('ENOTDIR');
    return ok({ inode, mount, path: place.value.path });
  }

  /** The folder and name that a path means, whether or not something is there. */
  place(path: string, access: Access, cwd: string, followLast = true): Result<Place, Errno> {
    return this.#resolve(path, access, cwd, followLast);
  }

  #resolve(path: string, access: Access, cwd: string, followLast: boolean): Result<Place, Errno> {
    if (path === '') return err('ENOENT');
    if (path.length >= PATH_MAX) return err('ENAMETOOLONG');
    if (this.#root === undefined) return err('ENOENT');
    const full = path.startsWith('/') ? path : `${cwd === '/' ? '' : cwd}/${path}`;
    const straight = this.#straight(full, this.#root, access, followLast);
    return straight ?? new Walk(this.#mounts, this.#root, access).follow(full, followLast);
  }

  /** A walk that meets neither `.`, `..`, a doubled slash nor a symlink; undefined when it does. */
  #straight(
    path: string,
    root: Mount,
    access: Access,
    followLast: boolean,
  ): Result<Place, Errno> | undefined {
    const names = this.support.names.of(path);
    if (names === undefined) return undefined;
    let mount = root;
    let parent = root.root;
    let end = 0;
    for (let index = 0; ; index += 1) {
      const name = names[index] as string;
      const last = index === names.length - 1;
      end += name.length + 1;
      if (name.length > NAME_MAX) return err('ENAMETOOLONG');
      if (!parent.isDirectory) return err('ENOTDIR');
      if (!mayAccess(parent, access, 1)) return err('EACCES');
      const mounted = this.#points.has(name) ? this.#mounts.get(path.slice(0, end)) : undefined;
      const inode = mounted?.root ?? parent.lookup(name, access);
      mount = mounted ?? mount;
      if (inode === undefined && !last) return err('ENOENT');
      if (inode?.type === 'symlink' && (!last || followLast)) return undefined;
      if (last) return ok({ parent, mount, name, path, inode, slash: false });
      parent = inode as Inode;
    }
  }
}

/** One walk along a path. Keeps the folders it went through, for `..`. */
class Walk {
  readonly #mounts: ReadonlyMap<string, Mount>;
  readonly #access: Access;
  readonly #stack: { readonly inode: Inode; readonly mount: Mount; readonly path: string }[] = [];
  readonly #rest: string[] = [];
  #links = 0;

  constructor(mounts: ReadonlyMap<string, Mount>, root: Mount, access: Access) {
    this.#mounts = mounts;
    this.#access = access;
    this.#stack.push({ inode: root.root, mount: root, path: '' });
  }

  follow(path: string, followLast: boolean): Result<Place, Errno> {
    this.#push(path);
    const slash = path.endsWith('/');
    for (;;) {
      const at = this.#stack[this.#stack.length - 1] as Found;
      const name = this.#rest.pop();
      if (name === undefined) return ok(this.#here(at, slash));
      if (name === '.') continue;
      if (name === '..') {
        if (this.#stack.length > 1) this.#stack.pop();
        continue;
      }
      if (name.length > NAME_MAX) return err('ENAMETOOLONG');
      if (!at.inode.isDirectory) return err('ENOTDIR');
      if (!mayAccess(at.inode, this.#access, 1)) return err('EACCES');
      const child = `${at.path}/${name}`;
      const mounted = this.#mounts.get(child);
      const inode = mounted?.root ?? at.inode.lookup(name, this.#access);
      const mount = mounted ?? at.mount;
      const last = this.#rest.length === 0;
      if (inode === undefined) {
        if (!last) return err('ENOENT');
        return ok({ parent: at.inode, mount, name, path: child, inode: undefined, slash });
      }
      if (inode.type === 'symlink' && (!last || followLast || slash)) {
        this.#links += 1;
        if (this.#links > SYMLINKS_MAX) return err('ELOOP');
        if (inode.magic !== undefined) {
          if (!last) {
            this.#stack.push({ inode: inode.magic, mount, path: child });
            continue;
          }
          return ok({ parent: at.inode, mount, name, path: child, inode: inode.magic, slash });
        }
        if (inode.target.startsWith('/')) this.#stack.length = 1;
        this.#push(inode.target);
        continue;
      }
      if (last) return ok({ parent: at.inode, mount, name, path: child, inode, slash });
      this.#stack.push({ inode, mount, path: child });
    }
  }

  #push(path: string): void {
    const parts = path.split('/');
    for (let index = parts.length - 1; index >= 0; index -= 1) {
      const part = parts[index] as string;
      if (part !== '') this.#rest.push(part);
    }
  }

  /** A path that ends in a folder already walked: `/`, `..`, `a/.`. */
  #here(at: Found, slash: boolean): Place {
    const parent = this.#stack[this.#stack.length - 2] ?? at;
    const name = at.path.slice(at.path.lastIndexOf('/') + 1);
    const path = at.path === '' ? '/' : at.path;
    return { parent: parent.inode, mount: at.mount, name, path, inode: at.inode, slash };
  }
}

/** `ro,relatime,size=65536k`: the mount's flags, then what the file system says. */
function optionsText(fs: FileSystem, { readOnly, flags = 'relatime' }: MountFlags): string {
  const details = fs.details === '' ? '' : `,${fs.details}`;
  return `${readOnly === true ? 'ro' : 'rw'},${flags}${details}`;
}

function release(root: Inode): void {
  if (root.isDirectory) return;
  root.opens -= 1;
  root.releaseIfUnused();
}
