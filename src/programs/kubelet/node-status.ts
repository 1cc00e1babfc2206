/**
 * The node object: registration, and its status every ten seconds, written when something changed and
 * every five minutes anyway (k8s.io/kubernetes/pkg/kubelet/kubelet_node_status.go and nodestatus,
 * v1.34). The lease in kube-node-lease is what says that the node lives.
 */
import { freezeDeep, sameValue } from '../../ground/api/edit.ts';
import { conditionOf } from '../../ground/api/meta.ts';
import { LEASES, NODES } from '../../ground/api/names.ts';
import { canonicalQuantity } from '../../ground/api/quantity.ts';
import type { Lease, Node, NodeCondition, NodeStatus } from '../../ground/api/types.ts';
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import { formatRfc3339, formatRfc3339Micro } from '../../ground/base/time.ts';
import { sleepInBackground } from '../../spine/client/background.ts';
import type { Image } from '../runtime/wire/index.ts';
import type { Core } from './core.ts';
import { goDuration } from './duration.ts';

const IMAGES_MAX = 50;
/** A node registers before its kubelet has looked at the runtime, so it is never born ready. */
const UNCHECKED = 'container runtime status check may not have completed yet';
const LEASE_NAMESPACE = 'kube-node-lease';
const HANDLER_FEATURES = { recursiveReadOnlyMounts: true, userNamespaces: true };
/** What containerd's configuration has: its default, which has no name, and runc. */
const RUNTIME_HANDLERS = ['', 'runc'].map((name) => ({ features: HANDLER_FEATURES, name }));

/** How long the runtime may be silent before it counts as down, and its pods' events as lost. */
const RUNTIME_SILENCE_MAX = 30 * SECOND;
const PLEG_SILENCE_MAX = 180 * SECOND;

/** What decides the conditions, besides the clock. */
export interface NodeHealth {
  /** When the runtime last answered, on the monotonic clock. */
  runtimeSeen: Micros;
  networkError: string;
  memoryPressure: boolean;
  diskPressure: boolean;
}

export class NodeReporter {
  readonly #core: Core;
  readonly #health: NodeHealth;
  #images: readonly Image[] = [];
  #reported: Micros = Number.NEGATIVE_INFINITY;
  #ready: boolean | undefined;
  #registered = false;
  #lease: Lease | undefined;
  /** What the status was last made from. */
  #seen:
    | {
        readonly status: NodeStatus | undefined;
        readonly images: readonly Image[];
        readonly health: string;
      }
    | undefined;

  constructor(core: Core, health: NodeHealth) {
    this.#core = core;
    this.#health = health;
  }

  imagesChanged(images: readonly Image[]): void {
    if (!sameValue(this.#images, images)) this.#images = images;
  }

  /** Creates the node, or finds it; tries again with upstream's back-off of 100 ms doubling to 7 s. */
  *register(): Task<void> {
    const { client, process, config } = this.#core;
    let delay = SECOND / 10;
    for (;;) {
      process.log(
        'I',
        'kubelet_node_status.go:75',
        `"Attempting to register node" node="${config.nodeName}"`,
      );
      const made = yield* client.create<Node>(NODES, this.#newNode());
      if (made.ok) break;
      if (made.error.reason === 'AlreadyExists') {
        const found = yield* client.get<Node>(NODES, '', config.nodeName);
        if (found.ok) break;
      }
      process.log(
        'E',
        'kubelet_node_status.go:107',
        `"Unable to register node with API server" err="${made.error.message}" node="${config.nodeName}"`,
      );
      yield* process.sleep(delay);
      delay = Math.min(delay * 2, 7 * SECOND);
    }
    process.log(
      'I',
      'kubelet_node_status.go:78',
      `"Successfully registered node" node="${config.nodeName}"`,
    );
    this.#registered = true;
  }

  #newNode(): Node {
    const { config, process } = this.#core;
    const labels: Record<string, string> = {
      'beta.kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'kubernetes.io/hostname': config.nodeName,
      'kubernetes.io/os': 'linux',
      ...config.nodeLabels,
    };
    const taints = config.registerTaints;
    return freezeDeep({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
        labels,
        name: config.nodeName,
      },
      spec: taints.length === 0 ? {} : { taints },
      status: this.#status(undefined, process.clock.wall()),
    }) as unknown as Node;
  }

  #quantities(): {
    readonly capacity: Record<string, string>;
    readonly allocatable: Record<string, string>;
  } {
    const { process, config } = this.#core;
    const { kernel, costs } = process;
    const disk = canonicalQuantity(`${Math.floor(costs.diskBytes / 1024)}Ki`);
    const memory = Math.floor(kernel.memoryBytes / 1024);
    const common = { 'hugepages-1Gi': '0', 'hugepages-2Mi': '0' };
    return {
      capacity: {
        cpu: `${kernel.cpus}`,
        'ephemeral-storage': disk.ok ? disk.value : '0',
        ...common,
        memory: `${memory}Ki`,
        pods: `${config.maxPods}`,
      },
      allocatable: {
        cpu: `${kernel.cpus}`,
        'ephemeral-storage': `${Math.floor(costs.diskBytes * 0.9)}`,
        ...common,
        memory: `${memory - config.evictionMemory / 1024}Ki`,
        pods: `${config.maxPods}`,
      },
    };
  }

