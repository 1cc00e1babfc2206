/**
 * What runs while kube-scheduler leads: informers of pods and nodes feed cache and queue, one loop
 * schedules a pod at a time, and bindings go out beside it (pkg/scheduler/{eventhandlers,
 * schedule_one}.go, v1.34). The trace keeps the matrix of every attempt.
 */
import { NODES, PODS } from '../../ground/api/names.ts';
import { keyOf } from '../../ground/api/object.ts';
import type { Binding, Node, Pod } from '../../ground/api/types.ts';
import { MILLISECOND, SECOND } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import { formatRfc3339 } from '../../ground/base/time.ts';
import type { Process } from '../../machines/machine/process.ts';
import { enterBackground } from '../../spine/client/background.ts';
import type { SeriesRecorder } from '../../spine/client/event-series.ts';
import { Informer } from '../../spine/client/informer.ts';
import type { ApiError, Client } from '../../spine/client/types.ts';
import { SchedulerCache } from './cache.ts';
import type { SchedulerCore } from './core.ts';
import { type Decision, SchedulingCycle } from './cycle.ts';
import type { SchedulerProfile } from './profile.ts';
import { type ClusterEvent, type QueuedPod, SchedulingQueue } from './queue.ts';

const SCHEDULER_NAME = 'default-scheduler';

export class SchedulerServer {
  readonly #process: Process;
  readonly #client: Client;
  readonly #recorder: SeriesRecorder;
  readonly #cache: SchedulerCache;
  readonly #queue: SchedulingQueue;
  readonly #cycle: SchedulingCycle;
  readonly #pods: Informer<Pod>;
  readonly #nodes: Informer<Node>;

