/** What the disk of a fresh host holds before its builder adds anything: Debian 12's folders and /etc. */
import { fnv1a } from '../../ground/base/hash.ts';
import { formatIp, type Ip } from '../../ground/base/ip.ts';
import { ROOT_ACCESS, type FileSystem, Inode } from './files/inode.ts';
import { GROUP, PASSWD } from './users.ts';

const FOLDERS = [
  '/boot',
  '/dev',
  '/dev/pts',
  '/dev/shm',
  '/etc',
  '/etc/default',
  '/etc/systemd/system',
  '/home',
  '/lib/systemd/system',
  '/mnt',
  '/opt',
  '/proc',
  '/run',
  '/srv',
  '/sys',
  '/usr/bin',
  '/usr/lib',
  '/usr/local/bin',
  '/usr/local/sbin',
  '/usr/sbin',
  '/usr/share',
  '/var/cache',
  '/var/lib',
  '/var/log',
] as const;

/** As Debian merges /usr. */
const LINKS: readonly (readonly [string, string])[] = [
  ['/bin', 'usr/bin'],
  ['/sbin', 'usr/sbin'],
  ['/var/run', '/run'],
];

const OS_RELEASE = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
SUPPORT_URL="https://www.debian.org/support"
BUG_REPORT_URL="https://bugs.debian.org/"
`;

/** Character devices by name, with what opening them gives. */
const DEVICES = ['null', 'zero', 'urandom', 'random', 'tty', 'full'] as const;

/** What a minimal Debian takes of a disk, besides the files that are modelled. */
const SYSTEM_BYTES = 1_432_000_000;

/** The root folder of a new disk. */
export function makeRoot(fs: FileSystem, name: string, ip: Ip, machineId: string): Inode {
  fs.charge(SYSTEM_BYTES);
  const root = new Inode(fs, 'directory', { mode: 0o755 });
  for (const path of FOLDERS) folderAt(root, path);
  folderAt(root, '/root').mode = 0o700;
  folderAt(root, '/tmp').mode = 0o1777;
  folderAt(root, '/var/tmp').mode = 0o1777;
  for (const [path, target] of LINKS) {
    place(root, path, new Inode(fs, 'symlink', { mode: 0o777, target }));
  }
  const texts: readonly (readonly [string, string])[] = [
    ['/etc/group', GROUP],
    ['/etc/hostname', `${name}\n`],
    ['/etc/hosts', `127.0.0.1\tlocalhost\n${formatIp(ip)}\t${name}\n`],
    ['/etc/machine-id', `${machineId}\n`],
    ['/etc/os-release', OS_RELEASE],
    ['/etc/passwd', PASSWD],
    ['/etc/resolv.conf', ''],
  ];
  for (const [path, text] of texts) {
    const file = new Inode(fs, 'file', { mode: 0o644 });
    file.store(Uint8Array.from(text, (letter) => letter.charCodeAt(0)));
    place(root, path, file);
  }
  makeDevices(folderAt(root, '/dev'));
  return root;
}

/** Fills a /dev folder: a host's, or the tmpfs of a container. */
function makeDevices(dev: Inode): void {
  for (const name of DEVICES) {
    dev.link(name, new Inode(dev.fs, 'character', { mode: 0o666, target: name }));
  }
  for (const [name, target] of [
    ['fd', '/proc/self/fd'],
    ['stdin', '/proc/self/fd/0'],
    ['stdout', '/proc/self/fd/1'],
    ['stderr', '/proc/self/fd/2'],
  ] as const) {
    dev.link(name, new Inode(dev.fs, 'symlink', { mode: 0o777, target }));
  }
}

/** A machine id of its own for each host name. */
export function machineIdOf(name: string): string {
  let hash = fnv1a(name);
  let text = '';
  for (let part = 0; part < 4; part += 1) {
    hash = fnv1a(`${name}/${part}`, hash);
    text += hash.toString(16).padStart(8, '0');
  }
  return text;
}

function folderAt(root: Inode, path: string): Inode {
  let folder = root;
  for (const part of path.split('/')) {
    if (part === '') continue;
    let next = folder.lookup(part, ROOT_ACCESS);
    if (next === undefined) {
      next = new Inode(root.fs, 'directory', { mode: 0o755 });
      folder.link(part, next);
    }
    folder = next;
  }
  return folder;
}

function place(root: Inode, path: string, inode: Inode): void {
  const at = path.lastIndexOf('/');
  folderAt(root, path.slice(0, at)).link(path.slice(at + 1), inode);
}
