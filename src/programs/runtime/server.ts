/**
 * The CRI server: one handler per method, answered at once where nothing has to be waited for.
 */
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import {
  createContainer,
  execSync,
  removeContainer,
  startContainer,
  stopContainer,
} from './containers.ts';
import { containerStatus, describeContainer } from './records.ts';
import {
  listPodSandbox,
  matches,
  podSandboxStatus,
  removePodSandbox,
  runPodSandbox,
  stopPodSandbox,
} from './sandbox.ts';
import type { RuntimeService } from './service.ts';
import type { StreamTokens } from './stream-server.ts';
import type { CriError, CriMethods } from './wire/messages.ts';
import { type RpcAnswer, type RpcCall, rpcError } from './wire/rpc.ts';

type Handler<M extends keyof CriMethods> = (
  service: RuntimeService,
  request: CriMethods[M][0],
  streams: StreamTokens,
) => Result<CriMethods[M][1], CriError> | Task<Result<CriMethods[M][1], CriError>>;

type Handlers = { readonly [M in keyof CriMethods]: Handler<M> };

const HANDLERS: Handlers = {
  Version: () =>
    ok({ runtimeName: 'containerd', runtimeVersion: 'v2.1.4', runtimeApiVersion: 'v1' }),
  RunPodSandbox: (service, request) => runPodSandbox(service, request.config),
  StopPodSandbox: (service, request) => stopPodSandbox(service, request.podSandboxId),
  RemovePodSandbox: (service, request) => removePodSandbox(service, request.podSandboxId),
  PodSandboxStatus: (service, request) => podSandboxStatus(service, request.podSandboxId),
  ListPodSandbox: (service, request) => listPodSandbox(service, request.labels),
  CreateContainer: (service, request) => createContainer(service, request),
  StartContainer: (service, request) => startContainer(service, request.containerId),
  StopContainer: (service, request) => stopContainer(service, request.containerId, request.timeout),
  ReopenContainerLog(service, request) {
    const found = service.container(request.containerId);
    if (!found.ok) return found;
    if (found.value.state !== 'CONTAINER_RUNNING')
      return err(rpcError('Unknown', 'container is not running'));
    found.value.log.reopen();
    return ok({});
  },
  RemoveContainer: (service, request) => removeContainer(service, request.containerId),
  ListContainers: (service, request) => listContainers(service, request),
  ContainerStatus(service, request) {
    const found = service.container(request.containerId);
    return found.ok ? ok({ status: containerStatus(found.value) }) : found;
  },
  ExecSync: (service, request) => execSync(service, request),
  Exec: (_service, request, streams) => ok({ url: streams.prepare({ kind: 'exec', ...request }) }),
  Attach: (_service, request, streams) =>
    ok({ url: streams.prepare({ kind: 'attach', cmd: [], ...request }) }),
  PortForward: (_service, request, streams) =>
    ok({
      url: streams.prepare({
        kind: 'port-forward',
        podSandboxId: request.podSandboxId,
        port: request.port[0] ?? 0,
      }),
    }),
  Status: (service) => ok(runtimeStatus(service)),
  ContainerStats(service, request) {
    const found = service.container(request.containerId);
    if (!found.ok) return found;
    const usage = service.process.kernel.cgroupUsage(found.value.cgroup);
    return ok({
      cpuMicros: usage.ok ? usage.value.cpu : 0,
      memoryBytes: usage.ok ? usage.value.memory : 0,
      writableLayerBytes: found.value.namespaces.mount?.root?.root.fs.used ?? 0,
    });
  },
  *PullImage(service, request) {
    const pulled = yield* service.images.pull(request.image);
    if (pulled.ok) service.recordOf('pull-image', `Image/${request.image}`, '');
    else service.recordOf('pull-failed', `Image/${request.image}`, pulled.error.message);
    return pulled.ok ? ok({ imageRef: pulled.value }) : pulled;
  },
  ListImages: (service) => ok({ images: service.images.list() }),
  ImageStatus: (service, request) => ok({ image: service.images.find(request.image)?.image }),
  RemoveImage(service, request) {
    service.images.remove(request.image);
    return ok({});
  },
  ImageFsInfo: (service) => ok({ usedBytes: service.images.usedBytes(), inodesUsed: 0 }),
  UpdateRuntimeConfig: () => ok({}),
};

/** Answers one call. GetContainerEvents streams until the client goes. */
export function handleCri(
  service: RuntimeService,
  streams: StreamTokens,
  call: RpcCall,
  untilStopped: () => Task<RpcAnswer>,
): RpcAnswer | Task<RpcAnswer> {
  if (call.method === 'GetContainerEvents') {
    service.listen(call);
    return untilStopped();
  }
  if (!Object.hasOwn(HANDLERS, call.method)) {
    return err(
      rpcError('Unknown', `unknown method ${call.method} for service runtime.v1.RuntimeService`),
    );
  }
  const handler = HANDLERS[call.method as keyof CriMethods] as Handler<keyof CriMethods>;
  return handler(service, call.request as never, streams);
}

function listContainers(
  service: RuntimeService,
  request: CriMethods['ListContainers'][0],
): Result<CriMethods['ListContainers'][1], CriError> {
  if (request.podSandboxId !== undefined) {
    const sandbox = service.sandbox(request.podSandboxId);
    if (!sandbox.ok) return ok({ containers: [] });
    const containers = [...sandbox.value.containers].flatMap((id) => {
      const record = service.containers.get(id);
      return record === undefined || !matches(record.config.labels, request.labels)
        ? []
        : [describeContainer(record)];
    });
    return ok({ containers });
  }
  const records = [...service.containers.values()].filter((record) =>
    matches(record.config.labels, request.labels),
  );
  return ok({ containers: records.map(describeContainer) });
}

function runtimeStatus(service: RuntimeService): CriMethods['Status'][1] {
  if (service.network.ok) {
    return { runtimeReady: true, networkReady: true, networkReason: '', networkMessage: '' };
  }
  return {
    runtimeReady: true,
    networkReady: false,
    networkReason: 'NetworkPluginNotReady',
    networkMessage: 'Network plugin returns error: cni plugin not initialized',
  };
}