  constructor(
    process: Process,
    client: Client,
    recorder: SeriesRecorder,
    core: SchedulerCore,
    profile: SchedulerProfile,
  ) {
    this.#process = process;
    this.#client = client;
    this.#recorder = recorder;
    this.#cache = new SchedulerCache(core);
    this.#queue = new SchedulingQueue(() => process.clock.monotonic());
    this.#cycle = new SchedulingCycle(
      core,
      this.#cache,
      this.#queue,
      profile,
      process.random.fork('ties'),
    );
    this.#pods = new Informer<Pod>(process, client, PODS, {
      fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed',
    });
    this.#nodes = new Informer<Node>(process, client, NODES);
  }

  /** Runs until the process ends. */
  *run(): Task<void> {
    this.#watchNodes();
    this.#watchPods();
    this.#nodes.start();
    this.#pods.start();
    yield* this.#nodes.synced.wait();
    yield* this.#pods.synced.wait();
    this.#process.start('flush queues', this.#flush());
    for (;;) {
      const next = this.#queue.pop();
      if (next === undefined) yield* this.#queue.changed.wait();
      else yield* this.#scheduleOne(next);
    }
  }

  get #causeNow(): number {
    return this.#process.trace.loop.cause;
  }

  #watchNodes(): void {
    this.#nodes.addHandler({
      onAdd: (node) => {
        this.#cache.setNode(node);
        this.#queue.moveOn('NodeAdd', this.#causeNow);
      },
      onUpdate: (old, node) => {
        this.#cache.setNode(node);
        for (const event of nodeEvents(old, node)) this.#queue.moveOn(event, this.#causeNow);
      },
      onDelete: (node) => this.#cache.removeNode(node.metadata.name),
    });
  }

  #watchPods(): void {
    this.#pods.addHandler({
      onAdd: (pod) => {
        if (isAssigned(pod)) this.#cache.setPod(pod);
        else if (isOurs(pod)) this.#queue.add(pod, this.#causeNow);
      },
      onUpdate: (old, pod) => {
        if (isAssigned(pod)) {
          this.#cache.setPod(pod);
          if (!isAssigned(old)) this.#queue.done(keyOf(pod));
        } else if (pod.metadata.deletionTimestamp !== undefined) this.#queue.remove(keyOf(pod));
        else if (isOurs(pod) && !this.#cache.isPlaced(keyOf(pod)))
          this.#queue.update(pod, this.#causeNow);
      },
      onDelete: (pod) => {
        const key = keyOf(pod);
        this.#queue.remove(key);
        this.#cache.removePod(key);
        if (isAssigned(pod)) this.#queue.moveOn('AssignedPodDelete', this.#causeNow);
      },
    });
  }

  /** Moves what has backed off or lain too long; looks once a second while something waits. */
  *#flush(): Task<void> {
    for (;;) {
      enterBackground(this.#process);
      if (this.#queue.size === 0) yield* this.#queue.changed.wait();
      enterBackground(this.#process);
      yield* this.#process.sleep(SECOND);
      this.#queue.flush();
    }
  }

  *#scheduleOne(queued: QueuedPod): Task<void> {
    const process = this.#process;
    process.trace.loop.cause = queued.cause;
    const costs = process.costs;
    const looked = this.#cache.nodes.length;
    yield* process.work(costs.schedulerAttemptMicros + looked * costs.schedulerNodeMicros);
    const pod = queued.pod;
    if (this.#cache.isPlaced(queued.key)) {
      this.#queue.done(queued.key);
      return;
    }
    const decision = this.#cycle.decide(queued);
    process.trace.record({
      component: 'kube-scheduler',
      verb: decision.node === undefined ? 'reject' : 'schedule',
      object: `Pod/${queued.key}`,
      note: decision.node ?? decision.message,
      detail: decision.record,
    });
    if (decision.node === undefined) {
      queued.cause = this.#causeNow;
      process.start('reject', this.#reject(queued, decision));
      return;
    }
    this.#cache.assume(pod, decision.node);
    process.start('bind', this.#bind(queued, decision.node));
  }

  *#bind(queued: QueuedPod, node: string): Task<void> {
    const pod = queued.pod;
    const binding: Binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: {
        name: pod.metadata.name,
        namespace: pod.metadata.namespace,
        uid: pod.metadata.uid,
      },
      target: { apiVersion: 'v1', kind: 'Node', name: node },
    };
    const bound = yield* this.#client.create(PODS, binding, {
      name: pod.metadata.name,
      subresource: 'binding',
    });
    if (!bound.ok) {
      this.#cache.forget(queued.key);
      yield* this.#fail(queued, bound.error);
      return;
    }
    this.#queue.done(queued.key);
    const where = `${pod.metadata.namespace}/${pod.metadata.name}`;
    const note = `Successfully assigned ${where} to ${node}`;
    this.#recorder.event(pod, 'Normal', 'Scheduled', 'Binding', note);
  }

  /** Writes what the attempt found: the event and the PodScheduled condition. */
  *#reject(queued: QueuedPod, decision: Decision): Task<void> {
    const pod = queued.pod;
    this.#recorder.event(pod, 'Warning', 'FailedScheduling', 'Scheduling', decision.message);
    this.#queue.giveBack(queued, decision.rejectedBy, false);
    yield* this.#patchCondition(pod, decision.message);
  }

  *#fail(queued: QueuedPod, error: ApiError): Task<void> {
    const process = this.#process;
    process.log(
      'E',
      'schedule_one.go:1106',
      `"Error binding pod" err="${error.message}" pod="${queued.key}"`,
    );
    if (error.code === 404) {
      this.#queue.done(queued.key);
      return;
    }
    this.#recorder.event(
      queued.pod,
      'Warning',
      'FailedScheduling',
      'Scheduling',
      `binding rejected: ${error.message}`,
    );
    yield* process.sleep(MILLISECOND);
    this.#queue.giveBack(queued, [], true);
  }

  *#patchCondition(pod: Pod, message: string): Task<void> {
    const known = pod.status?.conditions?.find((one) => one.type === 'PodScheduled');
    if (known?.status === 'False' && known.reason === 'Unschedulable' && known.message === message)
      return;
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastProbeTime: null,
      lastTransitionTime:
        known?.status === 'False'
          ? known.lastTransitionTime
          : formatRfc3339(this.#process.clock.wall()),
      ...(pod.metadata.generation === undefined
        ? {}
        : { observedGeneration: pod.metadata.generation }),
    };
    const { namespace, name } = pod.metadata;
    yield* this.#client.patch(
      PODS,
      namespace ?? '',
      name,
      'strategic',
      { status: { conditions: [condition] } },
      { subresource: 'status' },
    );
  }
}

function isAssigned(pod: Pod): boolean {
  return (pod.spec?.nodeName ?? '') !== '';
}

function isOurs(pod: Pod): boolean {
  return (
    (pod.spec?.schedulerName ?? SCHEDULER_NAME) === SCHEDULER_NAME &&
    pod.metadata.deletionTimestamp === undefined
  );
}

/** What changed on a node, as far as it may help a waiting pod. */
function nodeEvents(old: Node, node: Node): readonly ClusterEvent[] {
  const events: ClusterEvent[] = [];
  if (JSON.stringify(old.status?.allocatable) !== JSON.stringify(node.status?.allocatable))
    events.push('NodeAllocatable');
  if (old.metadata.labels !== node.metadata.labels) events.push('NodeLabel');
  const taints = old.spec?.taints !== node.spec?.taints;
  if (taints || old.spec?.unschedulable !== node.spec?.unschedulable) events.push('NodeTaint');
  return events;
}
