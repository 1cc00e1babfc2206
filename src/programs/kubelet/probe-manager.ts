/**
 * Probes of running containers: one worker per container and kind, which asks in its period and holds
 * a result until enough answers in a row say otherwise
 * (k8s.io/kubernetes/pkg/kubelet/prober/worker.go and results_manager.go, v1.34).
 */
import type { Container, Probe } from '../../ground/api/types.ts';
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import type { Running, Task } from '../../ground/base/task.ts';
import { sleepInBackground } from '../../spine/client/background.ts';
import type { ContainerStatus as CriContainer } from '../runtime/wire/index.ts';
import { stopContainer } from './container-stop.ts';
import { podEvent } from './core.ts';
import type { PodWorker } from './pod-worker.ts';
import { type KeptRequest, runProbe } from './prober.ts';

export type ProbeKind = 'liveness' | 'readiness' | 'startup';

const KINDS: readonly ProbeKind[] = ['startup', 'readiness', 'liveness'];
const TITLES: Readonly<Record<ProbeKind, string>> = {
  liveness: 'Liveness',
  readiness: 'Readiness',
  startup: 'Startup',
};

interface ProbeWorker {
  readonly kind: ProbeKind;
  readonly containerId: string;
  task: Running<void> | undefined;
  /** The result that counts. */
  passing: boolean;
}

function probeOf(container: Container, kind: ProbeKind): Probe | undefined {
  if (kind === 'liveness') return container.livenessProbe;
  return kind === 'readiness' ? container.readinessProbe : container.startupProbe;
}

export class ProbeManager {
  /** By pod, then container name and kind. */
  readonly #pods = new Map<string, Map<string, ProbeWorker>>();
  /** When this kubelet started, on the monotonic clock. */
  readonly #begun: Micros;

  constructor(begun: Micros) {
    this.#begun = begun;
  }

  /** Starts probes of containers that run, ends those of containers that do not. */
  follow(worker: PodWorker): void {
    const spec = worker.pod.spec;
    const sidecars = (spec?.initContainers ?? []).filter(
      (container) => container.restartPolicy === 'Always',
    );
    for (const container of [...(spec?.containers ?? []), ...sidecars]) {
      for (const kind of KINDS) {
        const probe = probeOf(container, kind);
        if (probe !== undefined) this.#followProbe(worker, container, kind, probe);
      }
    }
  }

