/**
 * Pod sandboxes: the namespaces that a pod's containers share, held by a pause process, and the pod's
 * network. (containerd v2.1 internal/cri/server/sandbox_*.go)
 */
import { formatIp } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Namespaces } from '../../machines/machine/kernel.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { NetworkNamespace } from '../../machines/network/namespace.ts';
import { runNetwork } from './cni/network.ts';
import type { CniPortMapping } from './cni/plugin.ts';
import { stopNow } from './containers.ts';
import { LogDescriptor, LogFile } from './log-file.ts';
import {
  type SandboxRecord,
  sandboxStatus,
  stateFolder,
  containerStatus,
  describeSandbox,
} from './records.ts';
import { makeRootfs, newShm } from './rootfs.ts';
import type { RuntimeService } from './service.ts';
import { sandboxName } from './service.ts';
import type { CriError, CriMethods, PodSandboxConfig } from './wire/messages.ts';
import { rpcError } from './wire/rpc.ts';

/** The image that holds a sandbox, as kubeadm's containerd is configured. */
const PAUSE_IMAGE = 'registry.k8s.io/pause:3.10.1';

export function* runPodSandbox(
  service: RuntimeService,
  config: PodSandboxConfig,
): Task<Result<CriMethods['RunPodSandbox'][1], CriError>> {
  const { process } = service;
  const costs = process.costs;
  const id = process.random.hex(64);
  const reserved = reserveName(service, config, id);
  if (reserved !== undefined) return err(reserved);
  const image = yield* pauseImage(service);
  if (!image.ok) return release(service, config, image.error);
  yield* process.sleep(costs.sandboxRestMicros);
  const record = newSandbox(service, id, config);
  const networked = yield* setUpNetwork(service, record);
  if (!networked.ok) {
    if (record.ownNetwork) endNetns(process, record);
    return release(service, config, networked.error);
  }
  service.sandboxes.set(id, record);
  yield* process.sleep(costs.pauseStartMicros);
  const started = yield* startPause(service, record, image.value);
  if (!started.ok) {
    tearDownNetwork(service, record);
    service.forgetSandbox(record);
    return release(service, config, started.error);
  }
  record.pid = started.value;
  record.ready = true;
  service.saveSandbox(record);
  service.record('run-sandbox', id, record.ip);
  service.emit('STARTED', id, id);
  return ok({ podSandboxId: id });
}

/** One sandbox of a name and attempt at a time; gives the error when it is taken. */
function reserveName(
  service: RuntimeService,
  config: PodSandboxConfig,
  id: string,
): CriError | undefined {
  const name = nameOf(config);
  const holder = service.names.get(name);
  if (holder !== undefined) {
    return rpcError(
      'Unknown',
      `failed to reserve sandbox name "${name}": name "${name}" is reserved for "${holder}"`,
    );
  }
  service.names.set(name, id);
  return undefined;
}

function nameOf(config: PodSandboxConfig): string {
  const { name, namespace, uid, attempt } = config.metadata;
  return `${name}_${namespace}_${uid}_${attempt}`;
}

function release(
  service: RuntimeService,
  config: PodSandboxConfig,
  error: CriError,
): Result<never, CriError> {
  service.names.delete(nameOf(config));
  return err(error);
}

function* pauseImage(service: RuntimeService): Task<Result<string, CriError>> {
  if (service.images.find(PAUSE_IMAGE) !== undefined) return ok(PAUSE_IMAGE);
  const pulled = yield* service.images.pull(PAUSE_IMAGE);
  if (pulled.ok) return ok(PAUSE_IMAGE);
  const head = `failed to start sandbox "${PAUSE_IMAGE}": failed to get sandbox image "${PAUSE_IMAGE}": failed to pull image "${PAUSE_IMAGE}": `;
  return err(rpcError(pulled.error.codeName, head + pulled.error.message));
}

function newSandbox(service: RuntimeService, id: string, config: PodSandboxConfig): SandboxRecord {
  const { process } = service;
  const own = process.kernel.namespaces;
  const ownNetwork = config.namespaces.network !== 'NODE';
  const namespaces: Namespaces = {
    network: ownNetwork ? makeNetns(process) : own.network,
    pid: config.namespaces.pid === 'NODE' ? own.pid : process.kernel.newPidNamespace(id),
    mount: own.mount,
    uts: ownNetwork ? { hostname: config.hostname } : own.uts,
    ipc: config.namespaces.ipc === 'NODE' ? own.ipc : { name: id },
  };
  const folder = stateFolder('sandboxes', id);
  process.files.mkdir(folder, { parents: true });
  process.files.write(`${folder}/hostname`, `${ownNetwork ? config.hostname : own.uts.hostname}\n`);
  process.files.write(`${folder}/resolv.conf`, resolvConf(service, config));
  return {
    id,
    config,
    createdAt: process.clock.wall(),
    namespaces,
    ownNetwork,
    folder,
    shm: undefined,
    ready: false,
    ip: '',
    network: undefined,
    pid: 0,
    containers: new Set(),
  };
}

