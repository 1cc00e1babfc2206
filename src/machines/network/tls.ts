/**
 * The TLS 1.3 handshake, as messages on a connection: one round trip, server name, ALPN, both
 * identities, and Go's checks and words for what can go wrong (crypto/tls). As in TLS 1.3 a client is
 * through before the server has looked at its certificate, so a refusal reaches it with the first
 * read: `remote error: tls: certificate required`. Data afterwards passes as it is; it is not
 * encrypted, but the handshake renders as TLS records, so that a plain reader sees what it would see.
 */
import type { EventLoop, Micros } from '../../ground/base/event-loop.ts';
import { textOf } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task, Wait } from '../../ground/base/task.ts';
import type { WallTime } from '../../ground/base/time.ts';
import type { Certificate } from '../../ground/pki/certificate.ts';
import { samePublicKey } from '../../ground/pki/keys.ts';
import { verifyChain } from '../../ground/pki/verify.ts';
import { bytesOf, type Chunk, isBytes, type Message } from './chunk.ts';
import type { Errno } from './errno.ts';
import type { HttpError } from './http-types.ts';
import type { Connection, Endpoint } from './socket.ts';
import type { TlsClientOptions, TlsIdentity, TlsPeer, TlsServerOptions } from './tls-types.ts';

/** A secured connection and who is at its other end. */
export interface TlsSession {
  readonly connection: Connection;
  readonly peer: TlsPeer;
}

type Alert =
  | 'bad certificate'
  | 'certificate required'
  | 'expired certificate'
  | 'unknown certificate authority'
  | 'no application protocol';

type Handshake =
  | { readonly kind: 'client-hello'; readonly serverName: string; readonly alpn: readonly string[] }
  | {
      readonly kind: 'server-hello';
      readonly identity: TlsIdentity;
      readonly alpn: string | undefined;
      /** Subjects of accepted authorities; undefined when no certificate is asked for. */
      readonly authorities: readonly Certificate[] | undefined;
    }
  | { readonly kind: 'finished'; readonly identity: TlsIdentity | undefined }
  | { readonly kind: 'alert'; readonly alert: Alert };

/** Bytes of a handshake flight, near enough: keys, names, a certificate or two. */
const FLIGHT_BYTES = {
  'client-hello': 280,
  'server-hello': 1200,
  finished: 80,
  alert: 24,
} as const;
const CERTIFICATE_BYTES = 700;

class TlsMessage implements Message {
  readonly protocol = 'tls';
  readonly body: Handshake;
  readonly wireSize: number;

  constructor(body: Handshake) {
    this.body = body;
    const shown = body.kind === 'finished' && body.identity !== undefined;
    this.wireSize = FLIGHT_BYTES[body.kind] + (shown ? CERTIFICATE_BYTES : 0);
  }

  /** A record of the right type and length; what is inside is not modelled. */
  render(): Uint8Array {
    const type = this.body.kind === 'alert' ? 21 : 22;
    const length = this.wireSize - 5;
    const bytes = new Uint8Array(this.wireSize);
    bytes.set([type, 3, this.body.kind === 'client-hello' ? 1 : 3, length >> 8, length & 255]);
    return bytes;
  }
}

