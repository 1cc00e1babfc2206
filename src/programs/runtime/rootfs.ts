/**
 * A container's mount view: the image's tree under a writable layer, /proc, /sys and /dev as runc makes
 * them, and the mounts that CRI asks for. Mount points that the image lacks are made, as runc does.
 */
import { err, ok, type Result } from '../../ground/base/result.ts';
import { textOf, utf8 } from '../../ground/base/bytes.ts';
import type { Kernel } from '../../machines/machine/kernel.ts';
import { FileSystem, Inode, ROOT_ACCESS } from '../../machines/machine/files/inode.ts';
import type { LayerNode } from '../../machines/machine/files/layer.ts';
import type { MountView } from '../../machines/machine/mounts.ts';
import type { PidNamespace } from '../../machines/machine/pids.ts';
import { goError } from '../../machines/network/errno.ts';
import type { Mount } from './wire/messages.ts';

const DEVICES = ['full', 'null', 'random', 'tty', 'urandom', 'zero'];
const SHM_BYTES = 64 * 1024 * 1024;
const NO_PROGRAMS = 'nosuid,nodev,noexec,relatime';
const KERNEL_MOUNTS = [
  {
    after: '/dev',
    path: '/dev/pts',
    kind: 'devpts',
    source: 'devpts',
    options: 'rw,nosuid,noexec,relatime,gid=5,mode=620,ptmxmode=666',
  },
  {
    after: '/dev',
    path: '/dev/mqueue',
    kind: 'mqueue',
    source: 'mqueue',
    options: `rw,${NO_PROGRAMS}`,
  },
];

export interface RootfsOptions {
  readonly name: string;
  readonly layer: LayerNode;
  readonly pid: PidNamespace;
  readonly mounts: readonly Mount[];
  readonly readonlyRoot: boolean;
  readonly privileged: boolean;
  /** The container's own, which it sees as the top of the tree unless it is privileged. */
  readonly cgroup: string;
  readonly workingDir: string;
  /** The /dev/shm that containers of a pod share, or the host's. */
  readonly shm: Inode;
}

/** A pod's /dev/shm. */
export function newShm(kernel: Kernel): Inode {
  const { now } = kernel.namespaces.mount.support;
  const details = `size=${SHM_BYTES / 1024}k`;
  const fs = new FileSystem({ kind: 'tmpfs', source: 'shm', size: SHM_BYTES, details, now });
  return new Inode(fs, 'directory', { mode: 0o1777 });
}

/** Builds the view; the error is runc's. */
export function makeRootfs(kernel: Kernel, options: RootfsOptions): Result<MountView, string> {
  const view = kernel.newMountView(options.name);
  const host = kernel.namespaces.mount;
  // Points are made while the root is writable.
  view.overlay('/', options.layer);
  const points: [string, boolean][] = [
    ['/proc', true],
    ['/dev', true],
    ['/sys', true],
  ];
  for (const [path, directory] of points) ensurePoint(view, path, directory);
  const cgroup = options.privileged ? '/' : options.cgroup;
  view.proc('/proc', options.pid, cgroup);
  view.tmpfs('/dev', { size: 65536 * 1024, mode: 0o755, flags: 'nosuid' });
  makeDevices(view, host, options.shm);
  view.sys('/sys', { readOnly: !options.privileged, cgroup });
  if (options.workingDir !== '') ensurePoint(view, options.workingDir, true);
  for (const mount of [...options.mounts].sort(
    (a, b) => a.containerPath.length - b.containerPath.length,
  )) {
    const source = host.walk(mount.hostPath, ROOT_ACCESS, '/');
    const failed = `error mounting "${mount.hostPath}" to rootfs at "${mount.containerPath}": `;
    if (!source.ok) return err(`${failed}stat ${mount.hostPath}: ${goError(source.error)}`);
    ensurePoint(view, mount.containerPath, source.value.inode.isDirectory);
    const bound = view.bindFound(mount.containerPath, host, source.value, {
      readOnly: mount.readonly,
    });
    if (!bound.ok)
      return err(
        `${failed}mount ${mount.hostPath}:${mount.containerPath}: ${goError(bound.error)}`,
      );
  }
  if (options.readonlyRoot && view.root !== undefined)
    view.mount('/', view.root.root, { readOnly: true });
  return ok(view);
}