  #followProbe(worker: PodWorker, container: Container, kind: ProbeKind, probe: Probe): void {
    const [latest] = worker.current(container.name);
    const probes = this.#pods.get(worker.uid) ?? new Map<string, ProbeWorker>();
    const key = `${container.name}/${kind}`;
    const known = probes.get(key);
    if (latest?.state !== 'CONTAINER_RUNNING' || worker.terminating !== undefined) {
      if (latest?.state !== 'CONTAINER_RUNNING') {
        known?.task?.kill();
        probes.delete(key);
      }
      return;
    }
    if (known?.containerId === latest.id) return;
    known?.task?.kill();
    const made: ProbeWorker = {
      kind,
      containerId: latest.id,
      task: undefined,
      passing: kind === 'liveness',
    };
    probes.set(key, made);
    this.#pods.set(worker.uid, probes);
    made.task = worker.parts.core.process.start(
      `${kind} probe ${container.name}`,
      this.#run(worker, container, made, probe, latest),
    );
  }

  /** Ready: no probe, or its last verdict. Not before the start-up probe has passed. */
  isReady(uid: string, container: Container, id: string): boolean {
    if (!this.isStarted(uid, container, id)) return false;
    return this.#verdict(uid, container, id, 'readiness');
  }

  isStarted(uid: string, container: Container, id: string): boolean {
    return this.#verdict(uid, container, id, 'startup');
  }

  #verdict(uid: string, container: Container, id: string, kind: ProbeKind): boolean {
    if (probeOf(container, kind) === undefined) return true;
    const worker = this.#pods.get(uid)?.get(`${container.name}/${kind}`);
    return worker?.containerId === id && worker.passing;
  }

  /** Readiness goes on while a pod terminates; the others stop. */
  stopLiveness(uid: string): void {
    for (const probe of this.#pods.get(uid)?.values() ?? [])
      if (probe.kind !== 'readiness') probe.task?.kill();
  }

  stopPod(uid: string): void {
    for (const probe of this.#pods.get(uid)?.values() ?? []) probe.task?.kill();
    this.#pods.delete(uid);
  }

  *#run(
    worker: PodWorker,
    container: Container,
    state: ProbeWorker,
    probe: Probe,
    running: CriContainer,
  ): Task<void> {
    const { process } = worker.parts.core;
    const period = (probe.periodSeconds ?? 10) * SECOND;
    const delay = (probe.initialDelaySeconds ?? 0) * SECOND;
    let successes = 0;
    let failures = 0;
    // Ticks count from the pod's first sync; a kubelet that has just started spreads them.
    const fresh = worker.firstSync - this.#begun < period;
    const anchor = worker.firstSync + (fresh ? process.random.below(period) : 0);
    const kept: KeptRequest = {};
    for (;;) {
      yield* sleepInBackground(process, nextTick(anchor, period, process.clock.monotonic()));
      if (process.clock.wall() - running.startedAt < delay) continue;
      if (state.kind !== 'startup' && !this.isStarted(worker.uid, container, state.containerId))
        continue;
      const result = yield* runProbe(worker, container, state.containerId, probe, kept);
      if (!result.ok) {
        const { unknown, text } = result.error;
        const how = unknown ? 'errored and resulted in unknown state' : 'failed';
        const message = `${TITLES[state.kind]} probe ${how}: ${text}`;
        // A failing probe matters to a person: what follows is no background.
        podEvent(worker.parts.core, worker.pod, container.name, 'Warning', 'Unhealthy', message);
        if (unknown) continue;
      }
      successes = result.ok ? successes + 1 : 0;
      failures = result.ok ? 0 : failures + 1;
      const threshold = result.ok ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
      if ((result.ok ? successes : failures) >= threshold) {
        if (this.#conclude(worker, container, state, result.ok)) return;
      }
    }
  }

  /** A verdict is reached; true when the probe has nothing more to ask. */
  #conclude(
    worker: PodWorker,
    container: Container,
    state: ProbeWorker,
    passing: boolean,
  ): boolean {
    const changed = state.passing !== passing;
    state.passing = passing;
    if (state.kind === 'readiness') {
      if (changed) this.#noteVerdict(worker, container, state);
      return false;
    }
    if (passing) {
      if (!changed || state.kind === 'liveness') return false;
      this.#noteVerdict(worker, container, state);
      return true;
    }
    this.#noteVerdict(worker, container, state);
    const grace =
      probeOf(container, state.kind)?.terminationGracePeriodSeconds ??
      worker.pod.spec?.terminationGracePeriodSeconds ??
      30;
    // Detached: the end of the container ends this probe's task.
    worker.parts.core.process.start(
      'kill unhealthy',
      stopContainer(
        worker,
        container,
        state.containerId,
        grace,
        `Container ${container.name} failed ${state.kind} probe, will be restarted`,
      ),
    );
    return true;
  }

  #noteVerdict(worker: PodWorker, container: Container, state: ProbeWorker): void {
    const { process } = worker.parts.core;
    const outcome = `${container.name} ${state.passing ? 'success' : 'failure'}`;
    const record = process.trace.record({
      component: `kubelet@${process.kernel.hostName}`,
      verb: `${state.kind}-probe`,
      object: `Pod/${worker.pod.metadata.namespace}/${worker.pod.metadata.name}`,
      note: outcome,
      foreground: true,
    });
    // A failed liveness probe ends the container; its status says so when it has ended.
    if (state.kind !== 'liveness')
      worker.evidence.probed(container.name, `${state.kind} probe: ${outcome}`, record);
    worker.poke();
  }
}

/** Time until the next multiple of the period after the anchor. */
function nextTick(anchor: Micros, period: Micros, now: Micros): Micros {
  if (now < anchor) return anchor - now;
  return period - ((now - anchor) % period);
}
