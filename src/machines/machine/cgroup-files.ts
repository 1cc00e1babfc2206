/**
 * /sys: the cgroup tree as cgroup v2 shows it (Documentation/admin-guide/cgroup-v2.rst). A container sees
 * its own group as the root of the tree, for it has a cgroup namespace.
 *
 * Not modelled: files of controllers that nothing here counts (io, cpuset, hugetlb, rdma, pressure).
 */
import { err, type Result } from '../../ground/base/result.ts';
import { sortedText } from '../../ground/base/text.ts';
import type { Errno } from '../network/errno.ts';
import { type Cgroup, QUOTA_PERIOD } from './cgroup.ts';
import { type DirectorySource, FileSystem, type Inode } from './files/inode.ts';
import type { PidNamespace } from './pids.ts';
import { Synthetic } from './synthetic.ts';
import type { System } from './system.ts';

const CONTROLLERS = 'cpu memory pids';

/** The root of /sys for whoever sees `cgroup` as the top of the tree. */
export function sysSource(system: System, cgroup: string): DirectorySource {
  const fs = new FileSystem({
    kind: 'sysfs',
    source: 'sysfs',
    size: 0,
    now: () => system.clock.wall(),
  });
  const make = new Synthetic(fs);
  const root = (): Inode => cgroupFolder(system, make, cgroup);
  const names = Object.freeze(['fs']);
  return {
    lookup: (name) => (name === 'fs' ? make.table({ cgroup: root }) : undefined),
    names: () => names,
  };
}

/** What a group is called by one that sees `top` as the root (cgroup_namespaces(7)). */
export function cgroupPathFrom(top: string, path: string): string {
  if (top === '/') return path;
  if (path === top) return '/';
  if (path.startsWith(`${top}/`)) return path.slice(top.length);
  const from = top.split('/').slice(1);
  const to = path === '/' ? [] : path.split('/').slice(1);
  let same = 0;
  while (same < from.length && from[same] === to[same]) same += 1;
  return `/${[...from.slice(same).map(() => '..'), ...to.slice(same)].join('/')}`;
}

/** cpu.weight of shares, as runc converts them. */
function weightOf(shares: number): number {
  return Math.floor(1 + ((Math.max(2, shares) - 2) * 9999) / 262_142);
}

/** A limit of memory in whole pages. */
function pages(bytes: number | undefined): string {
  return bytes === undefined || bytes <= 0 ? 'max' : `${Math.floor(bytes / 4096) * 4096}`;
}

type Reader = (group: Cgroup, reader: PidNamespace | undefined) => string;

/** Files that every group has, the first too. */
const FILES: Readonly<Record<string, Reader>> = {
  'cgroup.controllers': () => `${CONTROLLERS}\n`,
  'cgroup.procs': (group, reader) =>
    [...group.processes]
      .map(
        (process) => `${reader === undefined ? process.hostPid : (process.pidIn(reader) ?? 0)}\n`,
      )
      .join(''),
  'cgroup.subtree_control': (group) => (group.children.size === 0 ? '\n' : `${CONTROLLERS}\n`),
  'cpu.stat': (group) => {
    const usage = Math.floor(group.cpu);
    return `usage_usec ${usage}\nuser_usec ${usage}\nsystem_usec 0\nnr_periods 0\nnr_throttled ${group.periodsThrottled}\nthrottled_usec 0\n`;
  },
  'memory.stat': (group) =>
    `anon ${group.memory}\nfile 0\nkernel 0\nkernel_stack 0\npagetables 0\nsock 0\nshmem 0\nslab 0\n`,
};

/** Files of all groups below the first. */
const BELOW: Readonly<Record<string, Reader>> = {
  'cgroup.events': (group) => `populated ${group.all().length > 0 ? 1 : 0}\nfrozen 0\n`,
  'cgroup.freeze': () => '0\n',
  'cgroup.type': () => 'domain\n',
  'cpu.max': (group) => `${group.quota ?? 'max'} ${QUOTA_PERIOD}\n`,
  'cpu.weight': (group) => `${weightOf(group.shares)}\n`,
  'memory.current': (group) => `${group.memory}\n`,
  'memory.events': (group) =>
    `low 0\nhigh 0\nmax ${group.oomKills}\noom ${group.oomKills}\noom_kill ${group.oomKills}\noom_group_kill ${group.limits.oomGroup === true ? group.oomKills : 0}\n`,
  'memory.high': () => 'max\n',
  'memory.low': () => '0\n',
  'memory.max': (group) => `${pages(group.limits.memoryMax)}\n`,
  'memory.min': () => '0\n',
  'memory.oom.group': (group) => (group.limits.oomGroup === true ? '1\n' : '0\n'),
  'memory.peak': (group) => `${group.memoryPeak}\n`,
  'memory.swap.current': () => '0\n',
  'memory.swap.max': () => '0\n',
  'pids.current': (group) => `${group.all().length}\n`,
  'pids.max': () => 'max\n',
};

const ROOT_NAMES = sortedText(Object.keys(FILES));
const BELOW_NAMES = sortedText([...Object.keys(FILES), ...Object.keys(BELOW)]);

function cgroupFolder(system: System, make: Synthetic, path: string): Inode {
  const refuse = (): Result<void, Errno> => err('EINVAL');
  const group = (): Cgroup | undefined => system.cgroups.find(path);
  return make.folder({
    names: () =>
      sortedText([
        ...(path === '/' ? ROOT_NAMES : BELOW_NAMES),
        ...(group()?.children.keys() ?? []),
      ]),
    lookup(name, access) {
      const files = Object.hasOwn(FILES, name) ? FILES : path === '/' ? {} : BELOW;
      const read = Object.hasOwn(files, name) ? files[name] : undefined;
      if (read === undefined) {
        const child = group()?.children.get(name);
        return child === undefined ? undefined : cgroupFolder(system, make, child.path);
      }
      const reader = 'namespaces' in access ? (access as Reading).namespaces.pid : undefined;
      const text = (): string => {
        const found = group();
        if (name === 'cpu.stat') system.cpu.settle();
        return found === undefined ? '' : read(found, reader);
      };
      return make.file(text, refuse);
    },
  });
}

/** A process that reads. */
interface Reading {
  readonly namespaces: { readonly pid: PidNamespace };
}
