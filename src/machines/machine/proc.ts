/**
 * /proc and /sys as synthetic folders: what `ps`, `ss`, `free`, `uptime` and learners read. Texts are
 * made when they are read, from the tables of the kernel; /proc/sys can be written.
 *
 * Not modelled: files that nothing here reads (maps, smaps, io, schedstat …): they do not exist.
 */
import { utf8 } from '../../ground/base/bytes.ts';
import { formatIp } from '../../ground/base/ip.ts';
import { err, type Result } from '../../ground/base/result.ts';
import { sortedText } from '../../ground/base/text.ts';
import type { Errno } from '../network/errno.ts';
import {
  type Access,
  type DirectorySource,
  FileSystem,
  Inode,
  type LiveDocument,
} from './files/inode.ts';
import { RegularFile } from './files/open-file.ts';
import { KERNEL_VERSION } from './kernel-messages.ts';
import type { OpenFile } from './files-types.ts';
import { stateOf } from './kernel-calls.ts';
import type { PidNamespace } from './pids.ts';
import { RunningProcess } from './running-process.ts';
import type { System } from './system.ts';

type Maker = (access: Access) => Inode | undefined;

const STATE_WORDS = { R: 'running', S: 'sleeping', T: 'stopped', Z: 'zombie' } as const;
/** USER_HZ. */
const TICK = 10_000;
const PAGE = 4096;

/** Makes the inodes of a synthetic file system. */
class Synthetic {
  readonly fs: FileSystem;

  constructor(fs: FileSystem) {
    this.fs = fs;
  }

  file(text: () => string, store?: (text: string) => Result<void, Errno>, owner?: Access): Inode {
    const document: LiveDocument = {
      kind: 'kernel',
      value: undefined,
      render: () => utf8(text()),
      ...(store === undefined ? {} : { store }),
    };
    const mode = store === undefined ? 0o444 : 0o644;
    return new Inode(this.fs, 'file', {
      mode,
      data: document,
      uid: owner?.uid ?? 0,
      gid: owner?.gid ?? 0,
    });
  }

  link(target: string): Inode {
    return new Inode(this.fs, 'symlink', { mode: 0o777, target });
  }

  /** A link of /proc/<pid>/fd, which leads to the open file itself. */
  descriptor(file: OpenFile, owner: Access): Inode {
    const link = this.link(file.name);
    if (file instanceof RegularFile) link.magic = file.inode;
    else {
      link.magic = new Inode(this.fs, 'character', { mode: 0o620, uid: owner.uid, gid: owner.gid });
      link.magic.endpoint = file;
    }
    return link;
  }

  folder(source: DirectorySource, owner?: Access): Inode {
    return new Inode(this.fs, 'directory', {
      mode: 0o555,
      source,
      uid: owner?.uid ?? 0,
      gid: owner?.gid ?? 0,
    });
  }

  /** A folder of named children. */
  table(children: Readonly<Record<string, Maker>>, owner?: Access): Inode {
    const map = new Map(Object.entries(children));
    const names = sortedText(map.keys());
    return this.folder(
      { lookup: (name, access) => map.get(name)?.(access), names: () => names },
      owner,
    );
  }
}

/** The root of /proc for processes of a namespace. */
export function procSource(system: System, namespace: PidNamespace): DirectorySource {
  const fs = new FileSystem({
    kind: 'proc',
    source: 'proc',
    size: 0,
    now: () => system.clock.wall(),
  });
  const make = new Synthetic(fs);
  // Every container has a /proc; few look into it.
  let known: ReadonlyMap<string, Maker> | undefined;
  const top = (): ReadonlyMap<string, Maker> => {
    known ??= new Map(Object.entries(topFiles(system, make)));
    return known;
  };
  const processFolder = (pid: number): Inode | undefined => {
    const process = namespace.processes.get(pid);
    return process === undefined ? undefined : processFiles(system, make, process, namespace);
  };
  return {
    lookup(name, access) {
      const self = access.pidIn?.(namespace);
      if (name === 'self') return self === undefined ? undefined : make.link(`${self}`);
      if (/^\d+$/.test(name)) return processFolder(Number(name));
      return top().get(name)?.(access);
    },
    names() {
      const numbers = [...namespace.processes.keys()].sort((a, b) => a - b);
      return sortedText([...numbers.map(String), ...top().keys(), 'self']);
    },
  };
}

