/**
 * /proc as a synthetic folder: what `ps`, `ss`, `free`, `uptime` and learners read. Texts are made when
 * they are read, from the tables of the kernel; /proc/sys can be written. (The files at its top are in
 * proc-system.ts, those of a network in proc-network.ts, /sys in cgroup-files.ts.)
 *
 * Not modelled: files that nothing here reads (maps, smaps, io, schedstat …): they do not exist.
 */
import { sortedText } from '../../ground/base/text.ts';
import { cgroupPathFrom } from './cgroup-files.ts';
import { type Access, type DirectorySource, FileSystem, type Inode } from './files/inode.ts';
import { stateOf, virtualKib } from './kernel-calls.ts';
import type { PidNamespace } from './pids.ts';
import { deviceText, routeText, tcpText } from './proc-network.ts';
import { systemFiles, TICK } from './proc-system.ts';
import { RunningProcess } from './running-process.ts';
import { type Maker, Synthetic } from './synthetic.ts';
import type { System } from './system.ts';

const STATE_WORDS = { R: 'running', S: 'sleeping', T: 'stopped', Z: 'zombie' } as const;
const PAGE = 4096;

/** A folder whose source is made when somebody looks into it: every container has a /proc and a /sys. */
export function lateSource(make: () => DirectorySource): DirectorySource {
  let made: DirectorySource | undefined;
  const source = (): DirectorySource => {
    made ??= make();
    return made;
  };
  return {
    lookup: (name, access) => source().lookup(name, access),
    names: (access) => source().names(access),
  };
}

