/**
 * Pod garbage collection (k8s.io/kubernetes/pkg/controller/podgc, v1.34), every 20 s: finished pods
 * above a threshold, oldest first; pods of nodes that are gone, after a quarantine of 40 s; terminating
 * pods that never got a node; pods of nodes that are out of service. Pods that still run are first
 * marked Failed, with the condition DisruptionTarget.
 *
 * Reads indexes only: a round without anything to do costs the number of nodes.
 */
import { freezeDeep } from '../../ground/api/edit.ts';
import { withCondition } from '../../ground/api/meta.ts';
import { NODES, PODS } from '../../ground/api/names.ts';
import type { Node, Pod, PodCondition } from '../../ground/api/types.ts';
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import { compareText, quote } from '../../ground/base/text.ts';
import { formatRfc3339 } from '../../ground/base/time.ts';
import { sleepInBackground } from '../../spine/client/background.ts';
import type { Informer } from '../../spine/client/informer.ts';
import type { Controller, ControllerContext } from './context.ts';
import { isPodTerminal } from './pods.ts';

const PERIOD: Micros = 20 * SECOND;
const QUARANTINE: Micros = 40 * SECOND;
const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service';
export const BY_NODE = 'nodeName';

/** The index of pods by node; '' for those without one. */
export function indexByNode(pods: Informer<Pod>): void {
  pods.addIndex(
    BY_NODE,
    (pod) => [pod.spec?.nodeName ?? ''],
    (pod) => pod.spec?.nodeName,
  );
}

export const podGcController: Controller = {
  name: 'pod-garbage-collector-controller',
  account: 'pod-garbage-collector',
  component: 'pod-garbage-collector',
  start(context) {
    const pods = context.informers.of<Pod>(PODS);
    const nodes = context.informers.of<Node>(NODES);
    indexByNode(pods);
    pods.addIndex('terminal', (pod) => (isPodTerminal(pod) ? ['yes'] : []));
    context.process.start('pod garbage collector', new PodGc(context, pods, nodes).run());
  },
};

class PodGc {
  readonly #context: ControllerContext;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;
  /** Names that pods give as their node and that no node has, with when that was first seen. */
  readonly #missing = new Map<string, Micros>();

  constructor(context: ControllerContext, pods: Informer<Pod>, nodes: Informer<Node>) {
    this.#context = context;
    this.#pods = pods;
    this.#nodes = nodes;
  }

  *run(): Task<void> {
    yield* this.#pods.synced.wait();
    yield* this.#nodes.synced.wait();
    for (;;) {
      yield* this.#terminated();
      yield* this.#outOfService();
      yield* this.#orphaned();
      yield* this.#unscheduled();
      yield* sleepInBackground(this.#context.process, PERIOD);
    }
  }

  *#terminated(): Task<void> {
    const surplus =
      this.#pods.countByIndex('terminal', 'yes') - this.#context.flags.terminatedPodGcThreshold;
    if (surplus <= 0) return;
    const oldest = [...this.#pods.byIndex('terminal', 'yes')].sort((a, b) =>
      compareText(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? ''),
    );
    for (const pod of oldest.slice(0, surplus)) yield* this.#delete(pod, undefined);
  }

  *#outOfService(): Task<void> {
    for (const node of this.#nodes.list()) {
      const taints = node.spec?.taints ?? [];
      if (!taints.some((taint) => taint.key === OUT_OF_SERVICE)) continue;
      const ready = node.status?.conditions?.find((each) => each.type === 'Ready');
      if (ready?.status === 'True') continue;
      for (const pod of [...this.#pods.byIndex(BY_NODE, node.metadata.name)]) {
        if (pod.metadata.deletionTimestamp === undefined) continue;
        yield* this.#delete(pod, undefined);
      }
    }
  }

  *#orphaned(): Task<void> {
    const now = this.#context.process.clock.monotonic();
    for (const name of [...this.#missing.keys()]) {
      if (this.#nodes.get(name) !== undefined || this.#pods.countByIndex(BY_NODE, name) === 0) {
        this.#missing.delete(name);
      }
    }
    for (const name of [...this.#pods.indexValues(BY_NODE)]) {
      if (name === '' || this.#nodes.get(name) !== undefined) continue;
      const since = this.#missing.get(name);
      if (since === undefined) this.#missing.set(name, now);
      else if (now - since >= QUARANTINE && (yield* this.#isGone(name))) {
        for (const pod of [...this.#pods.byIndex(BY_NODE, name)]) {
          yield* this.#delete(pod, 'PodGC: node no longer exists');
        }
      }
    }
  }

  /** Asks the server itself before anything is deleted. */
  *#isGone(name: string): Task<boolean> {
    const found = yield* this.#context.client.get(NODES, '', name);
    return !found.ok && found.error.code === 404;
  }

  *#unscheduled(): Task<void> {
    for (const pod of [...this.#pods.byIndex(BY_NODE, '')]) {
      if (pod.metadata.deletionTimestamp !== undefined) yield* this.#delete(pod, undefined);
    }
  }

  *#delete(pod: Pod, disruption: string | undefined): Task<void> {
    const { client, process } = this.#context;
    const { namespace = '', name } = pod.metadata;
    process.log(
      'I',
      'gc_controller.go:245',
      `"PodGC is force deleting Pod" pod=${quote(`${namespace}/${name}`)}`,
    );
    if (!isPodTerminal(pod)) {
      const patch = freezeDeep({
        status: {
          phase: 'Failed',
          ...(disruption === undefined ? {} : { conditions: this.#disrupted(pod, disruption) }),
        },
      });
      const options = { subresource: 'status' };
      const patched = yield* client.patch(PODS, namespace, name, 'strategic', patch, options);
      if (!patched.ok && patched.error.code !== 404) return;
    }
    yield* client.delete(PODS, namespace, name, { gracePeriodSeconds: 0 });
  }

  #disrupted(pod: Pod, message: string): readonly PodCondition[] {
    return withCondition<PodCondition>(pod.status?.conditions, {
      type: 'DisruptionTarget',
      status: 'True',
      lastTransitionTime: formatRfc3339(this.#context.process.clock.wall()),
      reason: 'DeletionByPodGC',
      message,
    });
  }
}
