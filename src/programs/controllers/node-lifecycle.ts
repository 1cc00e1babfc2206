/**
 * The node lifecycle controller (k8s.io/kubernetes/pkg/controller/nodelifecycle, v1.34): every 5 s it
 * looks for nodes that have neither posted status nor renewed their lease for 50 s, marks their
 * conditions Unknown, taints them, and marks their pods not ready. NoSchedule taints follow conditions
 * at once; NoExecute taints go through a rate limit per zone, which slows down or stops when much of a
 * zone, or everything, seems dead. Events: RegisteredNode, RemovingNode, NodeNotReady.
 *
 * Evicting pods because of NoExecute taints is the taint eviction controller's work.
 */
import { freezeDeep, sameValue, withFields } from '../../ground/api/edit.ts';
import { conditionOf } from '../../ground/api/meta.ts';
import { LEASES, NODES, PODS } from '../../ground/api/names.ts';
import type {
  Lease,
  Node,
  NodeCondition,
  ObjectReference,
  Pod,
  Taint,
} from '../../ground/api/types.ts';
import type { Micros } from '../../ground/base/event-loop.ts';
import { Condition, type Task } from '../../ground/base/task.ts';
import { formatRfc3339 } from '../../ground/base/time.ts';
import { sleepInBackground } from '../../spine/client/background.ts';
import type { Informer } from '../../spine/client/informer.ts';
import { TokenBucket } from '../../spine/client/rate-limit.ts';
import { WorkQueue } from '../../spine/client/workqueue.ts';
import {
  type Controller,
  type ControllerContext,
  startWorkers,
  type SyncFailure,
} from './context.ts';
import {
  CONDITION_TAINTS,
  type Health,
  NOT_READY,
  observe,
  silentConditions,
  UNREACHABLE,
  wantedTaints,
  type ZoneState,
  zoneOf,
  zoneState,
} from './node-health.ts';
import { BY_NODE, indexByNode } from './pod-gc.ts';
import { isPodReady } from './pods.ts';

const LEASE_NAMESPACE = 'kube-node-lease';
const TAINT_RETRIES = 5;

export const nodeLifecycleController: Controller = {
  name: 'node-lifecycle-controller',
  account: 'node-controller',
  component: 'node-controller',
  start: (context) => new NodeLifecycle(context).start(),
};

/** A zone's pace of NoExecute taints, and the nodes that wait for theirs. */
interface Zone {
  state: ZoneState;
  rate: number;
  bucket: TokenBucket;
  readonly waiting: Set<string>;
}

class NodeLifecycle {
  readonly #context: ControllerContext;
  readonly #nodes: Informer<Node>;
  readonly #leases: Informer<Lease>;
  readonly #pods: Informer<Pod>;
  readonly #queue: WorkQueue;
  readonly #health = new Map<string, Health>();
  readonly #known = new Map<string, Node>();
  readonly #zones = new Map<string, Zone>();
  readonly #work = new Condition('nodes to taint');
  #allDisrupted = false;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#nodes = context.informers.of<Node>(NODES);
    this.#leases = context.informers.of<Lease>(LEASES);
    this.#pods = context.informers.of<Pod>(PODS);
    this.#queue = new WorkQueue(context.process, 'node_lifecycle_controller');
    indexByNode(this.#pods);
  }

