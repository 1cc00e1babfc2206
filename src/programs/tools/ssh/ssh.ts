/**
 * OpenSSH's client: a shell or a command on another host, with the terminal handed through. Reads
 * `~/.ssh/config` (Host blocks with HostName, User, Port, StrictHostKeyChecking, UserKnownHostsFile,
 * LogLevel, ConnectTimeout), `known_hosts` and public keys. (OpenSSH 9.2)
 *
 * Refused: forwarding, jump hosts, multiplexing, subsystems.
 */
import { base64Of, parseBase64, textOf, utf8 } from '../../../ground/base/bytes.ts';
import { SECOND } from '../../../ground/base/event-loop.ts';
import { formatIp } from '../../../ground/base/ip.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { sha256 } from '../../../ground/pki/digest.ts';
import { bytesOf } from '../../../machines/network/chunk.ts';
import { strerror } from '../../../machines/network/errno.ts';
import type { Connection } from '../../../machines/network/socket.ts';
import type { Process, Program } from '../../../machines/machine/process.ts';
import { resolveErrorText, resolveHost } from '../../../machines/machine/resolver.ts';
import { relayTerminal } from '../../../machines/machine/terminal-relay.ts';
import { findUser } from '../../../machines/machine/users.ts';
import {
  BANNER,
  channelStream,
  SSH_PORT,
  SshMessage,
  type SshValue,
  sshMessage,
} from './messages.ts';
import { type SshSettings, settingsFor } from './config.ts';

/** ssh's own failures. */
const FAILED = 255;
const KEY_NAMES = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

interface SshCommand {
  readonly destination: string;
  readonly command: string | undefined;
  /** -t forces a terminal, -T forbids one. */
  readonly terminal: boolean | undefined;
  readonly noInput: boolean;
  readonly quiet: boolean;
  readonly identities: readonly string[];
  readonly given: ReadonlyMap<string, string>;
}

const USAGE = `usage: ssh [-46NnqTtV] [-F configfile] [-i identity_file] [-l login_name]
           [-o option] [-p port] destination [command [argument ...]]
`;

export const ssh: Program = {
  name: 'ssh',
  version: '9.2p1',
  *main(process): Task<number> {
    yield* process.work(process.costs.smallToolMicros);
    const args = process.argv.slice(1);
    if (args[0] === '-V') {
      yield* process.printError('OpenSSH_9.2p1 Debian-2+deb12u5, OpenSSL 3.0.16 11 Feb 2025\n');
      return 0;
    }
    const parsed = parseArguments(args);
    if (!parsed.ok) {
      yield* process.printError(parsed.error);
      return FAILED;
    }
    const login = findUser(process.files, process.uid)?.name ?? String(process.uid);
    return yield* run(
      process,
      parsed.value,
      settingsFor(process, parsed.value.destination, parsed.value.given, login),
    );
  },
};

/** Options that take a value, by letter. */
const WITH_VALUE = 'BbcDEeFIiJLlmOopQRSWw';

function parseArguments(args: readonly string[]): Result<SshCommand, string> {
  const given = new Map<string, string>();
  const identities: string[] = [];
  let terminal: boolean | undefined;
  let noInput = false;
  let quiet = false;
  let destination: string | undefined;
  let at = 0;
  for (; at < args.length; at += 1) {
    const arg = args[at] as string;
    if (arg === '--') continue;
    if (!arg.startsWith('-') || arg === '-') {
      if (destination !== undefined) break;
      destination = arg;
      continue;
    }
    for (let index = 1; index < arg.length; index += 1) {
      const letter = arg[index] as string;
      if (!WITH_VALUE.includes(letter)) {
        if (letter === 't') terminal = true;
        else if (letter === 'T') terminal = false;
        else if (letter === 'n' || letter === 'N') noInput = true;
        else if (letter === 'q') quiet = true;
        else if (!'46AaCfGgKkMsvXxYy'.includes(letter))
          return err(`unknown option -- ${letter}\n${USAGE}`);
        continue;
      }
      const value = index + 1 < arg.length ? arg.slice(index + 1) : args[++at];
      if (value === undefined) return err(`option requires an argument -- ${letter}\n${USAGE}`);
      if (letter === 'l') given.set('user', value);
      else if (letter === 'p') given.set('port', value);
      else if (letter === 'i') identities.push(value);
      else if (letter === 'o') {
        const [key = '', ...rest] = value.split(/[=\s]+/);
        given.set(key.toLowerCase(), rest.join(' '));
      } else if ('DLRJWw'.includes(letter))
        return err('ssh: forwarding is not available on this client\n');
      break;
    }
  }
  if (destination === undefined) return err(USAGE);
  const words = args.slice(at);
  const command = words.length === 0 ? undefined : words.join(' ');
  return ok({ destination, command, terminal, noInput, quiet, identities, given });
}

