/**
 * The kubelet: the agent of a node. Registers it, keeps its lease, runs the pods that the API binds to
 * it and those of its manifests, through the runtime on the same host, and reports what became of them
 * (k8s.io/kubernetes/cmd/kubelet and pkg/kubelet, v1.34).
 */
import { CONFIGMAPS, NODES, PODS, SECRETS, SERVICES } from '../../ground/api/names.ts';
import type { ConfigMap, Node, Pod, Secret, Service } from '../../ground/api/types.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { formatIp, parseIp } from '../../ground/base/ip.ts';
import { anyOf, type Task } from '../../ground/base/task.ts';
import type { Process, Program } from '../../machines/machine/process.ts';
import { sleepInBackground } from '../../spine/client/background.ts';
import { openClient } from '../../spine/client/client.ts';
import { EventRecorder } from '../../spine/client/event-recorder.ts';
import { Informer } from '../../spine/client/informer.ts';
import { loadKubeconfig } from '../../spine/client/kubeconfig.ts';
import { CriClient, formatRpcError } from '../runtime/wire/index.ts';
import { type KubeletConfig, readConfig } from './config.ts';
import type { Core } from './core.ts';
import { writeKubeletChains } from './firewall.ts';
import { type NodeHealth, NodeReporter, nodeReference } from './node-status.ts';
import { ObjectCache } from './object-cache.ts';
import { rotateLogs, type SeenLogs } from './log-rotation.ts';
import { evictOversized } from './storage-eviction.ts';
import { PodManager } from './pod-manager.ts';
import { serveKubelet } from './server.ts';
import { watchManifests } from './static-pods.ts';
import { StatusManager } from './status-manager.ts';

const RUNTIME_CHECK = 5 * SECOND;
/** How often the image manager asks (pkg/kubelet/images/image_gc_manager.go Start). */
const IMAGE_CACHE_PERIOD = 30 * SECOND;
/** runtimeRequestTimeout: how long the runtime may take over a call. */
const RUNTIME_REQUEST = 120 * SECOND;

/** Its start-up is computed before this: by the table of costs, while its code may still be coming. */
export const kubelet: Program = {
  name: 'kubelet',
  version: 'v1.34.0',
  *main(process) {
    const config = readConfig(process);
    if (!config.ok) {
      process.log('E', 'run.go:72', `"command failed" err="${config.error}"`);
      return 1;
    }
    return yield* runKubelet(process, config.value);
  },
};

/** The node's own address: the flag, or the first that is not loopback. */
function hostAddress(process: Process, config: KubeletConfig): string {
  if (parseIp(config.nodeIp) !== undefined) return config.nodeIp;
  for (const device of process.kernel.namespaces.network.interfaces()) {
    if (device.kind !== 'physical') continue;
    const first = device.addresses[0];
    if (first !== undefined) return formatIp(first.ip);
  }
  return '';
}

function* runKubelet(process: Process, config: KubeletConfig): Task<number> {
  const credentials = loadKubeconfig(process, config.kubeconfig);
  if (!credentials.ok) {
    process.log(
      'E',
      'run.go:72',
      `"command failed" err="failed to run Kubelet: ${credentials.error}"`,
    );
    return 1;
  }
  const client = openClient(process, credentials.value, { qps: 50, burst: 100 });
  const heartbeat = openClient(process, credentials.value, { qps: 0, timeout: 10 * SECOND });
  const events = new EventRecorder(
    process,
    openClient(process, credentials.value, { qps: 50, burst: 100 }),
    { component: 'kubelet', host: config.nodeName },
  );
  const cri = new CriClient(process, config.containerRuntimeEndpoint, RUNTIME_REQUEST);
  const users = { changed: (_: ReadonlySet<string>): void => {} };
  const changed = (uids: ReadonlySet<string>): void => users.changed(uids);
  const services = new Informer<Service>(process, client, SERVICES);
  const nodes = new Informer<Node>(process, client, NODES, {
    fieldSelector: `metadata.name=${config.nodeName}`,
  });
  const core: Core = {
    process,
    config,
    client,
    cri,
    events,
    statuses: new StatusManager(process, client),
    configMaps: new ObjectCache<ConfigMap>(process, client, CONFIGMAPS, changed),
    secrets: new ObjectCache<Secret>(process, client, SECRETS, changed),
    services,
    nodes,
    hostIp: hostAddress(process, config),
    allocatable: {
      cpuMilli: process.kernel.cpus * 1000,
      memory: process.kernel.memoryBytes - config.evictionMemory,
    },
    networkError: '',
  };
  const pods = new PodManager(core);
  users.changed = (uids) => pods.objectsChanged(uids);
  const health: NodeHealth = {
    runtimeSeen: process.clock.monotonic(),
    networkError: '',
    memoryPressure: false,
    diskPressure: false,
  };
  const reporter = new NodeReporter(core, health);
  process.log('I', 'server.go:529', '"Kubelet version" kubeletVersion="v1.34.0"');
  writeKubeletChains(process);
  events.event(nodeReference(config.nodeName), 'Normal', 'Starting', 'Starting kubelet.');
  if (!(yield* runtimeAnswers(core))) return 1;
  yield* pods.inherit();
  yield* checkRuntime(core, health, pods);
  process.start('image cache', imageLoop(core, reporter));
  startTasks(core, { ...core, client: heartbeat }, pods, reporter, health);
  serveKubelet(core, pods);
  yield process.terminated;
  return 0;
}

