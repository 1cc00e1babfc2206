/**
 * sudo, su and getent: other users, and what the name services know.
 *
 * sudo must be set-uid root, and asks nobody for a password: who may is written in /etc/sudoers and
 * /etc/sudoers.d (`name ALL=…`, `%group ALL=…`). su is root's alone, since nobody has a password.
 */
import { formatIp } from '../../ground/base/ip.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { resolveHost } from '../../machines/machine/resolver.ts';
import { findUser, groupsOf, type User } from '../../machines/machine/users.ts';
import { portOf, serviceName } from './services.ts';
import { defineTool } from './support.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface SudoLine {
  readonly user: string;
  readonly login: boolean;
  readonly keepEnvironment: boolean;
  readonly words: readonly string[];
  readonly list: boolean;
}

export const sudo: Program = defineTool('sudo', function* run(process, args) {
  if (process.uid !== 0) {
    yield* process.printError(
      'sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set\n',
    );
    return 1;
  }
  const line = parseSudo(args);
  if (line === undefined) {
    yield* process.printError(
      'usage: sudo -h | -K | -k | -V\nusage: sudo [-ABbEHnPS] [-u user] [-i | -s] [command]\n',
    );
    return 1;
  }
  const caller = callerOf(process);
  if (caller !== undefined && caller.uid !== 0 && !isSudoer(process, caller)) {
    yield* process.printError(`${caller.name} is not in the sudoers file.\n`);
    return 1;
  }
  if (line.list) {
    yield* process.print(
      `User ${caller?.name ?? 'root'} may run the following commands on ${process.hostname}:\n    (ALL : ALL) NOPASSWD: ALL\n`,
    );
    return 0;
  }
  const user = findUser(
    process.files,
    /^#\d+$/.test(line.user) ? Number(line.user.slice(1)) : line.user,
  );
  if (user === undefined) {
    yield* process.printError(
      `sudo: unknown user ${line.user}\nsudo: error initializing audit plugin sudoers_audit\n`,
    );
    return 1;
  }
  const env = new Map(
    line.keepEnvironment
      ? process.env
      : [...process.env].filter(([name]) => name === 'TERM' || name === 'LANG'),
  );
  env
    .set('HOME', user.home)
    .set('PATH', PATH)
    .set('LOGNAME', user.name)
    .set('USER', user.name)
    .set('SHELL', user.shell);
  env.set('SUDO_USER', caller?.name ?? 'root').set('SUDO_UID', String(caller?.uid ?? 0));
  for (const word of line.words) {
    const assigned = /^([A-Za-z_]\w*)=(.*)$/s.exec(word);
    if (assigned === null) break;
    env.set(assigned[1] as string, assigned[2] as string);
  }
  const words = line.words.slice(line.words.findIndex((word) => !/^[A-Za-z_]\w*=/.test(word)));
  const shell = line.words.length === 0 || line.login;
  const argv = !shell
    ? words
    : [
        line.login ? `-${shellName(user)}` : shellName(user),
        ...(line.words.length === 0 ? [] : ['-c', line.words.join(' ')]),
      ];
  return yield* become(
    process,
    user,
    argv,
    { env, ...(shell ? { path: user.shell } : {}), ...(line.login ? { cwd: user.home } : {}) },
    'sudo',
  );
});

function parseSudo(args: readonly string[]): SudoLine | undefined {
  let user = 'root';
  let login = false;
  let shell = false;
  let keep = false;
  let list = false;
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] as string;
    if (arg === '--') {
      at += 1;
      break;
    }
    if (!arg.startsWith('-')) break;
    if (arg === '-u' || arg === '--user') user = args[++at] ?? '';
    else if (arg.startsWith('--user=')) user = arg.slice(7);
    else if (arg === '-i' || arg === '--login') login = true;
    else if (arg === '-s' || arg === '--shell') shell = true;
    else if (arg === '-E' || arg === '--preserve-env') keep = true;
    else if (arg === '-l') list = true;
    else if (!/^-[nHSkA]+$/.test(arg)) return undefined;
  }
  const words = args.slice(at);
  return words.length === 0 && !login && !shell && !list
    ? undefined
    : { user, login, keepEnvironment: keep, words, list };
}

/** Who started this: the set-uid bit has hidden it. */
function callerOf(process: Process): User | undefined {
  const parent = process.kernel.processes().find(({ pid }) => pid === process.ppid);
  return parent === undefined ? undefined : findUser(process.files, parent.uid);
}

function isSudoer(process: Process, user: User): boolean {
  const folder = process.files.list('/etc/sudoers.d');
  const paths = [
    '/etc/sudoers',
    ...(folder.ok ? folder.value.map((name) => `/etc/sudoers.d/${name}`) : []),
  ];
  const groups = new Set([user.gid, ...groupsOf(process.files, user)]);
  const names = new Set([user.name]);
  const file = process.files.readText('/etc/group');
  for (const line of file.ok ? file.value.split('\n') : []) {
    const [name, , gid] = line.split(':');
    if (name !== undefined && groups.has(Number(gid))) names.add(`%${name}`);
  }
  return paths.some((path) => {
    const text = process.files.readText(path);
    return (
      text.ok && text.value.split('\n').some((line) => names.has(line.trim().split(/\s+/)[0] ?? ''))
    );
  });
}