function makeDevices(view: MountView, host: MountView, shm: Inode): void {
  const folder = view.walk('/dev', ROOT_ACCESS, '/');
  if (!folder.ok) return;
  const dev = folder.value.inode;
  const devices = host.walk('/dev', ROOT_ACCESS, '/');
  for (const name of devices.ok ? DEVICES : []) {
    const device = devices.ok ? devices.value.inode.lookup(name, ROOT_ACCESS) : undefined;
    if (device !== undefined) dev.link(name, device);
  }
  const links: [string, string][] = [
    ['core', '/proc/kcore'],
    ['ptmx', 'pts/ptmx'],
    ['fd', '/proc/self/fd'],
    ['stdin', '/proc/self/fd/0'],
    ['stdout', '/proc/self/fd/1'],
    ['stderr', '/proc/self/fd/2'],
  ];
  for (const [name, target] of links)
    dev.link(name, new Inode(dev.fs, 'symlink', { mode: 0o777, target }));
  for (const name of ['shm', 'mqueue', 'pts'])
    dev.link(name, new Inode(dev.fs, 'directory', { mode: name === 'pts' ? 0o755 : 0o1777 }));
  view.list(...KERNEL_MOUNTS);
  view.mount('/dev/shm', shm, { flags: NO_PROGRAMS });
}

/** Makes a mount point, and the folders above it, where nothing stands. */
function ensurePoint(view: MountView, path: string, directory: boolean): void {
  let place = view.place(path, ROOT_ACCESS, '/');
  const slash = path.lastIndexOf('/');
  if (!place.ok && place.error === 'ENOENT' && slash > 0) {
    ensurePoint(view, path.slice(0, slash), true);
    place = view.place(path, ROOT_ACCESS, '/');
  }
  if (!place.ok || place.value.inode !== undefined) return;
  const { parent, name } = place.value;
  const made = directory
    ? new Inode(parent.fs, 'directory', { mode: 0o755 })
    : new Inode(parent.fs, 'file', { mode: 0o644, data: utf8('') });
  parent.link(name, made);
}

/** Who a container runs as. */
export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly home: string;
}

/** Resolves `1000`, `1000:1000`, `nginx`, `nginx:nginx` against the view's passwd and group files. */
export function resolveUser(
  view: MountView,
  user: string,
  uid: number | undefined,
  gid: number | undefined,
): Result<ContainerUser, string> {
  const [name = '', group = ''] = uid === undefined ? user.split(':') : [`${uid}`];
  const passwd = table(view, '/etc/passwd');
  const byNumber = /^\d*$/.test(name);
  const wanted = name === '' ? '0' : name;
  const row = passwd.find((fields) => fields[byNumber ? 2 : 0] === wanted);
  if (!byNumber && row === undefined)
    return err(`unable to find user ${name}: no matching entries in passwd file`);
  const number = byNumber ? Number(wanted) : Number(row?.[2] ?? 0);
  let groupNumber = gid ?? Number(row?.[3] ?? 0);
  if (gid === undefined && group !== '') {
    const named = /^\d+$/.test(group)
      ? group
      : table(view, '/etc/group').find((fields) => fields[0] === group)?.[2];
    if (named === undefined)
      return err(`unable to find group ${group}: no matching entries in group file`);
    groupNumber = Number(named);
  }
  return ok({
    uid: number,
    gid: groupNumber,
    groups: groupsOf(view, row?.[0]),
    home: row?.[5] ?? (number === 0 ? '/root' : '/'),
  });
}

/** The groups whose line in /etc/group names an account. */
function groupsOf(view: MountView, account: string | undefined): readonly number[] {
  if (account === undefined) return [];
  return table(view, '/etc/group').flatMap((fields) =>
    (fields[3] ?? '').split(',').includes(account) ? [Number(fields[2])] : [],
  );
}

function table(view: MountView, path: string): string[][] {
  const found = view.walk(path, ROOT_ACCESS, '/');
  if (!found.ok || found.value.inode.type !== 'file') return [];
  return textOf(found.value.inode.bytes)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}
