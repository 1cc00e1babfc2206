/**
 * gRPC as this model speaks it on unix sockets: calls, replies and stream items as messages by
 * reference on one connection, told apart by a call number. containerd serves CRI with it, and its
 * shims their tasks (ttrpc). A peer that sends bytes is no gRPC peer and is dropped, as upstream's
 * server drops a bogus greeting. Not modelled: HTTP/2 frames, metadata, compression.
 */
import { NumberedRoster } from '../../../ground/base/roster.ts';
import type { Micros } from '../../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { anyOf, Deferred, type Running, type Task } from '../../../ground/base/task.ts';
import { utf8 } from '../../../ground/base/bytes.ts';
import { type Chunk, isBytes, type Message } from '../../../machines/network/chunk.ts';
import { goError } from '../../../machines/network/errno.ts';
import type { Connection, Sockets } from '../../../machines/network/socket.ts';
import type { CriError } from './messages.ts';

/** Bytes of a small message on the wire: HTTP/2 headers and a short protobuf. */
const MESSAGE_BYTES = 200;

export type RpcKind = 'call' | 'reply' | 'error' | 'item' | 'cancel';

/** One frame: `value` is the request, the response, the CriError or the stream item. */
export interface RpcMessage extends Message {
  readonly protocol: 'grpc';
  readonly kind: RpcKind;
  readonly id: number;
  readonly method: string;
  readonly value: unknown;
}

function renderRpc(this: RpcMessage): Uint8Array {
  return utf8(`${this.kind} ${this.id} ${this.method}\n`);
}

function frame(kind: RpcKind, id: number, method: string, value: unknown): RpcMessage {
  return { protocol: 'grpc', wireSize: MESSAGE_BYTES, render: renderRpc, kind, id, method, value };
}

function isRpc(chunk: Chunk): chunk is RpcMessage {
  return !isBytes(chunk) && chunk.protocol === 'grpc';
}

const CODES: Readonly<Record<CriError['codeName'], number>> = {
  Canceled: 1,
  Unknown: 2,
  InvalidArgument: 3,
  DeadlineExceeded: 4,
  NotFound: 5,
  AlreadyExists: 6,
  PermissionDenied: 7,
  ResourceExhausted: 8,
  FailedPrecondition: 9,
  Internal: 13,
  Unavailable: 14,
};

export function rpcError(codeName: CriError['codeName'], message: string): CriError {
  return { code: CODES[codeName], codeName, message };
}

/** `rpc error: code = NotFound desc = …`, as Go prints a gRPC status. */
export function formatRpcError(error: CriError): string {
  return `rpc error: code = ${error.codeName} desc = ${error.message}`;
}

/** What a client needs of its process. */
export interface RpcHost {
  readonly net: Sockets;
}

interface Pending {
  readonly answer: Deferred<Result<unknown, CriError>>;
  readonly onItem: ((item: unknown) => void) | undefined;
}

/** A client of one socket. Connects when first called, and again after the connection broke. */
export class RpcClient {
  readonly #host: RpcHost;
  readonly #path: string;
  #connection: Connection | undefined;
  #dialing: Deferred<CriError | undefined> | undefined;
  #next = 1;
  readonly #pending = new NumberedRoster<Pending>();

  constructor(host: RpcHost, path: string) {
    this.#host = host;
    this.#path = path;
  }

  /** True while a connection stands. */
  get connected(): boolean {
    return this.#connection?.open === true;
  }

  /** Calls and waits for the answer, at most `deadline` from now. */
  *call(method: string, request: unknown, deadline?: Micros): Task<Result<unknown, CriError>> {
    return yield* this.#begin(method, request, undefined, deadline);
  }

  /** Opens a stream: `onItem` for each item; returns when the stream has ended. */
  *stream(
    method: string,
    request: unknown,
    onItem: (item: unknown) => void,
  ): Task<Result<unknown, CriError>> {
    return yield* this.#begin(method, request, onItem, undefined);
  }

  close(): void {
    this.#connection?.close();
    this.#lost('use of closed network connection');
  }

