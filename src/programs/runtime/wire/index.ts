/**
 * The open door of containerd: CRI's messages and a client for them. Whoever speaks to the runtime
 * (kubelet, crictl) imports this and nothing else of the folder.
 */
import { type Micros, SECOND } from '../../../ground/base/event-loop.ts';
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
  readonly #timeout: Micros | undefined;

  /** `timeout`: how long a call may take that has no deadline of its own; without it, for ever. */
  constructor(host: RpcHost, path: string = CONTAINERD_SOCKET, timeout?: Micros) {
    this.#rpc = new RpcClient(host, path);
    this.#timeout = timeout;
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
    const within = deadline ?? this.#patience(method, request);
    return (yield* this.#rpc.call(method, request, within)) as Result<CriMethods[M][1], CriError>;
  }

  /** As the kubelet's remote runtime service has it (cri-client v0.34 remote_runtime.go): a pull may last. */
  #patience(method: keyof CriMethods, request: unknown): Micros | undefined {
    const timeout = this.#timeout;
    if (timeout === undefined || method === 'PullImage') return undefined;
    if (method === 'RunPodSandbox') return 2 * timeout;
    if (method !== 'StopContainer' && method !== 'ExecSync') return timeout;
    return timeout + (request as { readonly timeout: number }).timeout * SECOND;
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