  #status(old: NodeStatus | undefined, wall: number): NodeStatus {
    const { config, process, hostIp } = this.#core;
    const quantities = this.#quantities();
    const images = [...this.#images]
      .sort((a, b) => b.size - a.size)
      .slice(0, IMAGES_MAX)
      .map((image) => ({
        names: [...image.repoDigests, ...image.repoTags],
        sizeBytes: image.size,
      }));
    return {
      addresses: [
        { address: hostIp, type: 'InternalIP' },
        { address: config.nodeName, type: 'Hostname' },
      ],
      allocatable: quantities.allocatable,
      capacity: quantities.capacity,
      conditions: this.#conditions(old?.conditions, wall),
      daemonEndpoints: { kubeletEndpoint: { Port: config.port } },
      images,
      nodeInfo: {
        architecture: 'amd64',
        bootID: uuidOf(process.kernel.bootId),
        containerRuntimeVersion: 'containerd://2.1.4',
        kernelVersion: '6.1.0-40-amd64',
        kubeProxyVersion: '',
        kubeletVersion: 'v1.34.0',
        machineID: process.kernel.machineId,
        operatingSystem: 'linux',
        osImage: 'Debian GNU/Linux 12 (bookworm)',
        systemUUID: uuidOf(process.kernel.machineId),
      },
      features: { supplementalGroupsPolicy: true },
      runtimeHandlers: RUNTIME_HANDLERS,
    } as unknown as NodeStatus;
  }

  #conditions(old: readonly NodeCondition[] | undefined, wall: number): readonly NodeCondition[] {
    const health = this.#health;
    const now = formatRfc3339(wall);
    const condition = (
      type: string,
      status: boolean,
      reason: string,
      message: string,
    ): NodeCondition => {
      const before = conditionOf(old, type);
      const text = status ? 'True' : 'False';
      const since = before?.status === text ? (before.lastTransitionTime ?? now) : now;
      return {
        lastHeartbeatTime: now,
        lastTransitionTime: since,
        message,
        reason,
        status: text,
        type,
      };
    };
    const errors = [
      ...(this.#registered ? this.#runtimeErrors() : [UNCHECKED]),
      health.networkError === ''
        ? ''
        : `container runtime network not ready: ${health.networkError}`,
    ].filter((text) => text !== '');
    const message = errors.length === 1 ? (errors[0] as string) : `[${errors.join(', ')}]`;
    const own = [
      health.memoryPressure
        ? condition(
            'MemoryPressure',
            true,
            'KubeletHasInsufficientMemory',
            'kubelet has insufficient memory available',
          )
        : condition(
            'MemoryPressure',
            false,
            'KubeletHasSufficientMemory',
            'kubelet has sufficient memory available',
          ),
      health.diskPressure
        ? condition('DiskPressure', true, 'KubeletHasDiskPressure', 'kubelet has disk pressure')
        : condition(
            'DiskPressure',
            false,
            'KubeletHasNoDiskPressure',
            'kubelet has no disk pressure',
          ),
      condition(
        'PIDPressure',
        false,
        'KubeletHasSufficientPID',
        'kubelet has sufficient PID available',
      ),
      errors.length === 0
        ? condition('Ready', true, 'KubeletReady', 'kubelet is posting ready status')
        : condition('Ready', false, 'KubeletNotReady', message),
    ];
    const foreign = (old ?? []).filter((other) => !own.some((mine) => mine.type === other.type));
    return [...foreign, ...own];
  }

