/**
 * One pod on this node, from its first sight to its removal: a state machine that is stepped when the
 * pod, its runtime or a probe changed, and that has no task while nothing is to be done
 * (k8s.io/kubernetes/pkg/kubelet/pod_workers.go and kuberuntime SyncPod, v1.34).
 *
 *     sync ──► (volumes, sandbox, init containers, containers) ──► waits for events
 *       │ deletionTimestamp, eviction, removal
 *       ▼
 *     terminating ──► containers stopped, sandbox stopped ──► terminated ──► folder removed, forgotten
 */
import { withFields } from '../../ground/api/edit.ts';
import type { Container, Pod } from '../../ground/api/types.ts';
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { sleep, type Task } from '../../ground/base/task.ts';
import { formatRfc3339, parseRfc3339 } from '../../ground/base/time.ts';
import {
  type ContainerStatus as CriContainer,
  formatRpcError,
  type PodSandboxStatus,
} from '../runtime/wire/index.ts';
import type { Document } from '../../machines/machine/files-types.ts';
import { sleepInBackground } from '../../spine/client/background.ts';
import type { Backoff } from './backoff.ts';
import { LABEL_CONTAINER_NAME, sandboxConfig } from './container-config.ts';
import { stopContainers } from './container-stop.ts';
import { startContainer } from './container-start.ts';
import { type Core, podEvent } from './core.ts';
import { EvidenceBook } from './evidence.ts';
import type { ImagePuller } from './image-puller.ts';
import { removeLogLink, removeLogs } from './log-rotation.ts';
import { needsNetwork } from './pod-kind.ts';
import type { ProbeManager } from './probe-manager.ts';
import { podStatusOf, type WaitReason } from './status.ts';
import { readTerminationMessage } from './termination-message.ts';
import { mountVolumes } from './volume-mounts.ts';
import { tearDownVolumes } from './volumes.ts';

/** How long a step that failed waits before it is tried again, and by how much that varies (pod_workers.go). */
const RETRY = 10 * SECOND;
const RETRY_JITTER = 5 * SECOND;
/** The relist that sees a new sandbox: a first failure is looked at again then. */
const RELIST = SECOND;

export interface WorkerParts {
  readonly core: Core;
  readonly images: ImagePuller;
  readonly probes: ProbeManager;
  readonly restarts: Backoff;
  /** The pod that stands for this one in the API: itself, or the mirror of a static pod. */
  apiPod(worker: PodWorker): Pod | undefined;
  /** The sandbox of a pod was made: events about it belong to this worker. */
  sandboxMade(sandboxId: string, worker: PodWorker): void;
  /** The worker has nothing left to do. */
  ended(worker: PodWorker): void;
}

export class PodWorker {
  readonly uid: string;
  readonly isStatic: boolean;
  readonly parts: WorkerParts;
  readonly startTime: string;
  /** When this kubelet first saw the pod, on the monotonic clock: probes tick from here. */
  readonly firstSync: Micros;
  pod: Pod;
  /** What the runtime last said; undefined before the first sandbox. */
  sandbox: PodSandboxStatus | undefined;
  /** By container name, newest first. */
  containers = new Map<string, readonly CriContainer[]>();
  readonly waiting = new Map<string, WaitReason>();
  refused: { readonly reason: string; readonly message: string } | undefined;
  /**
   * Set once the pod has outlived its deadline or outgrown its limits: its containers are stopped, with
   * this grace in seconds or their own, then it has failed.
   */
  expired:
    | { readonly reason: string; readonly message: string; readonly grace?: number }
    | undefined;
  /** What all this was learnt from. */
  readonly evidence: EvidenceBook;
  /** Set once the pod is to stop: its grace in seconds. */
  terminating: number | undefined;
  terminated = false;
  volumesMounted = false;
  /** What a volume shows has changed. */
  refreshVolumes = false;
  /** Back-off of a failed mount; 0 when none failed. */
  mountRetry: Micros = 0;
  /** Tokens by audience and life. */
  readonly tokens = new Map<string, { readonly file: Document; readonly renewAt: number }>();
  /** Sandboxes known to the runtime for this pod, to be removed with it. */
  readonly sandboxIds: string[] = [];
  #busy = false;
  #again = false;
  #wakeAt: Micros = Number.POSITIVE_INFINITY;
  #attempts = 0;
  #stale = true;
  /** The sandbox in which something has already failed to start. */
  #failedIn = '';

  constructor(pod: Pod, isStatic: boolean, parts: WorkerParts) {
    this.pod = pod;
    this.uid = pod.metadata.uid ?? '';
    this.isStatic = isStatic;
    this.parts = parts;
    const { process, config } = parts.core;
    this.evidence = isStatic
      ? new EvidenceBook(process, 'manifest', `manifest in ${config.staticPodPath}`)
      : new EvidenceBook(process, 'binding', `bound to ${config.nodeName}`);
    this.firstSync = parts.core.process.clock.monotonic();
    this.startTime = pod.status?.startTime ?? formatRfc3339(parts.core.process.clock.wall());
  }