function shellName(user: User): string {
  return user.shell.slice(user.shell.lastIndexOf('/') + 1);
}

function* become(
  process: Process,
  user: User,
  argv: readonly string[],
  extra: {
    readonly env: ReadonlyMap<string, string>;
    readonly path?: string;
    readonly cwd?: string;
  },
  name: string,
): Task<number> {
  const child = process.spawn({
    argv,
    uid: user.uid,
    gid: user.gid,
    groups: groupsOf(process.files, user),
    ...extra,
  });
  if (child.ok) return (yield* child.value.wait()).code;
  const { errno, path } = child.error;
  yield* process.printError(
    name === 'sudo'
      ? `sudo: ${path}: command not found\n`
      : `su: failed to execute ${path}: ${errno === 'EACCES' ? 'Permission denied' : 'No such file or directory'}\n`,
  );
  return name === 'sudo' ? 1 : 127;
}

export const su: Program = defineTool('su', function* run(process, args) {
  const words = [...args];
  let login = false;
  let command: string | undefined;
  let name = 'root';
  while (words.length > 0) {
    const word = words.shift() as string;
    if (word === '-' || word === '-l' || word === '--login') login = true;
    else if (word === '-c' || word === '--command') command = words.shift();
    else if (!word.startsWith('-')) name = word;
  }
  const user = findUser(process.files, name);
  if (user === undefined) {
    yield* process.printError(
      `su: user ${name} does not exist or the user entry does not contain all the required fields\n`,
    );
    return 1;
  }
  const caller = callerOf(process);
  if ((caller?.uid ?? process.uid) !== 0) {
    yield* process.printError('su: Authentication failure\n');
    return 1;
  }
  const env = new Map(process.env);
  env
    .set('HOME', user.home)
    .set('SHELL', user.shell)
    .set('USER', user.name)
    .set('LOGNAME', user.name);
  if (login) env.set('PATH', PATH);
  const argv = [
    login ? `-${shellName(user)}` : shellName(user),
    ...(command === undefined ? [] : ['-c', command]),
  ];
  return yield* become(
    process,
    user,
    argv,
    { env, path: user.shell, ...(login ? { cwd: user.home } : {}) },
    'su',
  );
});

const DATABASES: ReadonlySet<string> = new Set([
  'passwd',
  'group',
  'hosts',
  'ahosts',
  'ahostsv4',
  'services',
]);

export const getent: Program = defineTool('getent', function* run(process, args) {
  const [database, ...keys] = args;
  if (database === undefined || !DATABASES.has(database)) {
    yield* process.printError(
      database === undefined
        ? 'getent: wrong number of arguments\n'
        : `Unknown database: ${database}\nTry \`getent --help' or \`getent --usage' for more information.\n`,
    );
    return 1;
  }
  if (database === 'passwd' || database === 'group') return yield* getFile(process, database, keys);
  if (database === 'services') return yield* getServices(process, keys);
  if (keys.length === 0) {
    const text = process.files.readText('/etc/hosts');
    const lines = (text.ok ? text.value : '')
      .split('\n')
      .map((line) => line.replace(/#.*/, '').trim().split(/\s+/));
    yield* process.print(
      lines
        .flatMap(([address = '', ...names]) =>
          names.length === 0 ? [] : [`${address.padEnd(15)} ${names.join(' ')}\n`],
        )
        .join(''),
    );
    return 0;
  }
  for (const key of keys) {
    const found = yield* resolveHost(process, key);
    if (!found.ok) return 2;
    for (const ip of found.value) {
      const text = formatIp(ip).padEnd(15);
      if (database === 'hosts') yield* process.print(`${text} ${key}\n`);
      else
        yield* process.print(
          ['STREAM', 'DGRAM', 'RAW']
            .map((kind, index) => `${text} ${kind}${index === 0 ? ` ${key}` : ''}\n`)
            .join(''),
        );
      if (database === 'hosts') break;
    }
  }
  return 0;
});

function* getFile(process: Process, database: string, keys: readonly string[]): Task<number> {
  const text = process.files.readText(`/etc/${database}`);
  const lines = (text.ok ? text.value : '').split('\n').filter((line) => line !== '');
  if (keys.length === 0) {
    yield* process.print(lines.map((line) => `${line}\n`).join(''));
    return 0;
  }
  for (const key of keys) {
    const line = lines.find((each) => each.split(':')[0] === key || each.split(':')[2] === key);
    if (line === undefined) return 2;
    yield* process.print(`${line}\n`);
  }
  return 0;
}

function* getServices(process: Process, keys: readonly string[]): Task<number> {
  for (const key of keys) {
    const port = portOf(key.split('/')[0] as string);
    const name = port === undefined ? undefined : serviceName(port);
    if (name === undefined) return 2;
    yield* process.print(`${name.padEnd(21)} ${port}/${key.split('/')[1] ?? 'tcp'}\n`);
  }
  return 0;
}
