/**
 * OpenSSH's server: a shell or a command for whoever comes from a host that this one trusts (hosts of
 * /etc/hosts, as HostbasedAuthentication has it) or with a key of `~/.ssh/authorized_keys`. (OpenSSH 9.2)
 *
 * Not modelled: passwords, sshd_config, forwarding, sftp.
 */
import { base64Of, textOf, utf8 } from '../../../ground/base/bytes.ts';
import { SECOND } from '../../../ground/base/event-loop.ts';
import { formatIp } from '../../../ground/base/ip.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { OpenFile } from '../../../machines/machine/files-types.ts';
import type { Process, Program, SpawnOptions } from '../../../machines/machine/process.ts';
import { servePty } from '../../../machines/machine/terminal-relay.ts';
import { Pty } from '../../../machines/machine/terminal.ts';
import { findUser, groupsOf, type User } from '../../../machines/machine/users.ts';
import { bytesOf } from '../../../machines/network/chunk.ts';
import { strerror } from '../../../machines/network/errno.ts';
import type { Connection } from '../../../machines/network/socket.ts';
import {
  BANNER,
  channelStream,
  SSH_PORT,
  type SshChannel,
  SshMessage,
  type SshValue,
  sshMessage,
} from './messages.ts';

const HOST_KEY = '/etc/ssh/ssh_host_ed25519_key.pub';
/** LoginGraceTime */
const LOGIN_GRACE = 120 * SECOND;
const LOGIN_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const USER_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/games';

interface Server {
  readonly process: Process;
  readonly hostKey: string;
  /** Numbers of pseudo-terminals in use. */
  readonly terminals: Set<number>;
}

export const sshd: Program = {
  name: 'sshd',
  version: '9.2p1',
  *main(process): Task<number> {
    yield* process.work(process.costs.smallToolMicros);
    const server: Server = { process, hostKey: hostKeyOf(process), terminals: new Set() };
    const listener = process.net.listen(0, SSH_PORT);
    if (!listener.ok) {
      yield* process.printError(
        `error: Bind to port ${SSH_PORT} on 0.0.0.0 failed: ${strerror(listener.error)}.\nfatal: Cannot bind any address.\n`,
      );
      return 255;
    }
    yield* process.printError(`Server listening on 0.0.0.0 port ${SSH_PORT}.\n`);
    process.start('accept', acceptAll(server, listener.value));
    yield process.terminated;
    yield* process.printError('Received signal 15; terminating.\n');
    return 0;
  },
};

function* acceptAll(
  server: Server,
  listener: { accept(): Task<Connection | undefined> },
): Task<void> {
  for (;;) {
    const connection = yield* listener.accept();
    if (connection === undefined) return;
    server.process.start('session', serve(server, connection));
  }
}

/** The host's key: made at the first start, as `ssh-keygen -A` does. */
function hostKeyOf(process: Process): string {
  const kept = process.files.readText(HOST_KEY);
  if (kept.ok) return kept.value.split(' ').slice(0, 2).join(' ').trim();
  const body = [...utf8('\0\0\0\x0bssh-ed25519\0\0\0 ')];
  for (let at = 0; at < 32; at += 1) body.push(process.random.below(256));
  const key = `ssh-ed25519 ${base64Of(Uint8Array.from(body))}`;
  process.files.mkdir('/etc/ssh', { parents: true });
  process.files.write(HOST_KEY, `${key} root@${process.hostname}\n`);
  return key;
}

function* serve(server: Server, connection: Connection): Task<void> {
  const { process } = server;
  yield* connection.send(utf8(`${BANNER}\r\n`));
  const hello = yield* connection.receive(LOGIN_GRACE);
  const from = `${formatIp(connection.remote.ip)} port ${connection.remote.port}`;
  if (!hello.ok || hello.value === undefined) {
    connection.close();
    return;
  }
  if (!textOf(bytesOf(hello.value)).startsWith('SSH-2.0-')) {
    yield* process.printError(
      `error: kex_exchange_identification: client sent invalid protocol identifier\nbanner exchange: Connection from ${from}: invalid format\n`,
    );
    yield* connection.send(utf8('Invalid SSH identification string.\r\n'));
    connection.close();
    return;
  }
  yield* connection.send(new SshMessage({ type: 'host-key', key: server.hostKey }));
  const user = yield* authenticate(server, connection, from);
  if (user !== undefined) yield* runSession(server, connection, user, from);
  connection.close();
}

function* next(connection: Connection): Task<SshValue | undefined> {
  const received = yield* connection.receive(LOGIN_GRACE);
  return received.ok && received.value !== undefined ? sshMessage(received.value) : undefined;
}

function* authenticate(
  server: Server,
  connection: Connection,
  from: string,
): Task<User | undefined> {
  const { process } = server;
  const asked = yield* next(connection);
  if (asked?.type !== 'user') return undefined;
  const user = findUser(process.files, asked.user);
  const method =
    user === undefined ? undefined : acceptedBy(process, user, connection.remote.ip, asked.keys);
  if (user === undefined || method === undefined) {
    if (user === undefined) yield* process.printError(`Invalid user ${asked.user} from ${from}\n`);
    yield* process.printError(
      `Connection closed by authenticating user ${asked.user} ${from} [preauth]\n`,
    );
    yield* connection.send(new SshMessage({ type: 'denied', methods: 'publickey' }));
    return undefined;
  }
  yield* process.printError(`Accepted ${method} for ${asked.user} from ${from} ssh2: ED25519\n`);
  yield* connection.send(new SshMessage({ type: 'accepted' }));
  return user;
}