/** The client's side. Waits for the server's flight, `deadline` from now at most. */
export function* tlsClient(
  connection: Connection,
  options: TlsClientOptions,
  now: () => WallTime,
  deadline?: Micros,
): Task<Result<TlsSession, HttpError>> {
  const { serverName, alpn = [], identity } = options;
  connection.post(new TlsMessage({ kind: 'client-hello', serverName, alpn }));
  const answer = yield* connection.receive(deadline);
  if (!answer.ok) {
    const timedOut = answer.error === 'ETIMEDOUT' && connection.open;
    connection.reset();
    if (timedOut) return err({ kind: 'timeout', phase: 'tls' });
    return err({ kind: 'socket', errno: answer.error, phase: 'read' });
  }
  if (answer.value === undefined) {
    connection.close();
    return err({ kind: 'eof' });
  }
  const hello = answer.value instanceof TlsMessage ? answer.value.body : undefined;
  if (hello?.kind === 'alert') {
    connection.close();
    return err({ kind: 'tls', reason: 'alert', message: `remote error: tls: ${hello.alert}` });
  }
  if (hello?.kind !== 'server-hello') {
    connection.reset();
    return err(notTls(answer.value));
  }
  const refusal =
    options.skipVerify === true ? undefined : checkServer(hello.identity, options, now());
  if (refusal !== undefined) {
    connection.post(new TlsMessage({ kind: 'alert', alert: 'bad certificate' }));
    connection.close();
    return err(refusal);
  }
  const shown = identity !== undefined && fits(identity, hello.authorities) ? identity : undefined;
  connection.post(new TlsMessage({ kind: 'finished', identity: shown }));
  const peer: TlsPeer = { certificate: hello.identity.certificate, serverName, alpn: hello.alpn };
  return ok({ connection: new TlsConnection(connection), peer });
}

/** The server's side. The error is what Go's server logs: `tls: client didn't provide a certificate`. */
export function* tlsServer(
  connection: Connection,
  options: TlsServerOptions,
  now: () => WallTime,
): Task<Result<TlsSession, string>> {
  const first = yield* connection.receive();
  if (!first.ok || first.value === undefined) {
    connection.close();
    return err('EOF');
  }
  const hello = first.value instanceof TlsMessage ? first.value.body : undefined;
  if (hello?.kind !== 'client-hello') return err(refusePlain(connection, first.value));
  const alpn = chooseProtocol(options.alpn, hello.alpn);
  if (alpn === false) {
    const offered = hello.alpn.map((name) => `"${name}"`).join(' ');
    return refuse(
      connection,
      'no application protocol',
      `tls: client requested unsupported application protocols ([${offered}])`,
    );
  }
  const asks = options.clientRoots !== undefined || options.lenientClient === true;
  connection.post(
    new TlsMessage({
      kind: 'server-hello',
      identity: options.identity,
      alpn,
      authorities: asks ? (options.clientRoots ?? []) : undefined,
    }),
  );
  const second = yield* connection.receive();
  if (!second.ok || second.value === undefined) {
    connection.close();
    return err('EOF');
  }
  const answer = second.value instanceof TlsMessage ? second.value.body : undefined;
  if (answer?.kind === 'alert') {
    connection.close();
    return err(`remote error: tls: ${answer.alert}`);
  }
  if (answer?.kind !== 'finished') return err(refusePlain(connection, second.value));
  const { serverName } = hello;
  const { identity } = answer;
  if (identity === undefined) {
    if (options.requireClient === true) {
      return refuse(connection, 'certificate required', "tls: client didn't provide a certificate");
    }
    return ok({
      connection: new TlsConnection(connection),
      peer: { certificate: undefined, serverName, alpn },
    });
  }
  const peer = { certificate: identity.certificate, serverName, alpn };
  const wrong = checkClient(identity, options.clientRoots ?? [], now());
  if (wrong === undefined) return ok({ connection: new TlsConnection(connection), peer });
  if (options.lenientClient === true) {
    return ok({
      connection: new TlsConnection(connection),
      peer: { ...peer, clientError: wrong.message },
    });
  }
  return refuse(connection, wrong.alert, `tls: failed to verify certificate: ${wrong.message}`);
}

function checkServer(
  identity: TlsIdentity,
  options: TlsClientOptions,
  now: WallTime,
): HttpError | undefined {
  if (!samePublicKey(identity.key.publicKey, identity.certificate.publicKey)) {
    return {
      kind: 'tls',
      message: 'tls: invalid signature by the server certificate: ECDSA verification failure',
    };
  }
  const checked = verifyChain(identity.certificate, {
    roots: options.roots,
    intermediates: identity.chain ?? [],
    now,
    usage: 'server',
    name: options.serverName,
  });
  if (checked.ok) return undefined;
  const { kind, message } = checked.error;
  return { kind: 'tls', reason: kind, message: `tls: failed to verify certificate: ${message}` };
}