/** Without a runtime there is no kubelet: it exits, and its unit starts it again. */
function* runtimeAnswers(core: Core): Task<boolean> {
  const version = yield* core.cri.call('Version', {});
  if (version.ok) return true;
  core.process.log(
    'E',
    'run.go:72',
    `"command failed" err="failed to run Kubelet: validate service connection: validate CRI v1 runtime API for endpoint \\"unix://${core.config.containerRuntimeEndpoint}\\": ${formatRpcError(version.error)}"`,
  );
  return false;
}

function startTasks(
  core: Core,
  beating: Core,
  pods: PodManager,
  reporter: NodeReporter,
  health: NodeHealth,
): void {
  const { process, config, client } = core;
  process.start('status manager', core.statuses.run());
  process.start(
    'static pods',
    watchManifests(process, config, (statics) => pods.setStatics(statics)),
  );
  core.services.start();
  core.nodes.start();
  process.start('register', registerAndReport(core, pods, reporter));
  process.start('lease', new NodeReporter(beating, health).renewLease());
  process.start('container events', followEvents(core, pods));
  process.start('runtime check', runtimeLoop(core, health, reporter, pods));
  const informer = new Informer<Pod>(process, client, PODS, {
    fieldSelector: `spec.nodeName=${config.nodeName}`,
  });
  informer.addHandler({
    onAdd: (pod) => pods.apiAdded(pod),
    onUpdate: (_old, pod) => pods.apiUpdated(pod),
    onDelete: (pod) => pods.apiDeleted(pod),
  });
  informer.start();
  process.start('orphans', removeOrphans(informer, pods));
}

function* removeOrphans(informer: Informer<Pod>, pods: PodManager): Task<void> {
  yield* informer.synced.wait();
  yield* pods.removeOrphans();
}

function* registerAndReport(core: Core, pods: PodManager, reporter: NodeReporter): Task<void> {
  yield* reporter.register();
  yield* core.nodes.synced.wait();
  pods.makeMirrors();
  for (;;) {
    yield* reporter.report();
    const soon = core.nodes.get(core.config.nodeName) === undefined;
    yield* sleepInBackground(core.process, soon ? SECOND : core.config.nodeStatusFrequency);
  }
}

/** The runtime is asked often, as upstream does; until the node is ready its status follows at once. */
function* runtimeLoop(
  core: Core,
  health: NodeHealth,
  reporter: NodeReporter,
  pods: PodManager,
): Task<void> {
  const seen: SeenLogs = new Map();
  for (let round = 0; ; round += 1) {
    const before = health.networkError;
    yield* checkRuntime(core, health, pods);
    // Logs and disks are looked at every 10 s, which is every other time.
    if (round % 2 === 1) {
      yield* rotateLogs(core, pods.workers(), seen);
      yield* evictOversized(core, pods.workers());
    }
    if (!reporter.wasReady && before !== health.networkError) yield* reporter.report();
    yield* sleepInBackground(core.process, RUNTIME_CHECK);
  }
}

/** The image manager asks what images there are, for the node's status. */
function* imageLoop(core: Core, reporter: NodeReporter): Task<void> {
  for (;;) {
    const images = yield* core.cri.call('ListImages', {});
    if (images.ok) reporter.imagesChanged(images.value.images);
    yield* sleepInBackground(core.process, IMAGE_CACHE_PERIOD);
  }
}

/** Asks the runtime how it is. */
function* checkRuntime(core: Core, health: NodeHealth, pods: PodManager): Task<void> {
  const status = yield* core.cri.call('Status', {}, 2 * 60 * SECOND);
  if (!status.ok) {
    core.process.log(
      'E',
      'kubelet.go:2779',
      `"Container runtime sanity check failed" err="${formatRpcError(status.error)}"`,
    );
    return;
  }
  health.runtimeSeen = core.process.clock.monotonic();
  const { networkReady, networkReason, networkMessage } = status.value;
  const wasDown = health.networkError !== '';
  health.networkError = networkReady
    ? ''
    : `NetworkReady=false reason:${networkReason} message:${networkMessage}`;
  core.networkError =
    health.networkError === '' ? '' : `container runtime network not ready: ${health.networkError}`;
  if (wasDown && health.networkError === '') pods.networkReady();
}

/** Follows the runtime's events; when the stream breaks, everything is looked at again. */
function* followEvents(core: Core, pods: PodManager): Task<void> {
  for (;;) {
    yield* core.cri.containerEvents((event) => pods.containerEvent(event));
    yield* anyOf([], SECOND);
    const version = yield* core.cri.call('Version', {});
    if (!version.ok) continue;
    pods.relist();
  }
}