  /** Takes over what an earlier kubelet started. */
  adopt(sandboxIds: readonly string[]): void {
    this.sandboxIds.push(...sandboxIds);
    this.#attempts = sandboxIds.length;
  }

  /** Something changed: step now, or again after the step under way. */
  poke(): void {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    this.parts.core.process.start(`pod ${this.pod.metadata.name}`, this.#run());
  }

  /** The runtime's view of the pod is out of date. */
  runtimeChanged(): void {
    this.#stale = true;
    this.poke();
  }

  /** Steps again at this monotonic time, unless something else does before. */
  wakeAfter(delay: Micros): void {
    const { process } = this.parts.core;
    const at = process.clock.monotonic() + delay;
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    process.start('pod timer', this.#timer(at, delay));
  }

  /** A step failed: soon the first time in a sandbox, whose start is an event of its own, else after the usual wait. */
  #retryLater(): void {
    const id = this.sandbox?.id ?? '';
    const first = id !== '' && this.#failedIn !== id;
    this.#failedIn = id;
    const jitter = first ? 0 : this.parts.core.process.random.below(RETRY_JITTER);
    this.wakeAfter(first ? RELIST : RETRY + jitter);
  }

  /** Refreshes the volumes after a while, in the background: periodic work. */
  refreshAfter(delay: Micros): void {
    const worker = this;
    this.parts.core.process.start(
      'volume refresh',
      (function* (): Task<void> {
        yield* sleepInBackground(worker.parts.core.process, delay);
        if (worker.terminated) return;
        worker.refreshVolumes = true;
        worker.poke();
      })(),
    );
  }

  *#timer(at: Micros, delay: Micros): Task<void> {
    yield* sleep(delay);
    if (this.#wakeAt !== at) return;
    this.#wakeAt = Number.POSITIVE_INFINITY;
    this.poke();
  }

  *#run(): Task<void> {
    do {
      this.#again = false;
      yield* this.#step();
    } while (this.#again);
    this.#busy = false;
  }

  *#step(): Task<void> {
    if (this.terminated) return;
    const deleted = this.pod.metadata.deletionTimestamp !== undefined;
    if (this.terminating === undefined && deleted) {
      this.terminating = Math.max(1, this.pod.metadata.deletionGracePeriodSeconds ?? 30);
    }
    if (this.terminating !== undefined) yield* this.#terminate(this.terminating);
    else if (this.refused !== undefined) this.publish();
    else if (this.expired !== undefined) yield* this.#expire();
    else yield* this.#sync();
  }

  // ---- running

  *#sync(): Task<void> {
    yield* this.refresh();
    this.publish();
    if (this.#finished() || this.#onlySidecarsLeft()) {
      yield* this.#retire();
      return;
    }
    const { core } = this.parts;
    if (core.networkError !== '' && needsNetwork(this.pod)) {
      if (this.sandbox === undefined) {
        podEvent(
          core,
          this.pod,
          undefined,
          'Warning',
          'NetworkNotReady',
          `network is not ready: ${core.networkError}`,
        );
        this.wakeAfter(RETRY / 5);
        return;
      }
    }
    const retry = yield* mountVolumes(this);
    if (retry > 0) {
      this.wakeAfter(retry);
      return;
    }
    if (!(yield* this.#ensureSandbox())) return;
    yield* this.#startMissing();
    yield* this.refresh();
    this.publish();
  }

  /** True when all containers have ended and none is to run again. */
  #finished(): boolean {
    const status = this.parts.core.statuses.statusOf(this.uid);
    return status?.phase === 'Succeeded' || status?.phase === 'Failed';
  }