  /** What keeps the node from being ready about its runtime (pkg/kubelet/runtime.go runtimeErrors). */
  #runtimeErrors(): string[] {
    const silent = this.#core.process.clock.monotonic() - this.#health.runtimeSeen;
    const errors: string[] = [];
    if (silent > RUNTIME_SILENCE_MAX) errors.push('container runtime is down');
    if (silent > PLEG_SILENCE_MAX) {
      const text = goDuration(silent);
      errors.push(`PLEG is not healthy: pleg was last seen active ${text} ago; threshold is 3m0s`);
    }
    return errors;
  }

  /** True once the node has been reported ready: until then its state is reported as soon as it changes. */
  get wasReady(): boolean {
    return this.#ready === true;
  }

  /** Computes the status and writes it when it changed, or when its time has come. */
  *report(): Task<void> {
    const { client, config, events, process, nodes } = this.#core;
    const node = nodes.get(config.nodeName);
    if (node === undefined) return;
    const now = process.clock.monotonic();
    const early = now - this.#reported < config.nodeStatusReport;
    if (early && this.#looksAsBefore(node)) return;
    const status = this.#status(node.status, process.clock.wall());
    const changed = !sameValue(withoutHeartbeats(node.status), withoutHeartbeats(status));
    this.#seen = { status: node.status, images: this.#images, health: this.#healthText() };
    if (!changed && early) return;
    this.#announce(node, status, events);
    const patch = changed ? { status } : { status: { conditions: status.conditions } };
    const answer = yield* client.patch<Node>(
      NODES,
      '',
      config.nodeName,
      'strategic',
      freezeDeep(patch),
      { subresource: 'status' },
    );
    if (answer.ok) this.#reported = now;
    else
      process.log(
        'E',
        'kubelet_node_status.go:549',
        `"Error updating node status, will retry" err="${answer.error.message}"`,
      );
  }

  /** True when nothing that the status is made from has changed since it was last made. */
  #looksAsBefore(node: Node): boolean {
    const seen = this.#seen;
    return (
      seen !== undefined &&
      seen.status === node.status &&
      seen.images === this.#images &&
      seen.health === this.#healthText()
    );
  }

  #healthText(): string {
    const { networkError, memoryPressure, diskPressure } = this.#health;
    const runtime = this.#runtimeErrors().join();
    return `${this.#registered} ${memoryPressure} ${diskPressure} ${networkError} ${runtime}`;
  }

  /** Events about the node's own state, as the setters of upstream record them. */
  #announce(node: Node, status: NodeStatus, events: Core['events']): void {
    const name = node.metadata.name;
    const say = (reason: string): void =>
      events.event(nodeReference(name), 'Normal', reason, `Node ${name} status is now: ${reason}`);
    const was = (type: string): string | undefined =>
      conditionOf(node.status?.conditions, type)?.status;
    if (this.#ready === undefined) {
      say('NodeHasSufficientMemory');
      say('NodeHasNoDiskPressure');
      say('NodeHasSufficientPID');
      events.event(
        nodeReference(name),
        'Normal',
        'NodeAllocatableEnforced',
        'Updated Node Allocatable limit across pods',
      );
    }
    const before = node.status?.nodeInfo?.bootID ?? '';
    const bootId = status.nodeInfo?.bootID ?? '';
    if (before !== '' && before !== bootId) {
      const text = `Node ${name} has been rebooted, boot id: ${bootId}`;
      events.event(nodeReference(name), 'Warning', 'Rebooted', text);
    }
    const ready = conditionOf(status.conditions, 'Ready')?.status === 'True';
    if (
      ready !== (was('Ready') === 'True') ||
      (this.#ready === undefined && was('Ready') === undefined)
    )
      say(ready ? 'NodeReady' : 'NodeNotReady');
    this.#ready = ready;
  }

  /** Renews the lease every quarter of its duration, as heartbeats do: in the background. */
  *renewLease(): Task<void> {
    const { config, process } = this.#core;
    const period = (config.leaseSeconds * SECOND) / 4;
    for (;;) {
      yield* this.#renewOnce();
      yield* sleepInBackground(process, period);
    }
  }

  *#renewOnce(): Task<void> {
    const { client, config, process, nodes } = this.#core;
    const now = formatRfc3339Micro(process.clock.wall());
    if (this.#lease !== undefined) {
      const lease: Lease = freezeDeep({
        ...this.#lease,
        spec: { ...this.#lease.spec, renewTime: now },
      });
      const updated = yield* client.update<Lease>(LEASES, lease);
      if (updated.ok) {
        this.#lease = updated.value;
        return;
      }
      process.log(
        'E',
        'controller.go:195',
        `"Failed to update lease" err="${updated.error.message}"`,
      );
      if (updated.error.code !== 404 && updated.error.code !== 409) return;
    }
    const found = yield* client.get<Lease>(LEASES, LEASE_NAMESPACE, config.nodeName);
    if (found.ok) {
      this.#lease = found.value;
      return;
    }
    if (found.error.code !== 404) return;
    const uid = nodes.get(config.nodeName)?.metadata.uid;
    const owners =
      uid === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: config.nodeName, uid }] };
    const made = yield* client.create<Lease>(
      LEASES,
      freezeDeep({
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: config.nodeName, namespace: LEASE_NAMESPACE, ...owners },
        spec: {
          holderIdentity: config.nodeName,
          leaseDurationSeconds: config.leaseSeconds,
          renewTime: now,
        },
      }),
    );
    if (made.ok) this.#lease = made.value;
  }
}

/** What stands in an event about the node: its uid there is its name. */
export function nodeReference(name: string): {
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
} {
  return { kind: 'Node', name, uid: name };
}

/** 32 hex digits as the kernel prints an id. */
function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

function withoutHeartbeats(status: NodeStatus | undefined): unknown {
  if (status === undefined) return undefined;
  const conditions = (status.conditions ?? []).map(({ type, status: value, reason, message }) => ({
    type,
    value,
    reason,
    message,
  }));
  const { addresses, allocatable, capacity, images, nodeInfo } = status;
  return {
    addresses,
    allocatable,
    capacity,
    conditions,
    images: (images ?? []).map((image) => image.names?.join(' ')),
    boot: nodeInfo?.bootID,
  };
}
