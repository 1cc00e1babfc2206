/** One run of etcdctl: its process, flags, and a client of each endpoint. */
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { etcdClient } from '../../../spine/etcd/wire/dial.ts';
import type { EtcdClient, RpcError } from '../../../spine/etcd/wire/index.ts';
import { type Arguments, parseDuration } from './flags.ts';
import type { Format, Printer } from './print.ts';

/** Exit codes of etcdctl. */
const EXIT_ERROR = 1;
export const EXIT_INVALID_INPUT = 3;
export const EXIT_BAD_FEATURE = 4;
export const EXIT_BAD_ARGUMENTS = 128;

export interface Session {
  readonly process: Process;
  readonly args: Arguments;
  readonly printer: Printer;
  readonly client: EtcdClient;
}

export function flag(session: Session, name: string): string {
  return session.args.flags.get(name) ?? '';
}

export function isSet(session: Session, name: string): boolean {
  const value = session.args.flags.get(name);
  return value !== undefined && value !== 'false' && value !== '';
}

const FORMATS: readonly string[] = ['simple', 'json', 'fields', 'table', 'protobuf'];

export function printerOf(args: Arguments): Result<Printer, string> {
  const format = args.flags.get('write-out') ?? 'simple';
  if (!FORMATS.includes(format)) return err('unsupported output format');
  const on = (name: string): boolean => args.flags.get(name) === 'true';
  return ok({
    format: format as Format,
    hex: on('hex'),
    valueOnly: on('print-value-only'),
    keysOnly: on('keys-only'),
  });
}

/** A client of an endpoint with the credentials of the flags. */
export function clientOf(
  process: Process,
  args: Arguments,
  endpoint: string,
): Result<EtcdClient, string> {
  const text = (name: string): string => args.flags.get(name) ?? '';
  return etcdClient(process, {
    endpoint,
    authority: text('cacert'),
    certificate: text('cert'),
    key: text('key'),
    skipVerify: text('insecure-skip-tls-verify') === 'true',
    dialTimeout: parseDuration(text('dial-timeout')) ?? 2_000_000,
    callTimeout: parseDuration(text('command-timeout')) ?? 5_000_000,
  });
}

export function endpointsOf(args: Arguments): readonly string[] {
  return (args.flags.get('endpoints') ?? '').split(',').filter((each) => each !== '');
}

/** `Error: <text>` on standard error, and the code. */
export function* fail(process: Process, text: string, code: number = EXIT_ERROR): Task<number> {
  yield* process.printError(`Error: ${text}\n`);
  return code;
}

/** A call that failed. A server that cannot be reached is waited for until the time-out. */
export function* failCall(session: Session, error: RpcError): Task<number> {
  if (error.code === 14 && !error.message.startsWith('etcdserver: ')) {
    const wait = parseDuration(flag(session, 'command-timeout')) ?? 5_000_000;
    yield* session.process.sleep(wait);
    return yield* fail(session.process, 'context deadline exceeded');
  }
  return yield* fail(session.process, error.message);
}