function* run(process: Process, command: SshCommand, settings: SshSettings): Task<number> {
  const { host, port, user } = settings;
  const found = yield* resolveHost(process, host);
  if (!found.ok) {
    yield* process.printError(
      `ssh: Could not resolve hostname ${host}: ${resolveErrorText(found.error)}\n`,
    );
    return FAILED;
  }
  const ip = found.value[0] as number;
  const deadline =
    settings.connectTimeout === undefined ? {} : { deadline: settings.connectTimeout * SECOND };
  const dialled = yield* process.net.connect(ip, port, deadline);
  if (!dialled.ok) {
    yield* process.printError(
      `ssh: connect to host ${host} port ${port}: ${strerror(dialled.error)}\n`,
    );
    return FAILED;
  }
  const connection = dialled.value;
  const key = yield* handshake(process, connection);
  if (key === undefined) return FAILED;
  const trusted = yield* checkHostKey(process, settings, formatIp(ip), key, command.quiet);
  if (!trusted) {
    connection.close();
    return FAILED;
  }
  const keys = publicKeys(process, command.identities);
  yield* connection.send(new SshMessage({ type: 'user', user, keys }));
  const answer = yield* next(connection);
  if (answer?.type !== 'accepted') {
    connection.close();
    yield* process.printError(
      answer?.type === 'denied'
        ? `${user}@${host}: Permission denied (${answer.methods}).\n`
        : `Connection closed by ${formatIp(ip)} port ${port}\n`,
    );
    return FAILED;
  }
  return yield* runSession(process, connection, command, settings);
}

function* handshake(process: Process, connection: Connection): Task<string | undefined> {
  const banner = yield* connection.receive();
  if (
    !banner.ok ||
    banner.value === undefined ||
    !textOf(bytesOf(banner.value)).startsWith('SSH-2.0-')
  ) {
    const why = !banner.ok
      ? strerror(banner.error)
      : banner.value === undefined
        ? 'Connection closed by remote host'
        : 'invalid format';
    yield* process.printError(
      `kex_exchange_identification: ${banner.ok && banner.value === undefined ? why : `read: ${why}`}\nConnection ${banner.ok ? 'closed' : 'reset'} by ${formatIp(connection.remote.ip)} port ${connection.remote.port}\n`,
    );
    connection.close();
    return undefined;
  }
  yield* connection.send(utf8(`${BANNER}\r\n`));
  const key = yield* next(connection);
  if (key?.type === 'host-key') return key.key;
  yield* process.printError(
    `Connection closed by ${formatIp(connection.remote.ip)} port ${connection.remote.port}\n`,
  );
  connection.close();
  return undefined;
}

function* next(connection: Connection): Task<SshValue | undefined> {
  const received = yield* connection.receive();
  return received.ok && received.value !== undefined ? sshMessage(received.value) : undefined;
}

function publicKeys(process: Process, identities: readonly string[]): readonly string[] {
  const home = process.env.get('HOME') ?? '/root';
  const files =
    identities.length > 0 ? identities : KEY_NAMES.map((name) => `${home}/.ssh/${name}`);
  return files.flatMap((file) => {
    const text = process.files.readText(`${file}.pub`);
    return text.ok && process.files.exists(file)
      ? [text.value.trim().split(/\s+/).slice(0, 2).join(' ')]
      : [];
  });
}

/** Is this the host that was there before? Asks the person when it is new. */
function* checkHostKey(
  process: Process,
  settings: SshSettings,
  address: string,
  key: string,
  quiet: boolean,
): Task<boolean> {
  const { host, port, strict, knownHosts } = settings;
  const silent =
    quiet ||
    settings.logLevel === 'QUIET' ||
    settings.logLevel === 'ERROR' ||
    settings.logLevel === 'FATAL';
  const name = port === SSH_PORT ? host : `[${host}]:${port}`;
  const text = process.files.readText(knownHosts);
  const known = (text.ok ? text.value : '')
    .split('\n')
    .find((line) => (line.split(' ')[0] ?? '').split(',').includes(name));
  if (known !== undefined) {
    if (known.includes(key)) return true;
    yield* process.printError(changedText(fingerprint(key), knownHosts, host));
    if (strict === 'no') return true;
    yield* process.printError('Host key verification failed.\n');
    return false;
  }
  if (strict === 'yes') {
    yield* process.printError(
      `No ED25519 host key is known for ${host} and you have requested strict checking.\nHost key verification failed.\n`,
    );
    return false;
  }
  if (strict === 'ask' && !(yield* askPerson(process, `${host} (${address})`, key))) return false;
  process.files.mkdir(knownHosts.slice(0, knownHosts.lastIndexOf('/')), {
    parents: true,
    mode: 0o700,
  });
  process.files.append(knownHosts, `${name} ${key}\n`);
  if (!silent)
    yield* process.printError(
      `Warning: Permanently added '${name}' (ED25519) to the list of known hosts.\n`,
    );
  return true;
}

