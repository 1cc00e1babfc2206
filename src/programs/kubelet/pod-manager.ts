/**
 * Which pods this node has: those that the API binds to it and those of its manifests; a worker for
 * each, and for each static pod the mirror that stands for it in the API
 * (k8s.io/kubernetes/pkg/kubelet/pod/pod_manager.go and kubelet.go HandlePod*, v1.34).
 */
import { freezeDeep, sameValue } from '../../ground/api/edit.ts';
import { annotationOf, conditionOf } from '../../ground/api/meta.ts';
import { PODS } from '../../ground/api/names.ts';
import type { Pod } from '../../ground/api/types.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import type { Task } from '../../ground/base/task.ts';
import type { ContainerEvent } from '../runtime/wire/index.ts';
import { admit } from './admission.ts';
import { Backoff } from './backoff.ts';
import { LABEL_POD_UID } from './container-config.ts';
import { stopChanged } from './container-stop.ts';
import { type Core, podEvent } from './core.ts';
import { ImagePuller } from './image-puller.ts';
import { CONFIG_HASH, CONFIG_MIRROR, fullName, isMirror } from './pod-kind.ts';
import { PodWorker, type WorkerParts } from './pod-worker.ts';
import { ProbeManager } from './probe-manager.ts';
import { shownObjects } from './volumes.ts';

export class PodManager {
  readonly #core: Core;
  readonly #workers = new Map<string, PodWorker>();
  readonly #bySandbox = new Map<string, PodWorker>();
  /** Mirror pods by namespace/name. */
  readonly #mirrors = new Map<string, Pod>();
  readonly #parts: WorkerParts;
  #statics: ReadonlyMap<string, Pod> = new Map();
  /** Pods that have ended here and are in the API still: a finalizer holds them, or the answer is on its way. */
  readonly #over = new Set<string>();
  /** Sandboxes that an earlier kubelet made, by pod uid, oldest first. */
  readonly #inherited = new Map<string, string[]>();

