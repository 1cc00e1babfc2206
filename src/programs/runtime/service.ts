/**
 * The state of one containerd, shared by its sandbox and container services: records, images, shims
 * and the stream of events. A shim is spoken to over its socket; its event stream says what ended.
 */
import { DONE, err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import { loadNetwork, type NetworkList } from './cni/network.ts';
import { ImageStore } from './images.ts';
import {
  type ContainerRecord,
  containerStatus,
  dropRecord,
  loadRecords,
  saveRecord,
  type SandboxRecord,
  sandboxStatus,
} from './records.ts';
import { runShim, type ShimMethods, shimSocket, type TaskExit } from './shim.ts';
import type { ContainerEvent, CriError } from './wire/messages.ts';
import { type RpcCall, RpcClient, rpcError } from './wire/rpc.ts';

export class RuntimeService {
  readonly process: Process;
  readonly images: ImageStore;
  readonly sandboxes = new Map<string, SandboxRecord>();
  readonly containers = new Map<string, ContainerRecord>();
  network: Result<NetworkList, string>;
  readonly #shims = new Map<string, RpcClient>();
  readonly #listeners = new Set<RpcCall>();
  /** Names in use, as containerd reserves them: `web_default_<uid>_0`. */
  readonly names = new Map<string, string>();

  constructor(process: Process) {
    this.process = process;
    this.images = new ImageStore(process);
    this.network = loadNetwork(process.files);
  }

  /** A sandbox by id or by a unique beginning of it. */
  sandbox(id: string): Result<SandboxRecord, CriError> {
    const record = this.sandboxes.get(id) ?? uniquePrefix(this.sandboxes, id);
    if (record !== undefined) return ok(record);
    return err(rpcError('NotFound', `an error occurred when try to find sandbox: not found`));
  }

  container(id: string): Result<ContainerRecord, CriError> {
    const record = this.containers.get(id) ?? uniquePrefix(this.containers, id);
    if (record !== undefined) return ok(record);
    return err(
      rpcError('NotFound', `an error occurred when try to find container "${id}": not found`),
    );
  }

  saveSandbox(record: SandboxRecord): void {
    saveRecord(this.process.files, 'sandboxes', record, () => sandboxStatus(record));
  }

  saveContainer(record: ContainerRecord): void {
    saveRecord(this.process.files, 'containers', record, () => containerStatus(record));
  }

  forgetSandbox(record: SandboxRecord): void {
    this.sandboxes.delete(record.id);
    this.#shims.get(record.id)?.close();
    this.#shims.delete(record.id);
    dropRecord(this.process.files, 'sandboxes', record.id);
  }

  forgetContainer(record: ContainerRecord): void {
    this.containers.delete(record.id);
    record.namespaces.mount?.drop();
    this.sandboxes.get(record.sandboxId)?.containers.delete(record.id);
    dropRecord(this.process.files, 'containers', record.id);
  }

  // ---- shims

  /** Starts the shim of a sandbox, which then outlives this process. */
  *startShim(sandboxId: string): Task<Result<void, CriError>> {
    const spawned = this.process.spawn({
      argv: [
        'containerd-shim-runc-v2',
        '-namespace',
        'k8s.io',
        '-id',
        sandboxId,
        '-address',
        '/run/containerd/containerd.sock',
      ],
      comm: 'containerd-shim',
      cgroup: '/system.slice/containerd.service',
      newGroup: true,
      detached: true,
      fork: (process) => runShim(process, sandboxId),
    });
    if (!spawned.ok)
      return err(rpcError('Unknown', `failed to start shim: ${spawned.error.errno}`));
    // Its socket stands once it has run for the first time.
    yield* this.process.sleep(0);
    this.watchShim(sandboxId);
    return DONE;
  }

  /** Listens to what ends in a shim; when the shim itself is gone, so is all that it ran. */
  watchShim(sandboxId: string): void {
    const client = new RpcClient(this.process, shimSocket(sandboxId));
    this.#shims.set(sandboxId, client);
    this.process.start(`shim ${sandboxId.slice(0, 12)}`, this.#followShim(sandboxId, client));
  }

  *#followShim(sandboxId: string, client: RpcClient): Task<void> {
    yield* client.stream('Events', {}, (item) => this.taskExited(item as TaskExit));
    if (this.#shims.get(sandboxId) !== client) return;
    this.#shims.delete(sandboxId);
    const sandbox = this.sandboxes.get(sandboxId);
    if (sandbox === undefined) return;
    const time = this.process.clock.wall();
    for (const id of [...sandbox.containers, sandboxId]) {
      this.taskExited({ id, code: 255, outOfMemory: false, time });
    }
  }

  *shim<M extends keyof ShimMethods>(
    sandboxId: string,
    method: M,
    request: ShimMethods[M][0],
    deadline?: number,
  ): Task<Result<ShimMethods[M][1], CriError>> {
    const client = this.#shims.get(sandboxId);
    if (client === undefined) return err(rpcError('NotFound', 'ttrpc: closed: not found'));
    return (yield* client.call(method, request, deadline)) as Result<ShimMethods[M][1], CriError>;
  }

  // ---- what ended

  /** Notes the end of a pause process or of a container, once. `reason`: nobody saw how it ended. */
  taskExited(exit: TaskExit, reason?: string): void {
    const sandbox = this.sandboxes.get(exit.id);
    if (sandbox !== undefined) {
      if (!sandbox.ready) return;
      sandbox.ready = false;
      this.record('sandbox-exited', exit.id, `${exit.code}`);
      this.emit('STOPPED', exit.id, exit.id);
      return;
    }
    const container = this.containers.get(exit.id);
    if (container === undefined || container.state !== 'CONTAINER_RUNNING') return;
    container.state = 'CONTAINER_EXITED';
    container.exitCode = exit.code;
    container.finishedAt = exit.time;
    container.reason =
      reason ?? (exit.outOfMemory ? 'OOMKilled' : exit.code === 0 ? 'Completed' : 'Error');
    container.pid = 0;
    container.log.end();
    this.record('container-exited', exit.id, `${exit.code} ${container.reason}`);
    this.emit('STOPPED', exit.id, container.sandboxId);
  }

  // ---- events

  listen(call: RpcCall): void {
    this.#listeners.add(call);
  }

  emit(type: ContainerEvent['type'], containerId: string, podSandboxId: string): void {
    const event: ContainerEvent = {
      containerId,
      podSandboxId,
      type,
      createdAt: this.process.clock.wall(),
    };
    for (const listener of this.#listeners)
      if (!listener.item(event)) this.#listeners.delete(listener);
  }

  /** What really happened to a container, in the trace: later status writes name it as their cause. */
  record(verb: string, id: string, note = ''): void {
    this.recordOf(verb, `Container/${id.slice(0, 13)}`, note);
  }

  /** The same of anything else that the runtime has: an image. */
  recordOf(verb: string, object: string, note: string): void {
    this.process.trace.record({
      component: `containerd@${this.process.kernel.hostName}`,
      verb,
      object,
      note,
      foreground: true,
    });
  }

  // ---- starting again

  /** Finds what an earlier containerd left, and what has become of it. */
  *recover(): Task<void> {
    const files = this.process.files;
    for (const record of loadRecords<SandboxRecord>(files, 'sandboxes')) {
      this.sandboxes.set(record.id, record);
      this.names.set(sandboxName(record), record.id);
    }
    for (const record of loadRecords<ContainerRecord>(files, 'containers')) {
      this.containers.set(record.id, record);
      this.names.set(containerName(record, this.sandboxes.get(record.sandboxId)), record.id);
    }
    for (const sandbox of this.sandboxes.values()) yield* this.#recoverSandbox(sandbox);
  }

  *#recoverSandbox(sandbox: SandboxRecord): Task<void> {
    const client = new RpcClient(this.process, shimSocket(sandbox.id));
    const state = yield* client.call('State', {});
    client.close();
    const tasks = state.ok ? (state.value as ShimMethods['State'][1]).tasks : [];
    const time = this.process.clock.wall();
    for (const id of [...sandbox.containers, sandbox.id]) {
      const task = tasks.find((candidate) => candidate.id === id);
      if (task !== undefined && task.exit === undefined) continue;
      const exit = task?.exit ?? { id, code: 255, outOfMemory: false, time };
      this.taskExited(exit, task === undefined ? 'Unknown' : undefined);
    }
    if (state.ok) this.watchShim(sandbox.id);
  }
}

export function sandboxName(record: SandboxRecord): string {
  const { name, namespace, uid, attempt } = record.config.metadata;
  return `${name}_${namespace}_${uid}_${attempt}`;
}

export function containerName(
  record: Pick<ContainerRecord, 'config'>,
  sandbox: SandboxRecord | undefined,
): string {
  const pod = sandbox?.config.metadata;
  return `${record.config.metadata.name}_${pod?.name}_${pod?.namespace}_${pod?.uid}_${record.config.metadata.attempt}`;
}

function uniquePrefix<T>(records: ReadonlyMap<string, T>, prefix: string): T | undefined {
  if (prefix === '') return undefined;
  let found: T | undefined;
  for (const [id, record] of records) {
    if (!id.startsWith(prefix)) continue;
    if (found !== undefined) return undefined;
    found = record;
  }
  return found;
}
