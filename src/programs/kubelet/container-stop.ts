/**
 * Stops a pod's containers: all at once, each with its preStop hook and SIGTERM within the grace, then
 * SIGKILL; sidecars after the others, in reverse order (kuberuntime killContainersWithSyncResult, v1.34).
 */
import type { Container } from '../../ground/api/types.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { anyOf, type Running, type Task } from '../../ground/base/task.ts';
import { ANNOTATION_HASH, containerHash } from './container-config.ts';
import { podEvent } from './core.ts';
import { runHook } from './hooks.ts';
import type { PodWorker } from './pod-worker.ts';

/** What is left for SIGTERM when a preStop hook used up the grace. */
const MINIMUM_SECONDS = 2;

export function* stopContainers(worker: PodWorker, grace: number): Task<void> {
  const spec = worker.pod.spec;
  const sidecars = (spec?.initContainers ?? []).filter(
    (container) => container.restartPolicy === 'Always',
  );
  const others = [
    ...(spec?.containers ?? []),
    ...(spec?.initContainers ?? []).filter((container) => container.restartPolicy !== 'Always'),
  ];
  const begun = worker.parts.core.process.clock.monotonic();
  yield* stopAll(worker, others, grace);
  for (const sidecar of [...sidecars].reverse()) {
    const used = Math.floor((worker.parts.core.process.clock.monotonic() - begun) / SECOND);
    yield* stopAll(worker, [sidecar], Math.max(MINIMUM_SECONDS, grace - used));
  }
}

function* stopAll(worker: PodWorker, containers: readonly Container[], grace: number): Task<void> {
  const { process } = worker.parts.core;
  const running: Running<void>[] = [];
  for (const container of containers) {
    const [latest] = worker.containers.get(container.name) ?? [];
    if (latest?.state !== 'CONTAINER_RUNNING') continue;
    running.push(
      process.start(
        `stop ${container.name}`,
        stopContainer(worker, container, latest.id, grace, `Stopping container ${container.name}`),
      ),
    );
  }
  for (const task of running) yield* task.finished.wait();
}

/** Stops one container with its hook; the event says why. */
export function* stopContainer(
  worker: PodWorker,
  container: Container,
  containerId: string,
  grace: number,
  message: string,
): Task<void> {
  const { core } = worker.parts;
  podEvent(core, worker.pod, container.name, 'Normal', 'Killing', message);
  const hook = container.lifecycle?.preStop;
  let left = grace;
  if (hook !== undefined && grace > 0) {
    const begun = core.process.clock.monotonic();
    const task = core.process.start('preStop', runHook(worker, container, containerId, hook));
    const first = yield* anyOf([task.finished], grace * SECOND);
    if (first.index < 0) task.kill();
    else if (!(first.value as { readonly ok: boolean }).ok) {
      podEvent(
        core,
        worker.pod,
        container.name,
        'Warning',
        'FailedPreStopHook',
        'PreStopHook failed',
      );
    }
    const used = Math.floor((core.process.clock.monotonic() - begun) / SECOND);
    left = Math.max(MINIMUM_SECONDS, grace - used);
  }
  yield* core.cri.call('StopContainer', { containerId, timeout: left });
}

/** Stops containers whose image changed; the next step of the worker starts them again. */
export function* stopChanged(worker: PodWorker): Task<void> {
  const grace = worker.pod.spec?.terminationGracePeriodSeconds ?? 30;
  for (const container of worker.pod.spec?.containers ?? []) {
    const [latest] = worker.current(container.name);
    if (latest?.state !== 'CONTAINER_RUNNING') continue;
    if (latest.annotations[ANNOTATION_HASH] === containerHash(container)) continue;
    const message = `Container ${container.name} definition changed, will be restarted`;
    yield* stopContainer(worker, container, latest.id, grace, message);
  }
}