function* askPerson(process: Process, shown: string, key: string): Task<boolean> {
  const terminal = process.stdin.terminal;
  if (terminal === undefined) {
    yield* process.printError('Host key verification failed.\n');
    return false;
  }
  const print = fingerprint(key);
  yield* process.printError(
    `The authenticity of host '${shown}' can't be established.\nED25519 key fingerprint is ${print}.\nThis key is not known by any other names.\n`,
  );
  let question = 'Are you sure you want to continue connecting (yes/no/[fingerprint])? ';
  for (;;) {
    terminal.prompt(question);
    const read = yield* process.stdin.read();
    const line = read.ok && read.value !== undefined ? textOf(read.value).trim() : 'no';
    if (line === 'yes' || line === print) return true;
    if (line === 'no') {
      yield* process.printError('Host key verification failed.\n');
      return false;
    }
    question = "Please type 'yes', 'no' or the fingerprint: ";
  }
}

function fingerprint(key: string): string {
  const blob = parseBase64(key.split(' ')[1] ?? '') ?? new Uint8Array(0);
  return `SHA256:${base64Of(sha256(blob)).replace(/=+$/, '')}`;
}

function changedText(print: string, file: string, host: string): string {
  const line = '@'.repeat(59);
  return `${line}
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
${line}
IT IS POSSIBLE THAT SOMEONE IS DOING SOMETHING NASTY!
Someone could be eavesdropping on you right now (man-in-the-middle attack)!
It is also possible that a host key has just been changed.
The fingerprint for the ED25519 key sent by the remote host is
${print}.
Please contact your system administrator.
Add correct host key in ${file} to get rid of this message.
Host key for ${host} has changed and you have requested strict checking.
`;
}

function* runSession(
  process: Process,
  connection: Connection,
  command: SshCommand,
  settings: SshSettings,
): Task<number> {
  const own = process.stdin.terminal;
  const wanted = command.terminal ?? command.command === undefined;
  if (wanted && own === undefined && command.terminal === undefined) {
    yield* process.printError(
      'Pseudo-terminal will not be allocated because stdin is not a terminal.\n',
    );
  }
  const terminal =
    wanted && own !== undefined ? { columns: own.columns, rows: own.rows } : undefined;
  const term = process.env.get('TERM');
  const env: (readonly [string, string])[] =
    terminal === undefined ? [] : [['TERM', term ?? 'xterm-256color']];
  yield* connection.send(
    new SshMessage({ type: 'session', command: command.command, env, terminal }),
  );
  let code: number | undefined;
  const stream = channelStream(connection, 0, function* other(value) {
    if (value.type === 'exit') code = value.code;
    else if (value.type === 'data') yield* process.stderr.write(value.chunk);
  });
  if (terminal !== undefined) yield* relayTerminal(process, process.stdin, process.stdout, stream);
  else yield* copyPlain(process, connection, command.noInput);
  if (code === undefined) code = yield* waitForExit(process, connection);
  connection.close();
  const { host } = settings;
  if (code === undefined) {
    yield* process.printError(`client_loop: send disconnect: Broken pipe\n`);
    return FAILED;
  }
  if (terminal !== undefined && settings.logLevel !== 'ERROR' && settings.logLevel !== 'QUIET') {
    yield* process.printError(`Connection to ${host} closed.\n`);
  }
  return code;
}

/** What is left after the terminal's stream has ended: the exit code. */
function* waitForExit(process: Process, connection: Connection): Task<number | undefined> {
  for (;;) {
    const value = yield* next(connection);
    if (value === undefined) return undefined;
    if (value.type === 'exit') return value.code;
    if (value.type === 'data')
      yield* (value.channel === 2 ? process.stderr : process.stdout).write(value.chunk);
  }
}

/** Standard input to the other side, in the background. */
function* copyPlain(process: Process, connection: Connection, noInput: boolean): Task<void> {
  if (noInput) connection.post(new SshMessage({ type: 'eof', channel: 0 }));
  else process.start('input', sendInput(process, connection));
}

function* sendInput(process: Process, connection: Connection): Task<void> {
  for (;;) {
    const read = yield* process.stdin.readChunk();
    if (!read.ok || read.value === undefined) break;
    const sent = yield* connection.send(
      new SshMessage({ type: 'data', channel: 0, chunk: read.value }),
    );
    if (!sent.ok) return;
  }
  connection.post(new SshMessage({ type: 'eof', channel: 0 }));
}