function topFiles(system: System, make: Synthetic): Record<string, Maker> {
  const text =
    (render: () => string): Maker =>
    () =>
      make.file(render);
  const uptime = (): number => system.clock.monotonic() / 1_000_000;
  return {
    cpuinfo: text(() => {
      let all = '';
      for (let cpu = 0; cpu < system.cpus; cpu += 1) {
        all += `processor\t: ${cpu}\nvendor_id\t: GenuineIntel\nmodel name\t: Drydock vCPU\ncpu MHz\t\t: 2400.000\ncpu cores\t: ${system.cpus}\n\n`;
      }
      return all;
    }),
    loadavg: text(() => {
      const running = system.cpu.running;
      const load = `${running}.00`;
      return `${load} ${load} ${load} ${running}/${system.pids.processes.size} ${Math.max(...system.pids.processes.keys())}\n`;
    }),
    meminfo: text(() => {
      const total = Math.floor(system.memoryBytes / 1024);
      const free = total - Math.floor(system.cgroups.root.memory / 1024);
      return `MemTotal:       ${kib(total)}\nMemFree:        ${kib(free)}\nMemAvailable:   ${kib(free)}\nBuffers:        ${kib(0)}\nCached:         ${kib(0)}\nSwapTotal:      ${kib(0)}\nSwapFree:       ${kib(0)}\n`;
    }),
    mounts: () => make.link('self/mounts'),
    net: () => make.link('self/net'),
    stat: text(() => {
      system.cpu.settle();
      const used = Math.floor(system.cpu.used / TICK);
      const idle = Math.max(0, Math.floor((system.clock.monotonic() * system.cpus) / TICK) - used);
      const boot = Math.floor((system.clock.wall() - system.clock.monotonic()) / 1_000_000);
      return `cpu  ${used} 0 0 ${idle} 0 0 0 0 0 0\nbtime ${boot}\nprocs_running ${system.cpu.running}\n`;
    }),
    sys: () => sysctlFolder(system, make, ''),
    uptime: text(() => {
      system.cpu.settle();
      const idle = uptime() * system.cpus - system.cpu.used / 1_000_000;
      return `${uptime().toFixed(2)} ${idle.toFixed(2)}\n`;
    }),
    version: text(() => `${KERNEL_VERSION}\n`),
  };
}

function kib(amount: number): string {
  return `${`${amount}`.padStart(8)} kB`;
}

