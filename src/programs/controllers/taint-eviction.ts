/**
 * Taint eviction (k8s.io/kubernetes/pkg/controller/tainteviction, v1.34): pods that do not tolerate a
 * NoExecute taint of their node are deleted, at once or when their shortest tolerationSeconds has
 * passed. Watches Nodes and Pods; works on nodes as they change. Event on the pod:
 * TaintManagerEviction.
 */
import { freezeDeep, sameValue } from '../../ground/api/edit.ts';
import { withCondition } from '../../ground/api/meta.ts';
import { NODES, PODS } from '../../ground/api/names.ts';
import { keyOf } from '../../ground/api/object.ts';
import type { Node, Pod, PodCondition, Taint, Toleration } from '../../ground/api/types.ts';
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import type { Running, Task } from '../../ground/base/task.ts';
import { formatRfc3339 } from '../../ground/base/time.ts';
import type { Informer } from '../../spine/client/informer.ts';
import type { Controller, ControllerContext } from './context.ts';
import { BY_NODE, indexByNode } from './pod-gc.ts';

const RETRIES = 5;
const RETRY_PAUSE: Micros = 10_000;

export const taintEvictionController: Controller = {
  name: 'taint-eviction-controller',
  account: 'node-controller',
  component: 'taint-eviction-controller',
  start: (context) => new TaintEviction(context).start(),
};

interface Planned {
  readonly due: Micros;
  readonly task: Running<void>;
}

class TaintEviction {
  readonly #context: ControllerContext;
  readonly #nodes: Informer<Node>;
  readonly #pods: Informer<Pod>;
  /** Pods that will be evicted, by key. */
  readonly #planned = new Map<string, Planned>();

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#nodes = context.informers.of<Node>(NODES);
    this.#pods = context.informers.of<Pod>(PODS);
    indexByNode(this.#pods);
  }

  start(): void {
    this.#nodes.addHandler({
      onAdd: (node) => this.#nodeChanged(undefined, node),
      onUpdate: (old, node) => this.#nodeChanged(old, node),
      onDelete: (node) => {
        for (const pod of this.#pods.byIndex(BY_NODE, node.metadata.name)) this.#cancel(pod, false);
      },
    });
    this.#pods.addHandler({
      onAdd: (pod) => this.#podChanged(pod),
      onUpdate: (old, pod) => {
        const moved = old.spec?.nodeName !== pod.spec?.nodeName;
        if (moved || old.spec?.tolerations !== pod.spec?.tolerations) this.#podChanged(pod);
      },
      onDelete: (pod) => this.#cancel(pod, false),
    });
  }

  #nodeChanged(old: Node | undefined, node: Node): void {
    const before = noExecute(old);
    const after = noExecute(node);
    if (sameValue(before, after)) return;
    for (const pod of this.#pods.byIndex(BY_NODE, node.metadata.name)) this.#judge(pod, after);
  }

  #podChanged(pod: Pod): void {
    const name = pod.spec?.nodeName;
    const node = name === undefined ? undefined : this.#nodes.get(name);
    if (node === undefined) return;
    const taints = noExecute(node);
    if (taints.length > 0) this.#judge(pod, taints);
  }

  /** Plans, moves or cancels the eviction of a pod. */
  #judge(pod: Pod, taints: readonly Taint[]): void {
    if (taints.length === 0) {
      this.#cancel(pod, true);
      return;
    }
    const seconds = toleratedSeconds(pod.spec?.tolerations ?? [], taints);
    if (seconds === undefined) {
      this.#cancel(pod, true);
      return;
    }
    const now = this.#context.process.clock.monotonic();
    const due = now + seconds * SECOND;
    const key = keyOf(pod);
    const planned = this.#planned.get(key);
    // A plan that stands keeps its time unless the new one is earlier.
    if (planned !== undefined) {
      if (planned.due <= due) return;
      planned.task.kill();
    }
    const task = this.#context.process.start(`evict ${key}`, this.#evict(pod, due - now));
    this.#planned.set(key, { due, task });
  }

  #cancel(pod: Pod, announced: boolean): void {
    const key = keyOf(pod);
    const planned = this.#planned.get(key);
    if (planned === undefined) return;
    planned.task.kill();
    this.#planned.delete(key);
    if (!announced) return;
    const message = `Cancelling deletion of Pod ${key}`;
    this.#context.recorder.event(pod, 'Normal', 'TaintManagerEviction', message);
  }

  *#evict(pod: Pod, delay: Micros): Task<void> {
    const { client, process, recorder } = this.#context;
    const key = keyOf(pod);
    if (delay > 0) yield* process.sleep(delay);
    const { namespace = '', name } = pod.metadata;
    recorder.event(pod, 'Normal', 'TaintManagerEviction', `Marking for deletion Pod ${key}`);
    for (let attempt = 0; attempt < RETRIES; attempt += 1) {
      const current = this.#pods.get(key);
      if (current === undefined || current.metadata.uid !== pod.metadata.uid) break;
      const patch = freezeDeep({ status: { conditions: this.#disrupted(current) } });
      const options = { subresource: 'status' };
      const patched = yield* client.patch(PODS, namespace, name, 'strategic', patch, options);
      if (patched.ok || patched.error.code === 404) {
        const deleted = yield* client.delete(PODS, namespace, name);
        if (deleted.ok || deleted.error.code === 404) break;
      }
      yield* process.sleep(RETRY_PAUSE);
    }
    this.#planned.delete(key);
  }

  #disrupted(pod: Pod): readonly PodCondition[] {
    return withCondition<PodCondition>(pod.status?.conditions, {
      type: 'DisruptionTarget',
      status: 'True',
      lastTransitionTime: formatRfc3339(this.#context.process.clock.wall()),
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
    });
  }
}

function noExecute(node: Node | undefined): readonly Taint[] {
  return (node?.spec?.taints ?? []).filter((taint) => taint.effect === 'NoExecute');
}

function tolerates(toleration: Toleration, taint: Taint): boolean {
  const { effect = '', key = '', operator = '', value = '' } = toleration;
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  return (operator === '' || operator === 'Equal') && value === (taint.value ?? '');
}

/**
 * For how long a pod tolerates these taints: the smallest tolerationSeconds of the tolerations used;
 * 0 when a taint is not tolerated; undefined for ever.
 */
export function toleratedSeconds(
  tolerations: readonly Toleration[],
  taints: readonly Taint[],
): number | undefined {
  let shortest: number | undefined;
  for (const taint of taints) {
    const used = tolerations.filter((toleration) => tolerates(toleration, taint));
    if (used.length === 0) return 0;
    for (const toleration of used) {
      const seconds = toleration.tolerationSeconds;
      if (seconds === undefined) continue;
      const counted = Math.max(0, seconds);
      if (shortest === undefined || counted < shortest) shortest = counted;
    }
  }
  return shortest;
}
