/** sysctl, dmesg, mount, umount, nsenter, lsns, bridge: the kernel as root sees it. (procps 4.0, util-linux 2.38, iproute2 6.1) */
import type { Task } from '../../ground/base/task.ts';
import { compareText } from '../../ground/base/text.ts';
import { formatDate } from '../../ground/lang/strftime.ts';
import { messageOf } from '../../machines/machine/journal.ts';
import type { Namespaces } from '../../machines/machine/kernel.ts';
import type { Process } from '../../machines/machine/process.ts';
import { findUser } from '../../machines/machine/users.ts';
import { strerror } from '../../machines/network/errno.ts';
import { flagsOf } from './ip/device.ts';
import { complain, defineTool, parseOptions } from './support.ts';

// ---- sysctl

export const sysctl = defineTool('sysctl', function* run(process, args) {
  const parsed = parseOptions(args, {
    short: 'waneqp:N',
    long: {
      all: 'a',
      values: 'n',
      write: 'w',
      ignore: 'e',
      quiet: 'q',
      system: 'S',
      load: 'p:',
      names: 'N',
    },
  });
  if (!parsed.ok) {
    yield* complain(process, parsed.error);
    return 1;
  }
  const options = parsed.value;
  const words = [...options.operands];
  const files = options.has('S')
    ? sysctlFiles(process)
    : options.has('p')
      ? [options.get('p') as string]
      : [];
  for (const file of files) {
    const text = process.files.readText(file);
    if (!text.ok) {
      yield* complain(process, `cannot open "${file}": ${strerror(text.error)}`);
      return 1;
    }
    if (options.has('S')) yield* process.print(`* Applying ${file} ...\n`);
    words.push(
      ...text.value
        .split('\n')
        .flatMap((line) =>
          /^\s*[^#;\s].*=/.test(line) ? [line.replace(/\s*=\s*/, '=').trim()] : [],
        ),
    );
  }
  if (options.has('a')) words.push(...allNames(process));
  let code = 0;
  for (const word of words) {
    const equals = word.indexOf('=');
    const name = (equals < 0 ? word : word.slice(0, equals)).trim().replace(/\//g, '.');
    if (equals >= 0) {
      const value = word.slice(equals + 1).trim();
      const done = process.kernel.setSysctl(name, value);
      if (done.ok) {
        if (!options.has('q')) yield* process.print(`${name} = ${value}\n`);
        continue;
      }
      yield* complain(
        process,
        done.error === 'ENOENT'
          ? `cannot stat /proc/sys/${name.replace(/\./g, '/')}: No such file or directory`
          : `setting key "${name}"${done.error === 'EACCES' ? '' : `: ${strerror(done.error)}`}${done.error === 'EACCES' ? ', ignoring: Permission denied' : ''}`,
      );
      code = 1;
      continue;
    }
    const value = process.kernel.sysctl(name);
    if (value === undefined) {
      if (options.has('e')) continue;
      yield* complain(
        process,
        `cannot stat /proc/sys/${name.replace(/\./g, '/')}: No such file or directory`,
      );
      code = 1;
    } else
      yield* process.print(
        options.has('N') ? `${name}\n` : options.has('n') ? `${value}\n` : `${name} = ${value}\n`,
      );
  }
  return code;
});

function sysctlFiles(process: Process): readonly string[] {
  const folders = ['/usr/lib/sysctl.d', '/etc/sysctl.d'];
  const found = folders.flatMap((folder) => {
    const names = process.files.list(folder);
    return names.ok
      ? names.value.filter((name) => name.endsWith('.conf')).map((name) => `${folder}/${name}`)
      : [];
  });
  return process.files.exists('/etc/sysctl.conf') ? [...found, '/etc/sysctl.conf'] : found;
}

/** Every name that /proc/sys has. */
function allNames(process: Process): readonly string[] {
  const names: string[] = [];
  const visit = (path: string, depth: number): void => {
    const list = process.files.list(path);
    if (!list.ok || depth > 10) return;
    for (const name of list.value) {
      const full = `${path}/${name}`;
      const stat = process.files.stat(full);
      if (stat.ok && stat.value.type === 'directory') visit(full, depth + 1);
      else names.push(full.slice('/proc/sys/'.length).replace(/\//g, '.'));
    }
  };
  visit('/proc/sys', 0);
  const seen = names.length > 0 ? names : [...process.kernel.namespaces.network.sysctls.keys()];
  return seen.sort(compareText);
}

// ---- dmesg

export const dmesg = defineTool('dmesg', function* run(process, args) {
  const parsed = parseOptions(args, {
    short: 'TtwHkxd',
    long: { ctime: 'T', notime: 't', follow: 'w', human: 'H', decode: 'x' },
  });
  if (!parsed.ok || process.uid !== 0) {
    yield* process.printError(
      parsed.ok
        ? 'dmesg: read kernel buffer failed: Operation not permitted\n'
        : `dmesg: ${parsed.error}\n`,
    );
    return 1;
  }
  const { journal } = process.kernel.units;
  const booted = process.clock.wall() - process.clock.monotonic();
  let seen = 0;
  for (;;) {
    const records = journal.read({
      identifier: 'kernel',
      bootId: process.kernel.bootId,
      after: seen,
    });
    const lines = records.map((record) => {
      const since = Math.max(0, record.time - booted);
      const stamp = `[${String(Math.floor(since / 1_000_000)).padStart(5)}.${String(since % 1_000_000).padStart(6, '0')}] `;
      const civil = `[${formatDate('%a %b %e %H:%M:%S %Y', record.time)}] `;
      return `${parsed.value.has('t') ? '' : parsed.value.has('T') ? civil : stamp}${messageOf(record)}\n`;
    });
    seen = journal.last;
    if (lines.length > 0) yield* process.print(lines.join(''));
    if (!parsed.value.has('w')) return 0;
    yield journal.added;
  }
});

// ---- mounts

export const mount = defineTool('mount', function* run(process, args) {
  const parsed = parseOptions(args, {
    short: 't:o:rBavl',
    long: { bind: 'B', rbind: 'B', types: 't:', options: 'o:', 'read-only': 'r' },
  });
  if (!parsed.ok) {
    yield* process.printError(`mount: ${parsed.error}\nTry 'mount --help' for more information.\n`);
    return 1;
  }
  const options = parsed.value;
  if (options.operands.length === 0) {
    const type = options.get('t');
    const text = process.files.readText('/proc/self/mounts');
    const lines = (text.ok ? text.value : '').split('\n').flatMap((line) => {
      const [source, path, kind, flags] = line.split(' ');
      return flags === undefined || (type !== undefined && kind !== type)
        ? []
        : [`${source} on ${path} type ${kind} (${flags})\n`];
    });
    yield* process.print(lines.join(''));
    return 0;
  }
  const [source = '', point] = options.operands;
  const flags = options.all('o').flatMap((list) => list.split(','));
  if (process.uid !== 0) {
    yield* process.printError('mount: only root can do that\n');
    return 1;
  }
  if (point === undefined) {
    yield* process.printError(`mount: ${source}: can't find in /etc/fstab.\n`);
    return 1;
  }
  const view = process.kernel.namespaces.mount;
  const path = process.files.realpath(point);
  if (!path.ok) {
    yield* process.printError(`mount: ${point}: mount point does not exist.\n`);
    return 32;
  }
  const readOnly = options.has('r') || flags.includes('ro');
  const bound = options.has('B') || flags.includes('bind') || flags.includes('rbind');
  const type = options.get('t');
  const done = bound
    ? view.bind(path.value, view, process.files.resolve(source), { readOnly })
    : type === 'tmpfs'
      ? view.tmpfs(path.value, { readOnly })
      : type === 'proc'
        ? view.proc(path.value, process.kernel.namespaces.pid)
        : type === 'sysfs'
          ? view.sys(path.value, { readOnly })
          : undefined;
  if (done?.ok === true) return 0;
  const why =
    done === undefined
      ? type === undefined
        ? `special device ${source} does not exist.`
        : `unknown filesystem type '${type}'.`
      : done.error === 'ENOENT'
        ? `special device ${source} does not exist.`
        : `${strerror(done.error)}.`;
  yield* process.printError(`mount: ${point}: ${why}\n`);
  return 32;
});

export const umount = defineTool('umount', function* run(process, args) {
  const paths = args.filter((arg) => !arg.startsWith('-'));
  if (paths.length === 0) {
    yield* process.printError("umount: bad usage\nTry 'umount --help' for more information.\n");
    return 1;
  }
  let code = 0;
  for (const path of paths) {
    const found = process.files.realpath(path);
    const done = !found.ok
      ? found
      : process.uid !== 0
        ? ({ ok: false, error: 'EPERM' } as const)
        : process.kernel.namespaces.mount.unmount(found.value);
    if (done.ok) continue;
    const why =
      done.error === 'ENOENT'
        ? 'no mount point specified.'
        : done.error === 'EINVAL'
          ? 'not mounted.'
          : done.error === 'EPERM'
            ? 'must be superuser to unmount.'
            : done.error === 'EBUSY'
              ? 'target is busy.'
              : `${strerror(done.error)}.`;
    yield* process.printError(`umount: ${path}: ${why}\n`);
    code = done.error === 'ENOENT' ? 1 : 32;
  }
  return code;
});

// ---- namespaces

const NSENTER = {
  target: 't:',
  net: 'n',
  mount: 'm',
  pid: 'p',
  uts: 'u',
  ipc: 'i',
  all: 'a',
  root: 'r',
  wd: 'w',
};

export const nsenter = defineTool('nsenter', function* run(process, args) {
  const parsed = parseOptions(args, { short: 't:nmpuiarwCUF', long: NSENTER, posix: true });
  if (!parsed.ok) {
    yield* process.printError(
      `nsenter: ${parsed.error}\nTry 'nsenter --help' for more information.\n`,
    );
    return 1;
  }
  const options = parsed.value;
  const target = options.get('t');
  if (target === undefined) {
    yield* process.printError('nsenter: neither filename nor target pid supplied for ns/net\n');
    return 1;
  }
  const found = process.kernel.namespacesOf(Number(target));
  if (!found.ok || process.uid !== 0) {
    yield* process.printError(
      `nsenter: ${found.ok ? 'reassociate to namespaces failed: Operation not permitted' : `cannot open /proc/${target}/ns/net: No such file or directory`}\n`,
    );
    return 1;
  }
  const their = found.value;
  const takes = (letter: string): boolean => options.has('a') || options.has(letter);
  const namespaces: Partial<Namespaces> = {
    ...(takes('n') ? { network: their.network } : {}),
    ...(takes('m') ? { mount: their.mount } : {}),
    ...(takes('p') ? { pid: their.pid } : {}),
    ...(takes('u') ? { uts: their.uts } : {}),
    ...(takes('i') ? { ipc: their.ipc } : {}),
  };
  const argv =
    options.operands.length > 0 ? options.operands : [process.env.get('SHELL') ?? '/bin/sh'];
  const child = process.spawn({ argv, namespaces, ...(takes('m') ? { cwd: '/' } : {}) });
  if (child.ok) return (yield* child.value.wait()).code;
  yield* process.printError(`nsenter: failed to execute ${argv[0]}: No such file or directory\n`);
  return 127;
});

const NAMESPACE_TYPES = ['mnt', 'uts', 'ipc', 'pid', 'net'] as const;
const NAMESPACE_KEYS = {
  mnt: 'mount',
  uts: 'uts',
  ipc: 'ipc',
  pid: 'pid',
  net: 'network',
} as const;

/** A namespace's number, from the link in /proc/PID/ns. */
function inodeOf(process: Process, pid: number, type: string): string {
  const link = process.files.readlink(`/proc/${pid}/ns/${type}`);
  return /\[(\d+)\]/.exec(link.ok ? link.value : '')?.[1] ?? '';
}

export const lsns = defineTool('lsns', function* run(process, args) {
  const parsed = parseOptions(args, {
    short: 't:p:nr',
    long: { type: 't:', task: 'p:', noheadings: 'n' },
  });
  if (!parsed.ok) {
    yield* process.printError(`lsns: ${parsed.error}\n`);
    return 1;
  }
  const wanted = parsed.value.get('t');
  const task = parsed.value.get('p');
  const rows: string[][] = [];
  const seen = new Map<object, string[]>();
  for (const entry of process.kernel.processes()) {
    const spaces = process.kernel.namespacesOf(entry.pid);
    if (!spaces.ok || (process.uid !== 0 && entry.uid !== process.uid)) continue;
    for (const type of NAMESPACE_TYPES) {
      const space = spaces.value[NAMESPACE_KEYS[type]];
      if (
        (wanted !== undefined && wanted !== type) ||
        (task !== undefined && Number(task) !== entry.pid)
      )
        continue;
      const row = seen.get(space);
      if (row !== undefined) {
        row[2] = String(Number(row[2]) + 1);
        continue;
      }
      const user = findUser(process.files, entry.uid)?.name ?? String(entry.uid);
      const fresh = [
        inodeOf(process, entry.pid, type),
        type,
        '1',
        String(entry.pid),
        user,
        entry.argv.join(' '),
      ];
      seen.set(space, fresh);
      rows.push(fresh);
    }
  }
  rows.sort((a, b) => Number(a[0]) - Number(b[0]));
  yield* process.print(namespaceTable(rows, parsed.value.has('n')));
  return 0;
});

function namespaceTable(rows: readonly (readonly string[])[], noHead: boolean): string {
  const all = noHead ? rows : [['NS', 'TYPE', 'NPROCS', 'PID', 'USER', 'COMMAND'], ...rows];
  const widths = [0, 1, 2, 3, 4].map((index) =>
    Math.max(...all.map((row) => (row[index] as string).length), 0),
  );
  return all
    .map(
      ([inode = '', type = '', count = '', pid = '', user = '', command = '']) =>
        `${inode.padStart(widths[0] as number)} ${type.padEnd(widths[1] as number)} ${count.padStart(widths[2] as number)} ${pid.padStart(widths[3] as number)} ${user.padEnd(widths[4] as number)} ${command}\n`,
    )
    .join('');
}

// ---- bridge

export const bridge = defineTool('bridge', function* run(process, args) {
  const [object = '', verb = 'show'] = args.filter((arg) => !arg.startsWith('-'));
  const network = process.kernel.namespaces.network;
  if (verb !== 'show' && verb !== 'list') {
    yield* process.printError('bridge: only shows here; use ip link to change ports\n');
    return 255;
  }
  if ('link'.startsWith(object) && object !== '') {
    const ports = network.interfaces().filter(({ master }) => master !== undefined);
    yield* process.print(
      ports
        .map(
          (port) =>
            `${port.index}: ${port.name}${port.peer === undefined ? '' : `@if${port.peer.index}`}: ${flagsOf(port)} mtu ${port.mtu} master ${port.master?.name} state forwarding priority 32 cost 2 \n`,
        )
        .join(''),
    );
    return 0;
  }
  if ('fdb'.startsWith(object) && object !== '') {
    yield* forwardingTable(process);
    return 0;
  }
  yield* process.printError(`Object "${object}" is unknown, try "bridge help".\n`);
  return 1;
});

/** What a bridge knows: the stations behind its ports, and its ports' own addresses. */
function* forwardingTable(process: Process): Task<void> {
  const lines: string[] = [];
  for (const device of process.kernel.namespaces.network.interfaces()) {
    if (device.kind !== 'bridge') continue;
    for (const port of device.ports) {
      if (port.peer !== undefined)
        lines.push(`${port.peer.mac} dev ${port.name} master ${device.name} \n`);
      lines.push(`${port.mac} dev ${port.name} master ${device.name} permanent\n`);
    }
  }
  yield* process.print(lines.join(''));
}