/** The root of /proc for processes of a namespace. */
export function procSource(
  system: System,
  namespace: PidNamespace,
  cgroup: string,
): DirectorySource {
  const fs = new FileSystem({
    kind: 'proc',
    source: 'proc',
    size: 0,
    now: () => system.clock.wall(),
  });
  const make = new Synthetic(fs);
  let known: ReadonlyMap<string, Maker> | undefined;
  const top = (): ReadonlyMap<string, Maker> => {
    known ??= new Map(Object.entries(topFiles(system, make)));
    return known;
  };
  const processFolder = (pid: number): Inode | undefined => {
    const process = namespace.processes.get(pid);
    return process === undefined
      ? undefined
      : processFiles(system, make, process, { namespace, cgroup });
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
  return {
    ...systemFiles(system, make),
    mounts: () => make.link('self/mounts'),
    net: () => make.link('self/net'),
    sys: () => sysctlFolder(system, make, ''),
  };
}

/** As what a /proc shows processes: their numbers, and the top of the cgroup tree. */
interface Seen {
  readonly namespace: PidNamespace;
  readonly cgroup: string;
}

/** /proc/<pid>. */
function processFiles(
  system: System,
  make: Synthetic,
  process: RunningProcess,
  { namespace, cgroup }: Seen,
): Inode {
  const pid = process.pidIn(namespace) ?? process.pid;
  const text =
    (render: () => string): Maker =>
    () =>
      make.file(render, undefined, process);
  const own = (access: Access): boolean => access.uid === 0 || access.uid === process.uid;
  return make.table(
    {
      cgroup: text(() => `0::${cgroupPathFrom(cgroup, process.cgroup.path)}\n`),
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
      exe: (access) =>
        own(access) && process.executable !== '' ? make.link(process.executable) : undefined,
      fd: () => descriptorFolder(system, make, process),
      limits: text(() => LIMITS),
      mountinfo: text(() => mountTable(process)),
      mounts: text(() => mountsText(process)),
      net: () =>
        make.table({
          dev: text(() => deviceText(process)),
          route: text(() => routeText(process)),
          tcp: text(() => tcpText(system, process)),
        }),
      ns: () => namespaceFolder(system, make, process),
      root: (access) => {
        if (!own(access)) return undefined;
        const link = make.link('/');
        const { mount } = process.namespaces;
        // Another's root is what stands under it, not what it is called.
        const seen = access instanceof RunningProcess ? access.namespaces.mount : mount;
        if (seen !== mount) link.magic = mount.root?.root;
        return link;
      },
      stat: text(() => {
        system.cpu.settle();
        const started = Math.floor((process.started - system.bootTime) / TICK);
        const ticks = Math.floor(process.cpuUsed / TICK);
        return `${pid} (${process.comm}) ${stateOf(process)} ${process.parent?.pidIn(namespace) ?? 0} ${process.group.numbers[namespace.level] ?? 0} ${process.session.leader.pidIn(namespace) ?? 0} 0 -1 0 0 0 0 0 ${ticks} 0 0 0 20 0 ${process.tasks.size} 0 ${started} ${virtualKib(process.resident) * 1024} ${Math.ceil(process.resident / PAGE)}\n`;
      }),
      status: text(() => statusText(process, pid, namespace)),
    },
    process,
  );
}

function statusText(process: RunningProcess, pid: number, namespace: PidNamespace): string {
  const state = stateOf(process);
  const { uid, gid } = process;
  const resident = Math.floor(process.resident / 1024);
  const kib = (amount: number): string => `${`${amount}`.padStart(8)} kB`;
  const numbers = process.numbers.slice(namespace.level).join('\t');
  const mask = uid === 0 ? '00000000a80425fb' : '0000000000000000';
  return [
    `Name:\t${process.comm}`,
    `Umask:\t${process.umask.toString(8).padStart(4, '0')}`,
    `State:\t${state} (${STATE_WORDS[state]})`,
    `Tgid:\t${pid}`,
    'Ngid:\t0',
    `Pid:\t${pid}`,
    `PPid:\t${process.parent?.pidIn(namespace) ?? 0}`,
    'TracerPid:\t0',
    `Uid:\t${uid}\t${uid}\t${uid}\t${uid}`,
    `Gid:\t${gid}\t${gid}\t${gid}\t${gid}`,
    `FDSize:\t64`,
    `Groups:\t${process.groups.join(' ')} `,
    `NStgid:\t${numbers}`,
    `NSpid:\t${numbers}`,
    `VmPeak:\t${kib(virtualKib(process.resident))}`,
    `VmSize:\t${kib(virtualKib(process.resident))}`,
    `VmHWM:\t${kib(resident)}`,
    `VmRSS:\t${kib(resident)}`,
    `Threads:\t${Math.max(1, process.tasks.size)}`,
    `CapPrm:\t${mask}`,
    `CapEff:\t${mask}`,
    'CapBnd:\t00000000a80425fb',
    'NoNewPrivs:\t0',
    'Seccomp:\t0',
    '',
  ].join('\n');
}

/** What a process holds open: files by their descriptors, and its sockets. */
function descriptorFolder(system: System, make: Synthetic, process: RunningProcess): Inode {
  const sockets = (): ReadonlyMap<number, object> => {
    const held = new Map<number, object>();
    for (const socket of process.namespaces.network.sockets.all()) {
      const { owner, descriptor } = socket.row();
      if (owner === process && descriptor > 0 && !process.descriptors.has(descriptor))
        held.set(descriptor, socket);
    }
    return held;
  };
  return make.folder({
    lookup(name) {
      const file = process.descriptors.get(Number(name));
      if (file !== undefined) {
        const unnamed = /^(pipe|socket):\[\D/.exec(file.name)?.[1];
        const shown =
          unnamed === undefined ? file.name : `${unnamed}:[${system.numbers.anonymous(file)}]`;
        return make.descriptor(file, shown, process);
      }
      const socket = sockets().get(Number(name));
      return socket === undefined
        ? undefined
        : make.link(`socket:[${system.numbers.anonymous(socket)}]`);
    },
    names: () => sortedText([...process.descriptors.keys(), ...sockets().keys()].map(String)),
  });
}

/** /proc/<pid>/ns: a link for each kind, with the namespace's number. */
function namespaceFolder(system: System, make: Synthetic, process: RunningProcess): Inode {
  const { init } = system.pids;
  const { network, mount, pid, uts, ipc } = process.namespaces;
  const spaces: Readonly<Record<string, object | undefined>> = {
    // A container's cgroup and time namespaces follow its mounts; users are those of the host.
    cgroup: mount === init?.namespaces.mount ? undefined : process.cgroup,
    ipc,
    mnt: mount,
    net: network,
    pid,
    pid_for_children: pid,
    time: undefined,
    time_for_children: undefined,
    user: undefined,
    uts,
  };
  const first = init?.namespaces;
  const initial = new Set<object | undefined>([
    first?.ipc,
    first?.mount,
    first?.network,
    first?.pid,
    first?.uts,
  ]);
  const children: Record<string, Maker> = {};
  for (const [name, space] of Object.entries(spaces)) {
    const type = name.replace('_for_children', '');
    children[name] = () =>
      make.link(
        `${type}:[${system.numbers.namespace(type, initial.has(space) ? undefined : space)}]`,
      );
  }
  return make.table(children);
}

/** /proc/mounts as a process sees it. */
function mountsText(process: RunningProcess): string {
  return process.namespaces.mount.mounts
    .map(({ path, root, options }) => `${root.fs.source} ${path} ${root.fs.kind} ${options} 0 0\n`)
    .join('');
}

/** /proc/<pid>/mountinfo: the same, with numbers of mounts and devices. */
function mountTable(process: RunningProcess): string {
  return process.namespaces.mount.mounts
    .map(({ path, root, options }, at) => {
      const { source, kind } = root.fs;
      const device = source.startsWith('/dev/') ? '8:1' : `0:${30 + at}`;
      const [mode = 'rw'] = options.split(',');
      return `${600 + at} ${at === 0 ? 599 : 600} ${device} / ${path} ${options} - ${kind} ${source} ${mode}\n`;
    })
    .join('');
}

/** /proc/<pid>/limits, as containerd's unit and Debian set them. */
const LIMITS = [
  ['Limit', 'Soft Limit', 'Hard Limit', 'Units'],
  ['Max cpu time', 'unlimited', 'unlimited', 'seconds'],
  ['Max file size', 'unlimited', 'unlimited', 'bytes'],
  ['Max data size', 'unlimited', 'unlimited', 'bytes'],
  ['Max stack size', '8388608', 'unlimited', 'bytes'],
  ['Max core file size', 'unlimited', 'unlimited', 'bytes'],
  ['Max resident set', 'unlimited', 'unlimited', 'bytes'],
  ['Max processes', 'unlimited', 'unlimited', 'processes'],
  ['Max open files', '1048576', '1048576', 'files'],
  ['Max locked memory', '8388608', '8388608', 'bytes'],
  ['Max address space', 'unlimited', 'unlimited', 'bytes'],
  ['Max file locks', 'unlimited', 'unlimited', 'locks'],
  ['Max pending signals', '31718', '31718', 'signals'],
  ['Max msgqueue size', '819200', '819200', 'bytes'],
  ['Max nice priority', '0', '0', ''],
  ['Max realtime priority', '0', '0', ''],
  ['Max realtime timeout', 'unlimited', 'unlimited', 'us'],
]
  .map(
    ([name = '', soft = '', hard = '', unit = '']) =>
      `${name.padEnd(25)} ${soft.padEnd(20)} ${hard.padEnd(20)} ${unit.padEnd(10)}\n`,
  )
  .join('');

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
