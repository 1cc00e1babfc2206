/**
 * What `kubectl get pods` shows of a pod (pkg/printers/internalversion/printers.go printPod, 1.34):
 * READY, STATUS and RESTARTS follow from phase, reasons and container states by rules that learners
 * read daily.
 */
import { humanDuration, parseRfc3339, type WallTime } from '../../base/time.ts';
import { isConditionTrue } from '../meta.ts';
import type { ContainerStatus, Pod } from '../types.ts';

interface Counts {
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  readonly lastRestart: WallTime | undefined;
  readonly reason: string;
}

/** `1/2` */
export function readyText(pod: Pod): string {
  const counts = countsOf(pod);
  return `${counts.ready}/${counts.total}`;
}

/** `Running`, `CrashLoopBackOff`, `Init:0/1`, `Terminating` … */
export function statusText(pod: Pod): string {
  return countsOf(pod).reason;
}

/** `3 (5m ago)`, or the bare number when nothing restarted. */
export function restartsText(pod: Pod, now: WallTime): string {
  const { restarts, lastRestart } = countsOf(pod);
  if (restarts === 0 || lastRestart === undefined) return `${restarts}`;
  return `${restarts} (${humanDuration(now - lastRestart)} ago)`;
}

/** Init containers that keep running beside the others count as ready containers. */
function sidecarNames(pod: Pod): ReadonlySet<string> {
  const names = new Set<string>();
  for (const container of pod.spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') names.add(container.name);
  }
  return names;
}

function countsOf(pod: Pod): Counts {
  const status = pod.status;
  let reason = status?.phase ?? '';
  if ((status?.reason ?? '') !== '') reason = status?.reason as string;
  for (const condition of status?.conditions ?? []) {
    if (condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated') {
      reason = 'SchedulingGated';
    }
  }
  const sidecars = sidecarNames(pod);
  const init = initCounts(pod, sidecars, reason);
  let ready = init.ready;
  let restarts = init.restarts;
  let lastRestart = init.lastRestart;
  reason = init.reason;
  if (!init.initializing || isInitialized(pod)) {
    restarts = init.sidecarRestarts;
    lastRestart = init.sidecarRestart;
    let running = false;
    const statuses = status?.containerStatuses ?? [];
    for (let index = statuses.length - 1; index >= 0; index -= 1) {
      const container = statuses[index] as ContainerStatus;
      restarts += container.restartCount ?? 0;
      lastRestart = later(lastRestart, finishedOf(container));
      const state = container.state;
      if ((state?.waiting?.reason ?? '') !== '') reason = state?.waiting?.reason as string;
      else if (state?.terminated !== undefined) reason = terminatedText(state.terminated, '');
      else if (container.ready === true && state?.running !== undefined) {
        running = true;
        ready += 1;
      }
    }
    // One container has ended while another runs on.
    if (reason === 'Completed' && running) {
      reason = isConditionTrue(status?.conditions, 'Ready') ? 'Running' : 'NotReady';
    }
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (status?.reason === 'NodeLost') reason = 'Unknown';
    else if (status?.phase !== 'Succeeded' && status?.phase !== 'Failed') reason = 'Terminating';
  }
  const total = (pod.spec?.containers ?? []).length + sidecars.size;
  return { ready, total, restarts, lastRestart, reason };
}

function initCounts(pod: Pod, sidecars: ReadonlySet<string>, phase: string) {
  const statuses = pod.status?.initContainerStatuses ?? [];
  const total = (pod.spec?.initContainers ?? []).length;
  let ready = 0;
  let restarts = 0;
  let sidecarRestarts = 0;
  let lastRestart: WallTime | undefined;
  let sidecarRestart: WallTime | undefined;
  for (let index = 0; index < statuses.length; index += 1) {
    const container = statuses[index] as ContainerStatus;
    const isSidecar = sidecars.has(container.name);
    restarts += container.restartCount ?? 0;
    lastRestart = later(lastRestart, finishedOf(container));
    if (isSidecar) {
      sidecarRestarts += container.restartCount ?? 0;
      sidecarRestart = later(sidecarRestart, finishedOf(container));
    }
    const { terminated, waiting } = container.state ?? {};
    if (terminated !== undefined && terminated.exitCode === 0) continue;
    if (isSidecar && container.started === true) {
      if (container.ready === true) ready += 1;
      continue;
    }
    const why = (waiting?.reason ?? '') !== '' ? (waiting?.reason as string) : '';
    const reason =
      terminated !== undefined
        ? terminatedText(terminated, 'Init:')
        : why !== '' && why !== 'PodInitializing'
          ? `Init:${why}`
          : `Init:${index}/${total}`;
    return {
      initializing: true,
      ready,
      restarts,
      lastRestart,
      sidecarRestarts,
      sidecarRestart,
      reason,
    };
  }
  return {
    initializing: false,
    ready,
    restarts,
    lastRestart,
    sidecarRestarts,
    sidecarRestart,
    reason: phase,
  };
}

function isInitialized(pod: Pod): boolean {
  return isConditionTrue(pod.status?.conditions, 'Initialized');
}

type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

function terminatedText(state: Terminated, prefix: string): string {
  if ((state.reason ?? '') !== '') return `${prefix}${state.reason as string}`;
  if ((state.signal ?? 0) !== 0) return `${prefix}Signal:${state.signal as number}`;
  return `${prefix}ExitCode:${state.exitCode}`;
}

function finishedOf(container: ContainerStatus): WallTime | undefined {
  const at = container.lastState?.terminated?.finishedAt;
  return at === undefined ? undefined : parseRfc3339(at);
}

function later(a: WallTime | undefined, b: WallTime | undefined): WallTime | undefined {
  if (a === undefined) return b;
  return b === undefined || a >= b ? a : b;
}