/** /proc/<pid>. */
function processFiles(
  system: System,
  make: Synthetic,
  process: RunningProcess,
  namespace: PidNamespace,
): Inode {
  const pid = process.pidIn(namespace) ?? process.pid;
  const text =
    (render: () => string): Maker =>
    () =>
      make.file(render, undefined, process);
  const own = (access: Access): boolean => access.uid === 0 || access.uid === process.uid;
  const network = process.namespaces.network;
  return make.table(
    {
      cgroup: text(() => `0::${process.cgroup.path}\n`),
      cmdline: text(() => process.argv.map((word) => `${word}\0`).join('')),
      comm: text(() => `${process.comm}\n`),
      cwd: (access) => (own(access) ? make.link(process.cwd) : undefined),
      environ: (access) =>
        own(access)
          ? make.file(
              () => [...process.env].map(([key, value]) => `${key}=${value}\0`).join(''),
              undefined,
              process,
            )
          : undefined,
      fd: () => {
        const files = process.descriptors;
        return make.folder({
          lookup(name) {
            const file = files.get(Number(name));
            return file === undefined ? undefined : make.descriptor(file, process);
          },
          names: () => sortedText([...files.keys()].map(String)),
        });
      },
      mounts: text(() => mountsText(process)),
      net: () =>
        make.table({
          route: text(() => routeText(process)),
          tcp: text(() => tcpText(process)),
        }),
      ns: () =>
        make.table({
          ipc: () => make.link(`ipc:[${process.namespaces.ipc.name}]`),
          mnt: () => make.link(`mnt:[${process.namespaces.mount.name}]`),
          net: () => make.link(`net:[${network.name}]`),
          pid: () => make.link(`pid:[${process.namespaces.pid.name}]`),
        }),
      root: () => make.link('/'),
      stat: text(() => {
        system.cpu.settle();
        const started = Math.floor((process.started - system.bootTime) / TICK);
        const ticks = Math.floor(process.cpuUsed / TICK);
        return `${pid} (${process.comm}) ${stateOf(process)} ${process.parent?.pidIn(namespace) ?? 0} ${process.group.numbers[namespace.level] ?? 0} ${process.session.leader.pidIn(namespace) ?? 0} 0 -1 0 0 0 0 0 ${ticks} 0 0 0 20 0 ${process.tasks.size} 0 ${started} ${process.resident} ${Math.ceil(process.resident / PAGE)}\n`;
      }),
      status: text(() => statusText(process, pid, namespace)),
    },
    process,
  );
}

function statusText(process: RunningProcess, pid: number, namespace: PidNamespace): string {
  const state = stateOf(process);
  const { uid, gid } = process;
  const kilobytes = `${Math.floor(process.resident / 1024)}`.padStart(8);
  const numbers = process.numbers.slice(namespace.level).join('\t');
  return [
    `Name:\t${process.comm}`,
    `State:\t${state} (${STATE_WORDS[state]})`,
    `Tgid:\t${pid}`,
    `Pid:\t${pid}`,
    `PPid:\t${process.parent?.pidIn(namespace) ?? 0}`,
    `Uid:\t${uid}\t${uid}\t${uid}\t${uid}`,
    `Gid:\t${gid}\t${gid}\t${gid}\t${gid}`,
    `Groups:\t${process.groups.join(' ')}`,
    `NSpid:\t${numbers}`,
    `VmRSS:\t${kilobytes} kB`,
    `Threads:\t${Math.max(1, process.tasks.size)}`,
    '',
  ].join('\n');
}

/** /proc/mounts as a process sees it. */
function mountsText(process: RunningProcess): string {
  return process.namespaces.mount.mounts
    .map(({ path, root, options }) => `${root.fs.source} ${path} ${root.fs.kind} ${options} 0 0\n`)
    .join('');
}

/** Address and port as /proc/net has them: little-endian hex. */
function hexIp(ip: number): string {
  const bytes = formatIp(ip).split('.').reverse();
  return bytes.map((byte) => Number(byte).toString(16).padStart(2, '0').toUpperCase()).join('');
}

function hexPort(port: number): string {
  return port.toString(16).padStart(4, '0').toUpperCase();
}

const TCP_STATES: Readonly<Record<string, string>> = {
  ESTAB: '01',
  'SYN-SENT': '02',
  'SYN-RECV': '03',
  'FIN-WAIT-1': '04',
  'FIN-WAIT-2': '05',
  'TIME-WAIT': '06',
  'CLOSE-WAIT': '08',
  'LAST-ACK': '09',
  LISTEN: '0A',
};

function tcpText(process: RunningProcess): string {
  const rows = process.namespaces.network.sockets.rows().filter((row) => row.protocol === 'tcp');
  const head =
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  return (
    head +
    rows
      .map(
        (row, at) =>
          `${`${at}`.padStart(4)}: ${hexIp(row.local.ip)}:${hexPort(row.local.port)} ${hexIp(row.remote.ip)}:${hexPort(row.remote.port)} ${TCP_STATES[row.state] ?? '07'} 00000000:00000000 00:00000000 00000000 ${`${row.owner.uid}`.padStart(5)}        0 0\n`,
      )
      .join('')
  );
}