  constructor(core: Core) {
    this.#core = core;
    this.#parts = {
      core,
      images: new ImagePuller(core),
      probes: new ProbeManager(core.process.clock.monotonic()),
      restarts: new Backoff(),
      apiPod: (worker) => this.#apiPod(worker),
      sandboxMade: (sandboxId, worker) => void this.#bySandbox.set(sandboxId, worker),
      ended: (worker) => this.#ended(worker),
    };
  }

  workers(): Iterable<PodWorker> {
    return this.#workers.values();
  }

  /** By namespace and name. */
  find(namespace: string, name: string): PodWorker | undefined {
    for (const worker of this.#workers.values()) {
      if (worker.pod.metadata.name === name && worker.pod.metadata.namespace === namespace)
        return worker;
    }
    return undefined;
  }

  byUid(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  /** Learns what the runtime still runs from before this kubelet started. */
  *inherit(): Task<void> {
    const listed = yield* this.#core.cri.call('ListPodSandbox', {});
    if (!listed.ok) return;
    for (const sandbox of [...listed.value.items].sort(
      (a, b) => a.metadata.attempt - b.metadata.attempt,
    )) {
      const uid = sandbox.labels[LABEL_POD_UID] ?? sandbox.metadata.uid;
      this.#inherited.set(uid, [...(this.#inherited.get(uid) ?? []), sandbox.id]);
    }
  }

  /** Stops what was inherited and belongs to no pod any more. */
  *removeOrphans(): Task<void> {
    for (const [uid, ids] of [...this.#inherited]) {
      if (this.#workers.has(uid)) continue;
      this.#inherited.delete(uid);
      for (const podSandboxId of ids) {
        yield* this.#core.cri.call('StopPodSandbox', { podSandboxId });
        yield* this.#core.cri.call('RemovePodSandbox', { podSandboxId });
      }
      this.#core.process.files.removeAll(`/var/lib/kubelet/pods/${uid}`);
    }
  }

  // ---- pods of the API

  apiAdded(pod: Pod): void {
    if (isMirror(pod)) {
      this.#mirrorSeen(pod);
      return;
    }
    const known = this.#workers.get(pod.metadata.uid ?? '');
    if (known !== undefined) {
      this.apiUpdated(pod);
      return;
    }
    // What has run its course before this kubelet knew it is left alone.
    const over = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    const uid = pod.metadata.uid ?? '';
    if (over && pod.metadata.deletionTimestamp === undefined) return;
    if (over && !this.#inherited.has(uid)) {
      this.#over.add(uid);
      this.#core.statuses.finish(uid, pod);
      return;
    }
    this.#add(pod, false);
  }

  apiUpdated(pod: Pod): void {
    if (isMirror(pod)) {
      this.#mirrorSeen(pod);
      return;
    }
    const worker = this.#workers.get(pod.metadata.uid ?? '');
    if (worker === undefined) {
      const over = this.#over.has(pod.metadata.uid ?? '');
      if (!over && pod.metadata.deletionTimestamp !== undefined) this.apiAdded(pod);
      return;
    }
    const old = worker.pod;
    worker.pod = pod;
    const specChanged = old.spec !== pod.spec && !sameValue(old.spec, pod.spec);
    const deletion =
      old.metadata.deletionTimestamp !== pod.metadata.deletionTimestamp ||
      old.metadata.deletionGracePeriodSeconds !== pod.metadata.deletionGracePeriodSeconds;
    const metadata =
      !sameValue(old.metadata.labels, pod.metadata.labels) ||
      !sameValue(old.metadata.annotations, pod.metadata.annotations);
    const shows =
      metadata &&
      (pod.spec?.volumes ?? []).some(
        (volume) => volume.downwardAPI !== undefined || volume.projected !== undefined,
      );
    if (old.metadata.generation !== pod.metadata.generation)
      worker.evidence.written(`generation ${pod.metadata.generation}`);
    if (shows) worker.refreshVolumes = true;
    if (specChanged) this.#core.process.start('definition changed', this.#replaceChanged(worker));
    // Own status writes come back and change nothing; the conditions of readiness gates are others'.
    if (specChanged || deletion || shows) worker.poke();
    else if (gatesChanged(old, pod)) {
      worker.evidence.written('the conditions of its readiness gates');
      worker.publish();
    }
  }

  /** Stops containers whose definition changed; the exit makes the worker start them anew. */
  *#replaceChanged(worker: PodWorker): Task<void> {
    yield* stopChanged(worker);
    worker.runtimeChanged();
  }

  /** The pod has vanished from the API without having been asked to stop. */
  apiDeleted(pod: Pod): void {
    if (isMirror(pod)) {
      this.#mirrors.delete(fullName(pod));
      // The one that stands for the pod now: the manifest may have changed since this mirror was made.
      for (const worker of this.#workers.values()) {
        const alive = worker.isStatic && !worker.terminated && worker.terminating === undefined;
        if (alive && fullName(worker.pod) === fullName(pod)) this.#makeMirror(worker);
      }
      return;
    }
    this.#over.delete(pod.metadata.uid ?? '');
    const worker = this.#workers.get(pod.metadata.uid ?? '');
    if (worker === undefined || worker.terminated) return;
    worker.terminating ??=
      pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
    worker.poke();
  }

  #add(pod: Pod, isStatic: boolean): void {
    const worker = new PodWorker(pod, isStatic, this.#parts);
    this.#workers.set(worker.uid, worker);
    const inherited = this.#inherited.get(worker.uid);
    if (inherited !== undefined) {
      this.#inherited.delete(worker.uid);
      worker.adopt(inherited);
      for (const id of inherited) this.#bySandbox.set(id, worker);
    } else if (!isStatic && pod.metadata.deletionTimestamp === undefined) {
      const others: Pod[] = [];
      for (const other of this.#workers.values()) {
        if (other !== worker && this.#isActive(other)) others.push(other.pod);
      }
      const refusal = admit(
        pod,
        this.#core.nodes.get(this.#core.config.nodeName),
        others,
        this.#core.allocatable,
        this.#core.config.maxPods,
      );
      if (refusal !== undefined) {
        worker.refused = refusal;
        worker.evidence.refused(`admission: ${refusal.message}`);
        podEvent(this.#core, pod, undefined, 'Warning', refusal.reason, refusal.message);
      }
    }
    const deadline = worker.activeDeadline();
    if (deadline !== undefined)
      this.#core.process.start('active deadline', this.#deadline(worker, Math.max(0, deadline)));
    worker.poke();
  }

  /** Takes room on the node: what has ended gives it back, what is still ending does not (filterOutInactivePods). */
  #isActive(worker: PodWorker): boolean {
    if (worker.refused !== undefined || worker.terminated) return false;
    const phase = this.#core.statuses.statusOf(worker.uid)?.phase;
    const ended = phase === 'Succeeded' || phase === 'Failed';
    return !ended || worker.terminating !== undefined;
  }

  *#deadline(worker: PodWorker, delay: number): Task<void> {
    yield* this.#core.process.sleep(delay);
    const phase = this.#core.statuses.statusOf(worker.uid)?.phase;
    if (worker.terminating !== undefined || worker.refused !== undefined) return;
    if (phase === 'Succeeded' || phase === 'Failed') return;
    worker.expired = {
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    };
    worker.evidence.refused(`activeDeadlineSeconds ${worker.pod.spec?.activeDeadlineSeconds}`);
    podEvent(
      this.#core,
      worker.pod,
      undefined,
      'Normal',
      'DeadlineExceeded',
      'Pod was active on the node longer than the specified deadline',
    );
    worker.poke();
  }

  #ended(worker: PodWorker): void {
    for (const id of worker.sandboxIds) this.#bySandbox.delete(id);
    this.#core.configMaps.release(worker.uid);
    this.#core.secrets.release(worker.uid);
    this.#parts.images.forget(worker.uid);
    this.#parts.restarts.forget(worker.uid);
    this.#workers.delete(worker.uid);
    if (!worker.isStatic) this.#over.add(worker.uid);
    if (worker.isStatic) this.#staticEnded(worker);
  }

  // ---- events

  containerEvent(event: ContainerEvent): void {
    if (event.type === 'CREATED' || event.type === 'DELETED') return;
    const worker = this.#bySandbox.get(event.podSandboxId);
    worker?.evidence.event(event.containerId);
    worker?.runtimeChanged();
  }

  /** The runtime came back: everything is asked anew. */
  relist(): void {
    for (const worker of this.#workers.values()) worker.runtimeChanged();
  }

  /** A ConfigMap or Secret changed: its volumes follow within the sync period. */
  objectsChanged(users: ReadonlySet<string>): void {
    for (const uid of users) {
      const worker = this.#workers.get(uid);
      if (worker === undefined) continue;
      const shown = shownObjects(worker.pod);
      if (shown.configMaps.size + shown.secrets.size === 0) continue;
      if (worker.volumesMounted)
        this.#core.process.start('volume refresh', this.#refreshLater(worker));
      else worker.poke();
    }
  }

  /** Pods are looked at once a minute; each has a second of its own in that minute. */
  *#refreshLater(worker: PodWorker): Task<void> {
    const { process, config } = this.#core;
    const period = config.syncFrequency;
    const offset = (parseInt(worker.uid.slice(0, 4), 16) || 0) % Math.floor(period / SECOND);
    const now = process.clock.monotonic();
    const next = Math.floor(now / period) * period + offset * SECOND;
    yield* process.sleep(next > now ? next - now : next + period - now);
    if (worker.terminated) return;
    worker.refreshVolumes = true;
    worker.poke();
  }

  networkReady(): void {
    for (const worker of this.#workers.values()) if (worker.sandbox === undefined) worker.poke();
  }

  // ---- static pods

  /** What the manifests ask for now. */
  setStatics(pods: ReadonlyMap<string, Pod>): void {
    this.#statics = pods;
    for (const worker of this.#workers.values()) {
      if (!worker.isStatic || pods.has(worker.uid) || worker.terminating !== undefined) continue;
      worker.terminating = worker.pod.spec?.terminationGracePeriodSeconds ?? 30;
      worker.poke();
    }
    for (const pod of pods.values()) this.#startStatic(pod);
  }

  /** A static pod waits until its predecessor of the same name has ended. */
  #startStatic(pod: Pod): void {
    if (this.#workers.has(pod.metadata.uid ?? '')) return;
    for (const worker of this.#workers.values()) {
      if (worker.isStatic && fullName(worker.pod) === fullName(pod)) return;
    }
    this.#add(pod, true);
    const worker = this.#workers.get(pod.metadata.uid ?? '');
    if (worker !== undefined) this.#makeMirror(worker);
  }

  #staticEnded(worker: PodWorker): void {
    const mirror = this.#mirrors.get(fullName(worker.pod));
    const successor = [...this.#statics.values()].find(
      (pod) => fullName(pod) === fullName(worker.pod),
    );
    if (mirror !== undefined) this.#core.process.start('delete mirror', this.#deleteMirror(mirror));
    if (successor !== undefined) this.#startStatic(successor);
  }

  /** The API server is there: mirrors that are missing can be made. */
  makeMirrors(): void {
    for (const worker of this.#workers.values()) {
      if (
        worker.isStatic &&
        worker.terminating === undefined &&
        this.#mirrors.get(fullName(worker.pod)) === undefined
      )
        this.#makeMirror(worker);
    }
  }

  #makeMirror(worker: PodWorker): void {
    this.#core.process.start('mirror pod', this.#createMirror(worker));
  }

  *#createMirror(worker: PodWorker): Task<void> {
    const { client, nodes, config, process } = this.#core;
    for (;;) {
      if (
        worker.terminated ||
        worker.terminating !== undefined ||
        this.#mirrors.has(fullName(worker.pod))
      )
        return;
      const node = nodes.get(config.nodeName);
      const uid = node?.metadata.uid;
      const made =
        uid === undefined
          ? undefined
          : yield* client.create<Pod>(PODS, mirrorOf(worker.pod, config.nodeName, uid));
      if (made?.ok === true) {
        this.#mirrorSeen(made.value);
        return;
      }
      if (made !== undefined && made.error.reason === 'AlreadyExists') return;
      yield* process.sleep(SECOND * 2);
    }
  }

  *#deleteMirror(mirror: Pod): Task<void> {
    const { uid } = mirror.metadata;
    yield* this.#core.client.delete(PODS, mirror.metadata.namespace ?? '', mirror.metadata.name, {
      gracePeriodSeconds: 0,
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    });
  }

  #mirrorSeen(pod: Pod): void {
    this.#mirrors.set(fullName(pod), pod);
    const hash = annotationOf(pod, CONFIG_MIRROR);
    const worker = this.#workers.get(hash ?? '');
    if (worker === undefined || pod.metadata.deletionTimestamp !== undefined) {
      // A mirror of something else, or one that was deleted: it goes, and comes back if its pod still runs.
      this.#core.process.start('delete mirror', this.#deleteMirror(pod));
      return;
    }
    worker.publish();
  }

  #apiPod(worker: PodWorker): Pod | undefined {
    if (!worker.isStatic) return worker.pod;
    const mirror = this.#mirrors.get(fullName(worker.pod));
    return annotationOf(worker.pod, CONFIG_HASH) ===
      (mirror === undefined ? undefined : annotationOf(mirror, CONFIG_MIRROR))
      ? mirror
      : undefined;
  }
}

/** Somebody wrote a condition that a readiness gate of the pod waits for. */
function gatesChanged(old: Pod, pod: Pod): boolean {
  return (pod.spec?.readinessGates ?? []).some(
    ({ conditionType }) =>
      conditionOf(old.status?.conditions, conditionType)?.status !==
      conditionOf(pod.status?.conditions, conditionType)?.status,
  );
}

function mirrorOf(pod: Pod, nodeName: string, nodeUid: string): Pod {
  const { uid: _, ...metadata } = pod.metadata;
  return freezeDeep({
    ...pod,
    metadata: {
      ...metadata,
      annotations: {
        ...(pod.metadata.annotations ?? {}),
        [CONFIG_MIRROR]: annotationOf(pod, CONFIG_HASH) ?? '',
      },
      ownerReferences: [
        { apiVersion: 'v1', controller: true, kind: 'Node', name: nodeName, uid: nodeUid },
      ],
    },
  });
}