  *#begin(
    method: string,
    request: unknown,
    onItem: ((item: unknown) => void) | undefined,
    deadline: Micros | undefined,
  ): Task<Result<unknown, CriError>> {
    if (!this.connected) {
      const failed = yield* this.#dial();
      if (failed !== undefined) return err(failed);
    }
    const id = this.#next++;
    const answer = new Deferred<Result<unknown, CriError>>();
    answer.description = `answer of ${method}`;
    this.#pending.set(id, { answer, onItem });
    if (this.#connection?.post(frame('call', id, method, request)) !== true) {
      this.#pending.delete(id);
      return err(rpcError('Unavailable', 'error reading from server: EOF'));
    }
    if (deadline === undefined) return yield* answer.wait();
    const first = yield* anyOf([answer], deadline);
    if (first.index === 0) return first.value as Result<unknown, CriError>;
    this.#pending.delete(id);
    this.#connection?.post(frame('cancel', id, method, undefined));
    return err(rpcError('DeadlineExceeded', 'context deadline exceeded'));
  }

  *#dial(): Task<CriError | undefined> {
    if (this.#dialing !== undefined) return yield* this.#dialing.wait();
    const dialing = new Deferred<CriError | undefined>();
    this.#dialing = dialing;
    const dialled = yield* this.#host.net.connectUnix(this.#path);
    this.#dialing = undefined;
    let failed: CriError | undefined;
    if (dialled.ok) {
      const connection = dialled.value;
      this.#connection = connection;
      connection.onReceive((event) => this.#receive(connection, event));
    } else {
      failed = rpcError(
        'Unavailable',
        `connection error: desc = "transport: Error while dialing: dial unix ${this.#path}: connect: ${goError(dialled.error)}"`,
      );
    }
    dialing.resolve(failed);
    return failed;
  }

  #receive(connection: Connection, event: Result<Chunk | undefined, unknown>): void {
    if (connection !== this.#connection) return;
    if (!event.ok || event.value === undefined || !isRpc(event.value)) {
      this.#lost('error reading from server: EOF');
      if (event.ok && event.value !== undefined) connection.reset();
      else connection.close();
      return;
    }
    const message = event.value;
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    if (message.kind === 'item') {
      pending.onItem?.(message.value);
      return;
    }
    this.#pending.delete(message.id);
    pending.answer.resolve(
      message.kind === 'error' ? err(message.value as CriError) : ok(message.value),
    );
  }

  #lost(reason: string): void {
    this.#connection = undefined;
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    const failure = err(rpcError('Unavailable', reason));
    for (const pending of lost) pending.answer.resolve(failure);
  }
}

/** One call as the server sees it. */
export interface RpcCall {
  readonly method: string;
  readonly request: unknown;
  /** Sends a stream item; false when the client has gone. */
  item(value: unknown): boolean;
  /** False once the client went away or cancelled. */
  readonly open: boolean;
}

export type RpcAnswer = Result<unknown, CriError>;

/** What a server needs of its process. */
export interface RpcServerHost extends RpcHost {
  start<T>(name: string, task: Task<T>): Running<T>;
}

/** Serves calls on a unix socket. A handler answers at once or with a task. Returns how to stop. */
export function serveRpc(
  host: RpcServerHost,
  path: string,
  handler: (call: RpcCall) => RpcAnswer | Task<RpcAnswer>,
): Result<() => void, string> {
  const listener = host.net.listenUnix(path);
  if (!listener.ok) return err(`listen unix ${path}: bind: ${goError(listener.error)}`);
  listener.value.onAccept((connection) => serveConnection(host, connection, handler));
  return ok(() => listener.value.close());
}

function serveConnection(
  host: RpcServerHost,
  connection: Connection,
  handler: (call: RpcCall) => RpcAnswer | Task<RpcAnswer>,
): void {
  const cancelled = new Set<number>();
  connection.onReceive((event) => {
    if (!event.ok || event.value === undefined) {
      connection.close();
      return;
    }
    const message = event.value;
    if (!isRpc(message)) {
      connection.reset();
      return;
    }
    if (message.kind === 'cancel') {
      cancelled.add(message.id);
      return;
    }
    const answer = (result: RpcAnswer): void => {
      if (cancelled.delete(message.id)) return;
      const kind = result.ok ? 'reply' : 'error';
      connection.post(
        frame(kind, message.id, message.method, result.ok ? result.value : result.error),
      );
    };
    const outcome = handler({
      method: message.method,
      request: message.value,
      item: (value) =>
        !cancelled.has(message.id) &&
        connection.post(frame('item', message.id, message.method, value)),
      get open() {
        return connection.open && !cancelled.has(message.id);
      },
    });
    if ('ok' in outcome) answer(outcome);
    else host.start(message.method, answering(outcome, answer));
  });
}

function* answering(task: Task<RpcAnswer>, answer: (result: RpcAnswer) => void): Task<void> {
  answer(yield* task);
}