function routeText(process: RunningProcess): string {
  const head =
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
  const rows = process.namespaces.network.routes.all().filter((route) => route.type === 'unicast');
  return (
    head +
    rows
      .map((route) => {
        const { base, bits } = route.destination;
        const mask = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
        const flags = route.via === undefined ? '0001' : '0003';
        return `${route.device}\t${hexIp(base)}\t${hexIp(route.via ?? 0)}\t${flags}\t0\t0\t${route.metric}\t${hexIp(mask)}\t0\t0\t0\n`;
      })
      .join('')
  );
}

/** /proc/sys: a folder for each part of a sysctl's name. */
function sysctlFolder(system: System, make: Synthetic, prefix: string): Inode {
  const keysFor = (access: Access): readonly string[] => {
    const network =
      access instanceof RunningProcess ? access.namespaces.network.sysctls.keys() : [];
    return [...network, ...system.sysctls.keys(), 'kernel.hostname'].filter((key) =>
      key.startsWith(prefix),
    );
  };
  return make.folder({
    names: (access) =>
      sortedText(
        new Set(keysFor(access).map((key) => key.slice(prefix.length).split('.', 1)[0] as string)),
      ),
    lookup(name, access) {
      const full = `${prefix}${name}`;
      const keys = keysFor(access);
      if (keys.includes(full) && access instanceof RunningProcess) {
        const { kernel } = access;
        return make.file(
          () => `${kernel.sysctl(full) ?? ''}\n`,
          (text) => kernel.setSysctl(full, text.trim()),
        );
      }
      if (keys.some((key) => key.startsWith(`${full}.`)))
        return sysctlFolder(system, make, `${full}.`);
      return undefined;
    },
  });
}

/** The root of /sys: the cgroup tree, thin. */
export function sysSource(system: System): DirectorySource {
  const fs = new FileSystem({
    kind: 'sysfs',
    source: 'sysfs',
    size: 0,
    now: () => system.clock.wall(),
  });
  const make = new Synthetic(fs);
  const cgroupRoot = (): Inode => cgroupFolder(system, make, '/');
  const names = Object.freeze(['fs']);
  return {
    lookup: (name) => (name === 'fs' ? make.table({ cgroup: cgroupRoot }) : undefined),
    names: () => names,
  };
}

/** One cgroup as cgroup v2 shows it. */
function cgroupFolder(system: System, make: Synthetic, path: string): Inode {
  const refuse = (): Result<void, Errno> => err('EINVAL');
  const group = () => system.cgroups.find(path);
  const files: Record<string, Maker> = {
    'cgroup.procs': () =>
      make.file(
        () => [...(group()?.processes ?? [])].map((process) => `${process.hostPid}\n`).join(''),
        refuse,
      ),
    'cpu.max': () =>
      make.file(() => {
        const quota = group()?.quota;
        return `${quota ?? 'max'} 100000\n`;
      }),
    'cpu.stat': () =>
      make.file(() => {
        system.cpu.settle();
        return `usage_usec ${Math.floor(group()?.cpu ?? 0)}\nnr_throttled ${group()?.periodsThrottled ?? 0}\n`;
      }),
    'memory.current': () => make.file(() => `${group()?.memory ?? 0}\n`),
    'memory.max': () => make.file(() => `${group()?.limits.memoryMax ?? 'max'}\n`),
    'memory.oom.group': () => make.file(() => (group()?.limits.oomGroup === true ? '1\n' : '0\n')),
    'memory.peak': () => make.file(() => `${group()?.memoryPeak ?? 0}\n`),
  };
  return make.folder({
    names: () => sortedText([...Object.keys(files), ...(group()?.children.keys() ?? [])]),
    lookup(name, access) {
      if (Object.hasOwn(files, name)) return files[name]?.(access);
      const child = group()?.children.get(name);
      return child === undefined ? undefined : cgroupFolder(system, make, child.path);
    },
  });
}
