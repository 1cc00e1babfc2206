/**
 * The open door of containerd: CRI's messages and a client for them. Whoever speaks to the runtime
 * (kubelet, crictl) imports this and nothing else of the folder.
 */
import type { Micros } from '../../../ground/base/event-loop.ts';
import type { Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { ContainerEvent, CriError, CriMethods } from './messages.ts';
import { RpcClient, type RpcHost } from './rpc.ts';

export type * from './messages.ts';
export type { CriLogLine, CriLogValue } from './log.ts';
export { CRI_LOG, logLinesOf } from './log.ts';
export { formatRpcError, rpcError } from './rpc.ts';
export type { StreamEvent, StreamHello } from './streaming.ts';
export { isStreamEvent, STREAM_SOCKET, streamHello, streamMessage } from './streaming.ts';

/** Where containerd listens. */
export const CONTAINERD_SOCKET = '/run/containerd/containerd.sock';

/** CRI calls over one connection, made when first needed and made again after it broke. */
export class CriClient {
  readonly #rpc: RpcClient;

  constructor(host: RpcHost, path: string = CONTAINERD_SOCKET) {
    this.#rpc = new RpcClient(host, path);
  }

  get connected(): boolean {
    return this.#rpc.connected;
  }

  /** `const made = yield* cri.call('RunPodSandbox', {config, runtimeHandler: ''})` */
  *call<M extends keyof CriMethods>(
    method: M,
    request: CriMethods[M][0],
    deadline?: Micros,
  ): Task<Result<CriMethods[M][1], CriError>> {
    return (yield* this.#rpc.call(method, request, deadline)) as Result<CriMethods[M][1], CriError>;
  }

  /** Streams container events until the connection breaks; returns why it ended. */
  *containerEvents(onEvent: (event: ContainerEvent) => void): Task<Result<unknown, CriError>> {
    return yield* this.#rpc.stream('GetContainerEvents', {}, (item) =>
      onEvent(item as ContainerEvent),
    );
  }

  close(): void {
    this.#rpc.close();
  }
}