  /** All containers have ended for good: what is left are sidecars, which end with them. */
  #onlySidecarsLeft(): boolean {
    const containers = this.pod.spec?.containers ?? [];
    if (this.sandbox?.state !== 'SANDBOX_READY') return false;
    return containers.every(
      (container) => this.current(container.name).length > 0 && this.#isDone(container),
    );
  }

  #isDone(container: Container): boolean {
    const [latest] = this.current(container.name);
    return latest?.state === 'CONTAINER_EXITED' && !this.#shouldStart(container);
  }

  /** The pod's time is up: everything is stopped, and only then has the pod failed. */
  *#expire(): Task<void> {
    yield* this.refresh();
    this.publish();
    yield* this.#retire();
  }

  /** The pod has run its course: its sandbox goes, its record in the API stays. */
  *#retire(): Task<void> {
    const { core, probes } = this.parts;
    probes.stopPod(this.uid);
    if (this.sandbox?.state === 'SANDBOX_READY') {
      const own = this.pod.spec?.terminationGracePeriodSeconds ?? 30;
      yield* stopContainers(this, Math.min(own, this.expired?.grace ?? own));
      yield* core.cri.call('StopPodSandbox', { podSandboxId: this.sandbox.id });
      this.#stale = true;
      yield* this.refresh();
      this.publish();
    }
  }

  *#ensureSandbox(): Task<boolean> {
    const { core } = this.parts;
    if (this.sandbox?.state === 'SANDBOX_READY') return true;
    if (this.sandbox !== undefined) {
      podEvent(
        core,
        this.pod,
        undefined,
        'Normal',
        'SandboxChanged',
        'Pod sandbox changed, it will be killed and re-created.',
      );
      yield* stopContainers(this, this.pod.spec?.terminationGracePeriodSeconds ?? 30);
      yield* core.cri.call('StopPodSandbox', { podSandboxId: this.sandbox.id });
      // How its containers ended is their last state in the next sandbox.
      this.#stale = true;
      yield* this.refresh();
    }
    const config = sandboxConfig(core.process, core.config, this.pod, this.#attempts);
    const made = yield* core.cri.call('RunPodSandbox', { config, runtimeHandler: '' });
    if (!made.ok) {
      podEvent(
        core,
        this.pod,
        undefined,
        'Warning',
        'FailedCreatePodSandBox',
        `Failed to create pod sandbox: ${formatRpcError(made.error)}`,
      );
      this.#retryLater();
      return false;
    }
    this.#attempts += 1;
    this.sandboxIds.push(made.value.podSandboxId);
    this.parts.sandboxMade(made.value.podSandboxId, this);
    this.#stale = true;
    // The address is told with the step's end: a pod whose image is still coming shows none (v1.34).
    yield* this.refresh();
    return true;
  }

  /** Starts what should run and does not: init containers one after another, then the others. */
  *#startMissing(): Task<void> {
    const spec = this.pod.spec;
    const containers = spec?.containers ?? [];
    const initialised = containers.some((container) => this.current(container.name).length > 0);
    for (const container of spec?.initContainers ?? []) {
      if (this.terminatingNow()) return;
      const go = yield* this.#initialise(container, initialised);
      if (!go) return;
    }
    for (const container of containers) {
      if (this.terminatingNow()) return;
      if (this.#shouldStart(container)) yield* this.#start(container, false);
    }
  }

  /** One init container's turn; true when the next may have its own. Behind it only sidecars start again. */
  *#initialise(container: Container, initialised: boolean): Task<boolean> {
    const [latest] = this.current(container.name);
    if (container.restartPolicy === 'Always') {
      if (latest?.state !== 'CONTAINER_RUNNING') yield* this.#start(container, true);
      if (initialised) return true;
      const [running] = this.current(container.name);
      return (
        running?.state === 'CONTAINER_RUNNING' &&
        this.parts.probes.isStarted(this.uid, container, running.id)
      );
    }
    if (initialised) return true;
    if (latest?.state === 'CONTAINER_EXITED' && latest.exitCode === 0) return true;
    if (latest?.state === 'CONTAINER_RUNNING') return false;
    if (latest?.state === 'CONTAINER_EXITED' && this.pod.spec?.restartPolicy === 'Never')
      return false;
    yield* this.#start(container, true);
    return false;
  }

  terminatingNow(): boolean {
    return this.terminating !== undefined || this.pod.metadata.deletionTimestamp !== undefined;
  }

  #shouldStart(container: Container): boolean {
    const [latest] = this.current(container.name);
    if (latest === undefined || latest.state === 'CONTAINER_CREATED') return true;
    if (latest.state === 'CONTAINER_RUNNING') return false;
    const policy = this.pod.spec?.restartPolicy ?? 'Always';
    return policy === 'Always' || (policy === 'OnFailure' && latest.exitCode !== 0);
  }

  *#start(container: Container, isInit: boolean): Task<void> {
    const outcome = yield* startContainer(this, container, isInit);
    if (outcome.wait === undefined) this.waiting.delete(container.name);
    else this.waiting.set(container.name, outcome.wait);
    this.evidence.waits(container.name, outcome.wait);
    if (outcome.wait !== undefined) this.#retryLater();
    this.#stale = true;
    yield* this.refresh();
    // Of the dead ones only the last is kept (MaxPerPodContainer 1): its log is `--previous`.
    for (const dead of (this.containers.get(container.name) ?? []).slice(2)) {
      yield* this.parts.core.cri.call('RemoveContainer', { containerId: dead.id });
      removeLogLink(this.parts.core.process, this.pod, container.name, dead.id);
      this.#stale = true;
    }
  }

  /** Attempts of a container in the present sandbox; init containers that have ended count from any. */
  current(name: string): readonly CriContainer[] {
    return (this.containers.get(name) ?? []).filter(
      (container) => container.podSandboxId === this.sandbox?.id,
    );
  }

  /** Asks the runtime for the pod's state, when something happened since it was last asked. */
  *refresh(): Task<void> {
    const { core } = this.parts;
    const id = this.sandboxIds[this.sandboxIds.length - 1];
    if (!this.#stale || id === undefined) return;
    this.#stale = false;
    const answer = yield* core.cri.call('PodSandboxStatus', { podSandboxId: id });
    if (!answer.ok) {
      if (answer.error.codeName === 'NotFound' && this.sandbox?.state === 'SANDBOX_READY')
        this.evidence.sandboxLost(id);
      if (answer.error.codeName === 'NotFound')
        this.sandbox =
          this.sandbox === undefined ? undefined : { ...this.sandbox, state: 'SANDBOX_NOTREADY' };
      else this.#stale = true;
      return;
    }
    const known = this.sandbox;
    this.sandbox = answer.value.status;
    const older = [...this.containers.values()]
      .flatMap((list) => list.slice(0, 2))
      .filter((container) => container.podSandboxId !== id);
    const byName = new Map<string, CriContainer[]>();
    for (const container of [...older, ...answer.value.containers]) {
      const name = container.labels[LABEL_CONTAINER_NAME] ?? container.metadata.name;
      const list = byName.get(name) ?? [];
      list.push(
        container.state === 'CONTAINER_EXITED'
          ? readTerminationMessage(this, container)
          : container,
      );
      byName.set(name, list);
    }
    for (const list of byName.values())
      list.sort((a, b) => b.metadata.attempt - a.metadata.attempt);
    this.evidence.answered(this.sandbox, known, byName, this.containers);
    this.containers = byName;
    this.parts.probes.follow(this);
  }

  /** Hands the status to the status manager. */
  publish(): void {
    const { core, probes } = this.parts;
    const podIp = this.pod.spec?.hostNetwork === true ? core.hostIp : (this.sandbox?.ip ?? '');
    const api = this.parts.apiPod(this);
    const status = podStatusOf({
      pod:
        api === undefined
          ? this.pod
          : withFields(this.pod, { status: api.status, metadata: api.metadata }),
      sandboxReady: this.sandbox?.state === 'SANDBOX_READY',
      podIp: this.sandbox === undefined ? '' : podIp,
      hostIp: core.hostIp,
      containers: this.containers,
      waiting: this.waiting,
      startTime: this.startTime,
      now: core.process.clock.wall(),
      terminal: this.terminating !== undefined && !this.#anyRunning(),
      ready: (container, id) => probes.isReady(this.uid, container, id),
      started: (container, id) => probes.isStarted(this.uid, container, id),
      refused: this.refused,
      expired: this.#anyRunning() ? undefined : this.expired,
    });
    core.statuses.set(this.uid, api, status, this.evidence.state);
  }

  #anyRunning(): boolean {
    for (const list of this.containers.values())
      if (list[0]?.state === 'CONTAINER_RUNNING') return true;
    return false;
  }

  // ---- ending

  *#terminate(grace: number): Task<void> {
    const { core, probes } = this.parts;
    this.#stale = true;
    yield* this.refresh();
    this.publish();
    probes.stopLiveness(this.uid);
    yield* stopContainers(this, grace);
    probes.stopPod(this.uid);
    this.#stale = true;
    yield* this.refresh();
    this.publish();
    for (const id of this.sandboxIds) yield* core.cri.call('StopPodSandbox', { podSandboxId: id });
    this.#stale = true;
    yield* this.refresh();
    this.publish();
    // Logs can still be read until the pod has gone from the API; the runtime's records go with it.
    const api = this.parts.apiPod(this);
    for (const id of this.sandboxIds)
      yield* core.cri.call('RemovePodSandbox', { podSandboxId: id });
    tearDownVolumes(core.process, this.pod);
    removeLogs(core.process, this.pod);
    core.process.kernel.removeCgroup(
      sandboxConfig(core.process, core.config, this.pod, 0).cgroupParent,
    );
    this.terminated = true;
    if (api !== undefined && !this.isStatic) core.statuses.finish(this.uid, api);
    this.parts.ended(this);
  }

  /** Seconds left until the deadline of a pod that has one; undefined without. */
  activeDeadline(): Micros | undefined {
    const seconds = this.pod.spec?.activeDeadlineSeconds;
    if (seconds === undefined) return undefined;
    const started = parseRfc3339(this.startTime) ?? 0;
    return started + seconds * SECOND - this.parts.core.process.clock.wall();
  }
}