/** Where namespaces are kept by name, as files that hold them. */
const NETNS_FOLDER = '/run/netns';

function makeNetns(process: Process): NetworkNamespace {
  const made = process.kernel.newNetworkNamespace(`cni-${process.random.uuid()}`);
  process.files.mkdir(NETNS_FOLDER, { parents: true });
  process.files.write(
    `${NETNS_FOLDER}/${made.name}`,
    { kind: 'network-namespace', value: made, render: () => new Uint8Array() },
    0o444,
  );
  return made;
}

function endNetns(process: Process, record: SandboxRecord): void {
  const { network } = record.namespaces;
  process.files.unlink(`${NETNS_FOLDER}/${network.name}`);
  network.destroy();
}

/** The DNS configuration as a file; without any, the host's own. */
function resolvConf(service: RuntimeService, config: PodSandboxConfig): string {
  const { servers, searches, options } = config.dns;
  if (servers.length === 0 && searches.length === 0 && options.length === 0) {
    const host = service.process.files.readText('/etc/resolv.conf');
    return host.ok ? host.value : '';
  }
  const lines: string[] = [];
  if (searches.length > 0) lines.push(`search ${searches.join(' ')}`);
  for (const server of servers) lines.push(`nameserver ${server}`);
  if (options.length > 0) lines.push(`options ${options.join(' ')}`);
  return `${lines.join('\n')}\n`;
}

function portMappings(config: PodSandboxConfig): CniPortMapping[] {
  return config.portMappings
    .filter((mapping) => mapping.hostPort > 0)
    .map((mapping) => ({
      hostPort: mapping.hostPort,
      containerPort: mapping.containerPort,
      protocol: mapping.protocol === 'UDP' ? 'udp' : 'tcp',
      hostIp: mapping.hostIp,
    }));
}

function* setUpNetwork(
  service: RuntimeService,
  record: SandboxRecord,
): Task<Result<void, CriError>> {
  if (!record.ownNetwork) return ok(undefined);
  const { process, network } = service;
  const head = `failed to setup network for sandbox "${record.id}": `;
  if (!network.ok) return err(rpcError('Unknown', `${head}cni plugin not initialized`));
  yield* process.sleep(process.costs.cniAddMicros);
  const added = runNetwork(network.value, 'ADD', {
    containerId: record.id,
    host: process.kernel.namespaces.network,
    pod: record.namespaces.network,
    files: process.files,
    portMappings: portMappings(record.config),
    previous: undefined,
  });
  if (!added.ok) {
    tearDownNetwork(service, record);
    return err(rpcError('Unknown', head + added.error));
  }
  record.network = added.value;
  const first = added.value.ips[0];
  record.ip = first === undefined ? '' : formatIp(first.ip);
  return ok(undefined);
}

function tearDownNetwork(service: RuntimeService, record: SandboxRecord): string | undefined {
  if (!record.ownNetwork) return undefined;
  const { process, network } = service;
  if (!network.ok) return 'cni plugin not initialized';
  const removed = runNetwork(network.value, 'DEL', {
    containerId: record.id,
    host: process.kernel.namespaces.network,
    pod: record.namespaces.network,
    files: process.files,
    portMappings: portMappings(record.config),
    previous: record.network,
  });
  return removed.ok ? undefined : removed.error;
}