/** How this user may come in. */
function acceptedBy(
  process: Process,
  user: User,
  ip: number,
  keys: readonly string[],
): 'hostbased' | 'publickey' | undefined {
  const authorized = process.files.readText(`${user.home}/.ssh/authorized_keys`);
  if (authorized.ok && keys.some((key) => authorized.value.includes(key))) return 'publickey';
  const hosts = process.files.readText('/etc/hosts');
  const address = formatIp(ip);
  const trusted =
    hosts.ok && hosts.value.split('\n').some((line) => line.split(/\s+/)[0] === address);
  return trusted ? 'hostbased' : undefined;
}

function* runSession(server: Server, connection: Connection, user: User, from: string): Task<void> {
  const { process } = server;
  const asked = yield* next(connection);
  if (asked?.type !== 'session') return;
  yield* process.printError(
    `pam_unix(sshd:session): session opened for user ${user.name}(uid=${user.uid}) by (uid=0)\n`,
  );
  const env = new Map<string, string>([
    ['HOME', user.home],
    ['LANG', 'C.UTF-8'],
    ['LOGNAME', user.name],
    ['PATH', user.uid === 0 ? LOGIN_PATH : USER_PATH],
    ['SHELL', user.shell],
    ['SSH_CLIENT', `${formatIp(connection.remote.ip)} ${connection.remote.port} ${SSH_PORT}`],
    [
      'SSH_CONNECTION',
      `${formatIp(connection.remote.ip)} ${connection.remote.port} ${formatIp(connection.local.ip)} ${connection.local.port}`,
    ],
    ['USER', user.name],
    ...asked.env,
  ]);
  const shellName = user.shell.slice(user.shell.lastIndexOf('/') + 1);
  const options = {
    argv: asked.command === undefined ? [`-${shellName}`] : [shellName, '-c', asked.command],
    path: user.shell,
    env,
    cwd: process.files.exists(user.home) ? user.home : '/',
    uid: user.uid,
    gid: user.gid,
    groups: groupsOf(process.files, user),
  };
  const code =
    asked.terminal === undefined
      ? yield* runPlain(server, connection, options)
      : yield* runInTerminal(server, connection, options, asked.terminal);
  yield* connection.send(new SshMessage({ type: 'exit', code }));
  yield* process.printError(`Received disconnect from ${from}:11: disconnected by user\n`);
}

function* runInTerminal(
  server: Server,
  connection: Connection,
  options: SpawnOptions,
  size: { readonly columns: number; readonly rows: number },
): Task<number> {
  let number = 0;
  while (server.terminals.has(number)) number += 1;
  server.terminals.add(number);
  const name = `/dev/pts/${number}`;
  const pty = new Pty({ name, ...size });
  const child = server.process.spawn({
    ...options,
    env: new Map([...(options.env ?? []), ['SSH_TTY', name]]),
    terminal: pty.file,
  });
  pty.file.close();
  if (!child.ok) {
    server.terminals.delete(number);
    return yield* noShell(connection, options, child.error.errno === 'EACCES' ? 126 : 127);
  }
  yield* servePty(server.process, pty, channelStream(connection, 1, ignore));
  const status = yield* child.value.wait();
  server.terminals.delete(number);
  return status.code;
}

function* noShell(connection: Connection, options: SpawnOptions, code: number): Task<number> {
  yield* connection.send(
    new SshMessage({
      type: 'data',
      channel: 2,
      chunk: utf8(`${options.path ?? ''}: No such file or directory\n`),
    }),
  );
  return code;
}

function* ignore(): Task<void> {}

/** Without a terminal: three pipes. */
function* runPlain(server: Server, connection: Connection, options: SpawnOptions): Task<number> {
  const { process } = server;
  const [inputRead, inputWrite] = process.pipe();
  const [outRead, outWrite] = process.pipe();
  const [errorRead, errorWrite] = process.pipe();
  const child = process.spawn({
    ...options,
    descriptors: new Map([
      [0, inputRead],
      [1, outWrite],
      [2, errorWrite],
    ]),
    newGroup: true,
  });
  for (const file of [inputRead, outWrite, errorWrite]) file.close();
  if (!child.ok) return yield* noShell(connection, options, 127);
  const pid = child.value.pid;
  const input = process.start('session input', feedInput(process, connection, inputWrite, pid));
  const errors = process.start('session errors', copyOut(connection, errorRead, 2));
  const output = process.start('session output', copyOut(connection, outRead, 1));
  const status = yield* child.value.wait();
  yield* output.finished.wait();
  yield* errors.finished.wait();
  input.kill();
  inputWrite.close();
  return status.code;
}

function* feedInput(
  process: Process,
  connection: Connection,
  input: OpenFile,
  pid: number,
): Task<void> {
  for (;;) {
    const received = yield* connection.receive();
    if (!received.ok || received.value === undefined) {
      process.kill(-pid, 'SIGHUP');
      return;
    }
    const value = sshMessage(received.value);
    if (value?.type === 'data') yield* input.write(value.chunk);
    else if (value?.type === 'eof') input.close();
  }
}

function* copyOut(connection: Connection, file: OpenFile, channel: SshChannel): Task<void> {
  for (;;) {
    const chunk = yield* file.readChunk();
    if (!chunk.ok || chunk.value === undefined) break;
    const sent = yield* connection.send(
      new SshMessage({ type: 'data', channel, chunk: chunk.value }),
    );
    if (!sent.ok) break;
  }
  file.close();
}