  start(): void {
    const enqueue = (node: Node): void => this.#queue.add(node.metadata.name);
    this.#nodes.addHandler({
      onAdd: enqueue,
      onUpdate: (old, node) => {
        const same = old.status?.conditions === node.status?.conditions && old.spec === node.spec;
        if (!same) enqueue(node);
      },
    });
    const informers = [this.#nodes, this.#leases, this.#pods];
    startWorkers(this.#context, this.#queue, informers, { workers: 8 }, (key) =>
      this.#taintByConditions(key),
    );
    this.#context.process.start('node monitor', this.#monitor());
    this.#context.process.start('node tainter', this.#taintWaiting());
  }

  *#monitor(): Task<void> {
    for (const informer of [this.#nodes, this.#leases, this.#pods]) yield* informer.synced.wait();
    const { process, flags } = this.#context;
    for (;;) {
      yield* process.work(process.costs.controllerSyncMicros);
      yield* this.#round();
      yield* sleepInBackground(process, flags.nodeMonitorPeriod);
    }
  }

  /** One look at all nodes. */
  *#round(): Task<void> {
    this.#noteMembership();
    for (const node of [...this.#nodes.list()]) yield* this.#judge(node);
    yield* this.#handleDisruption();
  }

  #noteMembership(): void {
    for (const node of this.#nodes.list()) {
      const name = node.metadata.name;
      if (!this.#known.has(name))
        this.#announce(node, 'RegisteredNode', `Registered Node ${name} in Controller`);
      this.#known.set(name, node);
      this.#zone(node);
    }
    for (const [name, node] of this.#known) {
      if (this.#nodes.get(name) !== undefined) continue;
      this.#announce(node, 'RemovingNode', `Removing Node ${name} from Controller`);
      this.#known.delete(name);
      this.#health.delete(name);
      for (const zone of this.#zones.values()) zone.waiting.delete(name);
    }
  }

  #announce(node: Node, reason: string, what: string): void {
    const message = `Node ${node.metadata.name} event: ${what}`;
    this.#context.recorder.event(nodeReference(node), 'Normal', reason, message);
  }

  *#judge(node: Node): Task<void> {
    const { process, client, flags } = this.#context;
    const name = node.metadata.name;
    const now = process.clock.monotonic();
    const lease = this.#leases.get(`${LEASE_NAMESPACE}/${name}`);
    const health = observe(this.#health.get(name), node, lease, now);
    this.#health.set(name, health);
    const observed = conditionOf(node.status?.conditions, 'Ready');
    const grace: Micros =
      observed === undefined ? flags.nodeStartupGracePeriod : flags.nodeMonitorGracePeriod;
    let current = node;
    if (now - health.probed > grace) {
      const conditions = silentConditions(node, process.clock.wall());
      if (conditions !== undefined) {
        const next = withFields<Node>(node, {
          status: withFields(node.status ?? EMPTY, { conditions: freezeDeep(conditions) }),
        });
        const updated = yield* client.update<Node>(NODES, next, { subresource: 'status' });
        if (!updated.ok) {
          process.log(
            'E',
            'node_lifecycle_controller.go:973',
            `"Error updating node" node="${name}" err="${updated.error.message}"`,
          );
          return;
        }
        current = updated.value;
        // What this controller wrote itself is no sign of life.
        observe(health, current, lease, health.probed);
      }
    }
    yield* this.#follow(current, observed);
  }

  /** Taints, and pods marked not ready, follow from the Ready condition. */
  *#follow(node: Node, before: NodeCondition | undefined): Task<void> {
    const ready = conditionOf(node.status?.conditions, 'Ready');
    if (ready === undefined) return;
    const zone = this.#zone(node);
    const name = node.metadata.name;
    const taints = node.spec?.taints ?? [];
    const has = (key: string) =>
      taints.some((taint) => taint.key === key && taint.effect === 'NoExecute');
    if (ready.status === 'True') {
      zone.waiting.delete(name);
      if (has(NOT_READY) || has(UNREACHABLE)) yield* this.#setNoExecute(node, undefined);
      return;
    }
    const wanted = ready.status === 'Unknown' ? UNREACHABLE : NOT_READY;
    const other = wanted === UNREACHABLE ? NOT_READY : UNREACHABLE;
    if (has(other)) yield* this.#setNoExecute(node, wanted);
    else if (!has(wanted) && !zone.waiting.has(name)) {
      zone.waiting.add(name);
      this.#work.notify();
    }
    if (before?.status !== 'True') return;
    const message = `Node ${name} status is now: NodeNotReady`;
    this.#context.recorder.event(nodeReference(node), 'Normal', 'NodeNotReady', message);
    yield* this.#markPods(name);
  }

  *#markPods(name: string): Task<void> {
    const { client, recorder, process } = this.#context;
    const time = formatRfc3339(process.clock.wall());
    for (const pod of [...this.#pods.byIndex(BY_NODE, name)]) {
      if (!isPodReady(pod)) continue;
      const conditions = (pod.status?.conditions ?? []).map((each) =>
        each.type === 'Ready'
          ? withFields(each, { status: 'False', lastTransitionTime: time })
          : each,
      );
      const next = withFields<Pod>(pod, {
        status: withFields(pod.status ?? {}, { conditions: Object.freeze(conditions) }),
      });
      recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
      yield* client.update<Pod>(PODS, next, { subresource: 'status' });
    }
  }

  #zone(node: Node): Zone {
    const key = zoneOf(node);
    let zone = this.#zones.get(key);
    if (zone === undefined) {
      const rate = this.#context.flags.nodeEvictionRate;
      zone = { state: 'Initial', rate, bucket: new TokenBucket(rate, 1), waiting: new Set() };
      this.#zones.set(key, zone);
    }
    return zone;
  }

  /** Adapts the pace of every zone to how much of it is down. */
  *#handleDisruption(): Task<void> {
    const { flags, process } = this.#context;
    const members = new Map<string, Node[]>();
    for (const node of this.#nodes.list()) {
      const key = zoneOf(node);
      const list = members.get(key);
      if (list === undefined) members.set(key, [node]);
      else list.push(node);
    }
    const states = new Map<string, ZoneState>();
    for (const [key, nodes] of members) {
      states.set(key, zoneState(nodes, flags.unhealthyZoneThreshold));
    }
    const all = states.size > 0 && [...states.values()].every((each) => each === 'FullDisruption');
    const entering = all && !this.#allDisrupted;
    const leaving = !all && this.#allDisrupted;
    this.#allDisrupted = all;
    if (entering) {
      process.log(
        'I',
        'node_lifecycle_controller.go:1046',
        '"Controller detected that all Nodes are not-Ready. Entering master disruption mode"',
      );
      for (const node of [...this.#nodes.list()]) yield* this.#setNoExecute(node, undefined);
    }
    if (leaving) {
      process.log(
        'I',
        'node_lifecycle_controller.go:1070',
        '"Controller detected that some Nodes are Ready. Exiting master disruption mode"',
      );
      const now = process.clock.monotonic();
      for (const health of this.#health.values()) health.probed = now;
    }
    for (const [key, zone] of this.#zones) {
      const state = states.get(key) ?? 'Normal';
      const size = members.get(key)?.length ?? 0;
      const rate = all ? 0 : this.#rateOf(state, size);
      if (zone.rate !== rate) {
        zone.rate = rate;
        zone.bucket = new TokenBucket(rate, 1);
        this.#work.notify();
      }
      if (zone.state !== state) {
        if (zone.state !== 'Initial') {
          process.log(
            'I',
            'node_lifecycle_controller.go:1104',
            `"Controller detected that zone is now in new state" zone="${key}" newState="${state}"`,
          );
        }
        zone.state = state;
      }
    }
  }

  #rateOf(state: ZoneState, size: number): number {
    const { flags } = this.#context;
    if (state !== 'PartialDisruption') return flags.nodeEvictionRate;
    return size > flags.largeClusterSizeThreshold ? flags.secondaryNodeEvictionRate : 0;
  }

  /** Gives waiting nodes their NoExecute taint, as fast as their zones allow. */
  *#taintWaiting(): Task<void> {
    const { process } = this.#context;
    for (;;) {
      let soonest = Number.POSITIVE_INFINITY;
      for (const zone of this.#zones.values()) {
        const name = zone.waiting.values().next().value;
        if (name === undefined || zone.rate === 0) continue;
        const now = process.clock.monotonic();
        if (!zone.bucket.take(now)) {
          soonest = Math.min(soonest, zone.bucket.timeToToken(now));
          continue;
        }
        zone.waiting.delete(name);
        const node = this.#nodes.get(name);
        const ready = conditionOf(node?.status?.conditions, 'Ready')?.status;
        if (node !== undefined && ready !== 'True' && ready !== undefined) {
          yield* this.#setNoExecute(node, ready === 'Unknown' ? UNREACHABLE : NOT_READY);
        }
        soonest = 0;
      }
      if (soonest === Number.POSITIVE_INFINITY) {
        yield* this.#work.wait();
        // By then the cache has what made the node wait.
        soonest = TAINT_PERIOD;
      }
      if (soonest > 0) yield* sleepInBackground(process, soonest);
    }
  }

  /** NoSchedule taints as the conditions ask for. */
  *#taintByConditions(name: string): Task<SyncFailure> {
    const node = this.#nodes.get(name);
    if (node === undefined) return undefined;
    const wanted = wantedTaints(node);
    return yield* this.#changeTaints(node, (taints) => {
      const kept = taints.filter(
        (taint) =>
          taint.effect !== 'NoSchedule' ||
          !CONDITION_TAINTS.has(taint.key) ||
          wanted.some((each) => each.key === taint.key),
      );
      const missing = wanted.filter(
        (each) => !kept.some((taint) => taint.key === each.key && taint.effect === 'NoSchedule'),
      );
      return [...kept, ...missing.map((each) => this.#stamped(each))];
    });
  }

  /** Leaves exactly this NoExecute taint of the two, or none. */
  *#setNoExecute(node: Node, key: string | undefined): Task<SyncFailure> {
    return yield* this.#changeTaints(node, (taints) => {
      const isOurs = (taint: Taint) =>
        taint.effect === 'NoExecute' && (taint.key === NOT_READY || taint.key === UNREACHABLE);
      const kept = taints.filter((taint) => !isOurs(taint) || taint.key === key);
      if (key === undefined || kept.some((taint) => isOurs(taint))) return kept;
      return [...kept, this.#stamped({ key, effect: 'NoExecute' })];
    });
  }

  #stamped(taint: Pick<Taint, 'key' | 'effect'>): Taint {
    return { ...taint, timeAdded: formatRfc3339(this.#context.process.clock.wall()) };
  }

  /** Patches the taints of a node; on a conflict it reads the node and tries again. */
  *#changeTaints(
    node: Node,
    change: (taints: readonly Taint[]) => readonly Taint[],
  ): Task<SyncFailure> {
    const { client } = this.#context;
    const name = node.metadata.name;
    let current = node;
    for (let attempt = 0; attempt < TAINT_RETRIES; attempt += 1) {
      const old = current.spec?.taints ?? [];
      const taints = change(old);
      if (sameValue(old, taints)) return undefined;
      const patch = freezeDeep({
        metadata: { resourceVersion: current.metadata.resourceVersion },
        spec: { taints: taints.length === 0 ? null : taints },
      });
      const patched = yield* client.patch<Node>(NODES, '', name, 'strategic', patch);
      if (patched.ok || patched.error.code === 404) return undefined;
      if (patched.error.code !== 409) return patched.error.message;
      const fresh = yield* client.get<Node>(NODES, '', name);
      if (!fresh.ok) return fresh.error.message;
      current = fresh.value;
    }
    return `failed to update taints of node ${name}`;
  }
}

/** How often waiting nodes are looked at (nodeEvictionPeriod). */
const TAINT_PERIOD: Micros = 100_000;
const EMPTY: NonNullable<Node['status']> = Object.freeze({});

/** Events about nodes name the node as its own UID, as upstream does. */
function nodeReference(node: Node): ObjectReference {
  return freezeDeep<ObjectReference>({
    apiVersion: 'v1',
    kind: 'Node',
    name: node.metadata.name,
    ...(node.metadata.uid === undefined ? {} : { uid: node.metadata.uid }),
  });
}