function* startPause(
  service: RuntimeService,
  record: SandboxRecord,
  image: string,
): Task<Result<number, CriError>> {
  const { process } = service;
  const stored = service.images.find(image);
  if (stored === undefined) return err(rpcError('NotFound', `image "${image}": not found`));
  const cgroup = `${record.config.cgroupParent}/cri-containerd-${record.id}.scope`;
  const view = makeRootfs(process.kernel, {
    name: record.id,
    cgroup,
    layer: stored.layer,
    pid: record.namespaces.pid,
    mounts: [],
    readonlyRoot: true,
    privileged: false,
    workingDir: '/',
    shm: newShm(process.kernel),
  });
  if (!view.ok) return err(rpcError('Unknown', view.error));
  process.kernel.makeCgroup(record.config.cgroupParent, {});
  process.kernel.makeCgroup(cgroup, { cpuShares: 2 });
  const shim = yield* service.startShim(record.id);
  if (!shim.ok) return shim;
  const log = new LogFile(process.files, process.clock, `${record.folder}/pause.log`);
  const started = yield* service.shim(record.id, 'Start', {
    id: record.id,
    spec: {
      argv: stored.archive.config.entrypoint,
      env: new Map([['PATH', '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin']]),
      cwd: '/',
      uid: 65535,
      gid: 65535,
      groups: [],
      namespaces: { ...record.namespaces, mount: view.value },
      cgroup,
      descriptors: new Map([0, 1, 2].map((fd) => [fd, new LogDescriptor(log, 'stdout')])),
      terminal: undefined,
    },
  });
  if (!started.ok)
    return err(
      rpcError('Unknown', `failed to start sandbox "${record.id}": ${started.error.message}`),
    );
  return ok(started.value.pid);
}

/** Stops all containers and the pause process, and takes the network down. Doing it again is no error. */
export function* stopPodSandbox(
  service: RuntimeService,
  id: string,
): Task<Result<Record<string, never>, CriError>> {
  const found = service.sandbox(id);
  // An unknown sandbox is already stopped.
  if (!found.ok) return ok({});
  const record = found.value;
  const { process } = service;
  for (const containerId of [...record.containers]) {
    const container = service.containers.get(containerId);
    if (container?.state === 'CONTAINER_RUNNING') yield* stopNow(service, container);
  }
  if (record.ready) {
    yield* service.shim(record.id, 'Kill', { id: record.id, signal: 'SIGKILL', all: true });
    yield* process.sleep(process.costs.sandboxStopMicros);
    record.ready = false;
  }
  if (record.ownNetwork && record.namespaces.network.alive) {
    yield* process.sleep(process.costs.cniDelMicros);
    const failed = tearDownNetwork(service, record);
    if (failed !== undefined)
      return err(
        rpcError('Unknown', `failed to destroy network for sandbox "${record.id}": ${failed}`),
      );
    endNetns(process, record);
  }
  service.saveSandbox(record);
  return ok({});
}

export function* removePodSandbox(
  service: RuntimeService,
  id: string,
): Task<Result<Record<string, never>, CriError>> {
  const found = service.sandbox(id);
  if (!found.ok) return ok({});
  const record = found.value;
  const stopped = yield* stopPodSandbox(service, record.id);
  if (!stopped.ok) return stopped;
  for (const containerId of [...record.containers]) {
    const container = service.containers.get(containerId);
    if (container === undefined) continue;
    service.names.delete(
      `${container.config.metadata.name}_${record.config.metadata.name}_${record.config.metadata.namespace}_${record.config.metadata.uid}_${container.config.metadata.attempt}`,
    );
    service.forgetContainer(container);
  }
  service.process.kernel.removeCgroup(
    `${record.config.cgroupParent}/cri-containerd-${record.id}.scope`,
  );
  yield* service.shim(record.id, 'Shutdown', {});
  service.names.delete(sandboxName(record));
  service.forgetSandbox(record);
  service.emit('DELETED', record.id, record.id);
  return ok({});
}

export function podSandboxStatus(
  service: RuntimeService,
  id: string,
): Result<CriMethods['PodSandboxStatus'][1], CriError> {
  const found = service.sandbox(id);
  if (!found.ok) return found;
  const containers = [...found.value.containers].flatMap((containerId) => {
    const container = service.containers.get(containerId);
    return container === undefined ? [] : [containerStatus(container)];
  });
  return ok({ status: sandboxStatus(found.value), containers });
}

export function listPodSandbox(
  service: RuntimeService,
  labels: Readonly<Record<string, string>> | undefined,
): Result<CriMethods['ListPodSandbox'][1], CriError> {
  const items = [...service.sandboxes.values()].filter((record) =>
    matches(record.config.labels, labels),
  );
  return ok({ items: items.map(describeSandbox) });
}

/** True when all wanted labels are there. */
export function matches(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>> | undefined,
): boolean {
  if (wanted === undefined) return true;
  for (const key of Object.keys(wanted)) {
    if (!Object.hasOwn(labels, key) || labels[key] !== wanted[key]) return false;
  }
  return true;
}
