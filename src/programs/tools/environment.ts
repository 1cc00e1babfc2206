/** printenv, id, whoami, hostname, uname, arch, nproc, tty: who runs this, and where (GNU coreutils 9.1). */
import { findUser, groupName, ownerName } from './file-text.ts';
import type { Process } from '../../machines/machine/process.ts';
import { complain, defineTool, parseOptions, quoted, usageError } from './support.ts';

export const printenv = defineTool('printenv', function* run(process, args) {
  if (args.length === 0) {
    yield* process.print([...process.env].map(([name, text]) => `${name}=${text}\n`).join(''));
    return 0;
  }
  let status = 0;
  for (const name of args) {
    const text = process.env.get(name);
    if (text === undefined) status = 1;
    else yield* process.print(`${text}\n`);
  }
  return status;
});

export const id = defineTool('id', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'ugnGr',
    long: { user: 'u', group: 'g', name: 'n', groups: 'G', real: 'r' },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const { value } = options;
  const name = value.operands[0];
  const other = name === undefined ? undefined : findUser(process, name);
  if (name !== undefined && other === undefined) {
    yield* complain(process, `${quoted(process, name)}: no such user`);
    return 1;
  }
  const uid = other?.uid ?? process.uid;
  const gid = other?.gid ?? process.gid;
  const groups = [...new Set([gid, ...(other === undefined ? process.groups : [])])];
  const named = value.has('n');
  if (value.has('u')) yield* process.print(`${named ? ownerName(process, uid) : uid}\n`);
  else if (value.has('g')) yield* process.print(`${named ? groupName(process, gid) : gid}\n`);
  else if (value.has('G'))
    yield* process.print(
      `${groups.map((each) => (named ? groupName(process, each) : each)).join(' ')}\n`,
    );
  else {
    const show = (number: number, text: string): string =>
      text === `${number}` ? text : `${number}(${text})`;
    yield* process.print(
      `uid=${show(uid, ownerName(process, uid))} gid=${show(gid, groupName(process, gid))} groups=${groups.map((each) => show(each, groupName(process, each))).join(',')}\n`,
    );
  }
  return 0;
});

export const whoami = defineTool('whoami', function* run(process) {
  yield* process.print(`${ownerName(process, process.uid)}\n`);
  return 0;
});

/** The first name of the line of /etc/hosts that has this host's. */
function fullHostName(process: Process): string {
  const hosts = process.files.readText('/etc/hosts');
  for (const line of hosts.ok ? hosts.value.split('\n') : []) {
    const [, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (names.includes(process.hostname)) return names[0] ?? process.hostname;
  }
  return process.hostname;
}

export const hostname = defineTool('hostname', function* run(process, args) {
  if (args.includes('-i') || args.includes('-I')) {
    const hosts = process.files.readText('/etc/hosts');
    const line = hosts.ok
      ? hosts.value
          .split('\n')
          .find((each) => each.split(/\s+/).slice(1).includes(process.hostname))
      : undefined;
    yield* process.print(`${line?.split(/\s+/)[0] ?? '127.0.0.1'}\n`);
    return 0;
  }
  if (args.some((arg) => arg === '-f' || arg === '--fqdn' || arg === '--long')) {
    yield* process.print(`${fullHostName(process)}\n`);
    return 0;
  }
  yield* process.print(
    `${args.includes('-s') ? process.hostname.split('.')[0] : process.hostname}\n`,
  );
  return 0;
});

export const uname = defineTool('uname', function* run(process, args) {
  const options = parseOptions(args, {
    short: 'asnrvmpio',
    long: {
      all: 'a',
      'kernel-name': 's',
      nodename: 'n',
      'kernel-release': 'r',
      machine: 'm',
      'operating-system': 'o',
      'kernel-version': 'v',
    },
  });
  if (!options.ok) return yield* usageError(process, options.error);
  const fields: readonly (readonly [string, string])[] = [
    ['s', 'Linux'],
    ['n', process.hostname],
    ['r', process.kernel.sysctl('kernel.osrelease') ?? '6.1.0'],
    ['v', '#1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20)'],
    ['m', 'x86_64'],
    ['o', 'GNU/Linux'],
  ];
  const { value } = options;
  const wanted = fields.filter(([letter]) => value.has('a') || value.has(letter));
  yield* process.print(
    `${wanted.length === 0 ? 'Linux' : wanted.map(([, text]) => text).join(' ')}\n`,
  );
  return 0;
});

export const nproc = defineTool('nproc', function* run(process) {
  yield* process.print(`${process.kernel.cpus}\n`);
  return 0;
});

export const arch = defineTool('arch', function* run(process) {
  yield* process.print('x86_64\n');
  return 0;
});

export const tty = defineTool('tty', function* run(process, args) {
  const terminal = process.stdin.terminal === undefined ? undefined : process.stdin.name;
  if (!args.includes('-s') && !args.includes('--silent'))
    yield* process.print(`${terminal ?? 'not a tty'}\n`);
  return terminal === undefined ? 1 : 0;
});

export const groups = defineTool('groups', function* run(process, args) {
  let status = 0;
  if (args.length === 0) {
    const all = [...new Set([process.gid, ...process.groups])];
    yield* process.print(`${all.map((gid) => groupName(process, gid)).join(' ')}\n`);
  }
  for (const name of args) {
    const user = findUser(process, name);
    if (user !== undefined) {
      yield* process.print(`${name} : ${groupName(process, user.gid)}\n`);
      continue;
    }
    yield* complain(process, `${quoted(process, name)}: no such user`);
    status = 1;
  }
  return status;
});