function checkClient(
  identity: TlsIdentity,
  roots: readonly Certificate[],
  now: WallTime,
): { readonly alert: Alert; readonly message: string } | undefined {
  if (!samePublicKey(identity.key.publicKey, identity.certificate.publicKey)) {
    return {
      alert: 'bad certificate',
      message: 'tls: invalid signature by the client certificate',
    };
  }
  const intermediates = identity.chain ?? [];
  const checked = verifyChain(identity.certificate, { roots, intermediates, now, usage: 'client' });
  if (checked.ok) return undefined;
  const { kind, message } = checked.error;
  const alert =
    kind === 'expired'
      ? 'expired certificate'
      : kind === 'authority'
        ? 'unknown certificate authority'
        : 'bad certificate';
  return { alert, message };
}

/** Go's client shows a certificate only when the server's list names its authority (SupportsCertificate). */
function fits(identity: TlsIdentity, authorities: readonly Certificate[] | undefined): boolean {
  if (authorities === undefined) return false;
  if (authorities.length === 0) return true;
  return [identity.certificate, ...(identity.chain ?? [])].some((certificate) =>
    authorities.some((authority) => authority.subject.commonName === certificate.issuer.commonName),
  );
}

function chooseProtocol(
  own: readonly string[] | undefined,
  offered: readonly string[],
): string | undefined | false {
  if (own === undefined || own.length === 0 || offered.length === 0) return undefined;
  return own.find((name) => offered.includes(name)) ?? false;
}

function refuse(connection: Connection, alert: Alert, message: string): Result<never, string> {
  connection.post(new TlsMessage({ kind: 'alert', alert }));
  connection.close();
  return err(message);
}

/** Somebody speaks plain text to a TLS port; net/http answers if it is HTTP. */
function refusePlain(connection: Connection, chunk: Chunk): string {
  const text = textOf(bytesOf(chunk).subarray(0, 8));
  if (/^(GET|HEAD|POST|PUT|OPTIONS|DELETE|PATCH) /.test(text)) {
    const answer =
      'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n';
    connection.post(Uint8Array.from(answer, (letter) => letter.charCodeAt(0)));
    connection.close();
    return 'client sent an HTTP request to an HTTPS server';
  }
  connection.close();
  return 'tls: first record does not look like a TLS handshake';
}

function notTls(chunk: Chunk): HttpError {
  const start = textOf((isBytes(chunk) ? chunk : bytesOf(chunk)).subarray(0, 5));
  return start === 'HTTP/'
    ? { kind: 'malformed', message: 'http: server gave HTTP response to HTTPS client' }
    : { kind: 'tls', message: 'tls: first record does not look like a TLS handshake' };
}

/** An alert that came instead of data; undefined for data. */
export function alertOf(chunk: Chunk): string | undefined {
  return chunk instanceof TlsMessage && chunk.body.kind === 'alert'
    ? `remote error: tls: ${chunk.body.alert}`
    : undefined;
}

/** The connection after the handshake: the same stream, secured. */
class TlsConnection implements Connection {
  readonly #inner: Connection;

  constructor(inner: Connection) {
    this.#inner = inner;
  }

  get local(): Endpoint {
    return this.#inner.local;
  }

  get remote(): Endpoint {
    return this.#inner.remote;
  }

  get open(): boolean {
    return this.#inner.open;
  }

  get readable(): Wait {
    return this.#inner.readable;
  }

  send(chunk: Chunk): Task<Result<void, Errno>> {
    return this.#inner.send(chunk);
  }

  post(chunk: Chunk): boolean {
    return this.#inner.post(chunk);
  }

  receive(deadline?: Micros): Task<Result<Chunk | undefined, Errno>> {
    return this.#inner.receive(deadline);
  }

  onReceive(sink: (event: Result<Chunk | undefined, Errno>) => void): void {
    this.#inner.onReceive(sink);
  }

  onTrouble(listener: (loop: EventLoop) => void): void {
    this.#inner.onTrouble?.(listener);
  }

  closeWrite(): void {
    this.#inner.closeWrite();
  }

  close(): void {
    this.#inner.close();
  }

  reset(): void {
    this.#inner.reset();
  }
}
