/**
 * The status of a pod, made from what the runtime answered, what probes found and what could not be
 * started (k8s.io/kubernetes/pkg/kubelet/kubelet_pods.go generateAPIPodStatus, status/generate.go,
 * v1.34). Pure: nothing here asks or writes.
 */
import { newRecord, sameValue } from '../../ground/api/edit.ts';
import { conditionOf, entriesOf, ZERO_TIME } from '../../ground/api/meta.ts';
import type {
  Container,
  ContainerState,
  ContainerStatus,
  ContainerUser,
  Pod,
  PodCondition,
  PodStatus,
} from '../../ground/api/types.ts';
import { formatRfc3339, type WallTime } from '../../ground/base/time.ts';
import type { ContainerStatus as CriContainer } from '../runtime/wire/index.ts';

/** Why a container waits. */
export interface WaitReason {
  readonly reason: string;
  readonly message: string;
}

export interface StatusInput {
  readonly pod: Pod;
  /** True when the sandbox runs. */
  readonly sandboxReady: boolean;
  readonly podIp: string;
  readonly hostIp: string;
  /** Newest first, by container name. */
  readonly containers: ReadonlyMap<string, readonly CriContainer[]>;
  readonly waiting: ReadonlyMap<string, WaitReason>;
  readonly startTime: string;
  readonly now: WallTime;
  /** The pod will run nothing any more. */
  readonly terminal: boolean;
  readonly ready: (container: Container, id: string) => boolean;
  readonly started: (container: Container, id: string) => boolean;
  /** Set when the pod was not admitted: nothing of it ever runs. */
  readonly refused: { readonly reason: string; readonly message: string } | undefined;
  /** Set when the pod ran, has been stopped for a reason of its own and thereby failed. */
  readonly expired?: { readonly reason: string; readonly message: string } | undefined;
}

function time(wall: WallTime): string {
  return formatRfc3339(wall);
}

function stateOf(container: CriContainer): ContainerState {
  if (container.state === 'CONTAINER_RUNNING')
    return { running: { startedAt: time(container.startedAt) } };
  if (container.state === 'CONTAINER_CREATED') return { waiting: { reason: 'ContainerCreating' } };
  return {
    terminated: {
      containerID: `containerd://${container.id}`,
      exitCode: container.exitCode,
      finishedAt: time(container.finishedAt),
      ...(container.message === '' ? {} : { message: container.message }),
      reason: container.reason,
      startedAt: time(container.startedAt),
    },
  };
}

function userOf({ user }: CriContainer): ContainerUser {
  const { uid, gid, supplementalGroups } = user;
  return { linux: { gid, supplementalGroups, uid } };
}

/** Whether what has ended is run again: else its end is its state (kuberuntime ShouldContainerBeRestarted). */
function restarts(pod: Pod, container: Container, latest: CriContainer): boolean {
  if (latest.state === 'CONTAINER_RUNNING' || pod.metadata.deletionTimestamp !== undefined)
    return false;
  if (latest.state !== 'CONTAINER_EXITED') return true;
  const policy = container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always';
  return policy === 'Always' || (policy === 'OnFailure' && latest.exitCode !== 0);
}

/** One container's status. */
function containerStatusOf(
  container: Container,
  input: StatusInput,
  isInit: boolean,
): ContainerStatus {
  const attempts = input.containers.get(container.name) ?? [];
  const [latest, previous] = attempts;
  const wait = input.waiting.get(container.name);
  const initialising = (input.pod.spec?.initContainers?.length ?? 0) > 0;
  let state: ContainerState = {
    waiting: { reason: initialising ? 'PodInitializing' : 'ContainerCreating' },
  };
  let last: ContainerState = previous === undefined ? {} : lastStateOf(previous);
  if (latest !== undefined) {
    state = stateOf(latest);
    if (wait !== undefined && restarts(input.pod, container, latest)) {
      if (state.terminated !== undefined) last = state;
      state = { waiting: { message: wait.message, reason: wait.reason } };
    }
  } else if (wait !== undefined)
    state = { waiting: { message: wait.message, reason: wait.reason } };
  const running = latest?.state === 'CONTAINER_RUNNING';
  const started = running && input.started(container, latest.id);
  const succeeded = isInit && latest?.state === 'CONTAINER_EXITED' && latest.exitCode === 0;
  const record = newRecord(13);
  // Init containers that end cannot be resized, so nothing is said of what they got.
  const resizable = !isInit || container.restartPolicy === 'Always';
  const requests = container.resources?.requests;
  if (resizable && requests !== undefined) record['allocatedResources'] = requests;
  if (latest !== undefined) record['containerID'] = `containerd://${latest.id}`;
  record['image'] = latest?.image ?? container.image ?? '';
  record['imageID'] = latest?.imageRef ?? '';
  record['lastState'] = last;
  record['name'] = container.name;
  record['ready'] = isInit
    ? succeeded || (started && container.restartPolicy === 'Always')
    : started && input.ready(container, latest.id);
  if (resizable && latest !== undefined) record['resources'] = container.resources ?? {};
  record['restartCount'] = latest?.metadata.attempt ?? 0;
  record['started'] = started;
  record['state'] = state;
  if (latest !== undefined) record['user'] = userOf(latest);
  const mounts = container.volumeMounts ?? [];
  if (mounts.length > 0) {
    record['volumeMounts'] = mounts.map((mount) =>
      mount.readOnly === true
        ? {
            mountPath: mount.mountPath,
            name: mount.name,
            readOnly: true,
            recursiveReadOnly: 'Disabled',
          }
        : { mountPath: mount.mountPath, name: mount.name },
    );
  }
  return record as unknown as ContainerStatus;
}

function lastStateOf(previous: CriContainer): ContainerState {
  const state = stateOf(previous);
  return state.terminated === undefined ? {} : state;
}

/** How far the init containers of a pod are. */
interface InitProgress {
  /** Some have not run to their end; sidecars count until they have started. */
  readonly pending: boolean;
  readonly pendingSidecar: boolean;
  readonly waitingSidecar: boolean;
  readonly runningSidecar: boolean;
  readonly failed: boolean;
}

function initProgress(pod: Pod, init: readonly ContainerStatus[]): InitProgress {
  let pending = false;
  let pendingSidecar = false;
  let waitingSidecar = false;
  let runningSidecar = false;
  let failed = false;
  const sidecars = new Set(
    (pod.spec?.initContainers ?? [])
      .filter((container) => container.restartPolicy === 'Always')
      .map((container) => container.name),
  );
  for (const status of init) {
    const running = status.state?.running !== undefined;
    const last = status.lastState?.terminated;
    const ended = status.state?.terminated ?? (running ? undefined : last);
    if (!sidecars.has(status.name)) {
      if (ended === undefined) pending = true;
      else if (ended.exitCode !== 0) failed = true;
    } else if (running) {
      runningSidecar = true;
      if (status.started !== true) pendingSidecar = true;
    } else if (ended === undefined) {
      pendingSidecar = true;
      waitingSidecar = true;
    }
  }
  return { pending, pendingSidecar, waitingSidecar, runningSidecar, failed };
}

/** pkg/kubelet getPhase. */
function phaseOf(
  input: StatusInput,
  statuses: readonly ContainerStatus[],
  init: readonly ContainerStatus[],
): string {
  const policy = input.pod.spec?.restartPolicy ?? 'Always';
  if (input.expired !== undefined) return 'Failed';
  const progress = initProgress(input.pod, init);
  if (progress.failed && policy === 'Never') return 'Failed';
  let running = progress.runningSidecar;
  let waiting = progress.waitingSidecar;
  let begun = false;
  let succeeded = 0;
  let failed = 0;
  for (const status of statuses) {
    const ended =
      status.state?.terminated ??
      (status.state?.waiting === undefined ? undefined : status.lastState?.terminated);
    if (status.state?.running !== undefined) running = true;
    else if (ended === undefined) waiting = true;
    else if (ended.exitCode === 0) succeeded += 1;
    else failed += 1;
    if (status.state?.running !== undefined || ended !== undefined) begun = true;
  }
  const stopped = succeeded + failed;
  if (progress.pending || progress.failed || (progress.pendingSidecar && !begun)) {
    // A pod that will run nothing any more has ended, wherever it was.
    return input.terminal && progress.failed ? 'Failed' : 'Pending';
  }
  if (waiting) return 'Pending';
  if (running) return 'Running';
  if (stopped === 0) return 'Pending';
  if (input.terminal) return failed === 0 ? 'Succeeded' : 'Failed';
  if (policy === 'Always') return 'Running';
  if (failed === 0) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}

function list(names: readonly string[]): string {
  return `[${names.join(' ')}]`;
}

interface Verdict {
  readonly status: 'True' | 'False';
  readonly reason?: string;
  readonly message?: string;
}

function readiness(statuses: readonly ContainerStatus[], phase: string): Verdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const unready = statuses.filter((status) => !status.ready).map((status) => status.name);
  if (unready.length === 0) return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: ${list(unready)}`,
  };
}

function initialised(pod: Pod, init: readonly ContainerStatus[], phase: string): Verdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  const incomplete = init.filter((status) => !status.ready).map((status) => status.name);
  if (incomplete.length === 0 || (pod.spec?.initContainers ?? []).length === 0)
    return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: ${list(incomplete)}`,
  };
}

function gates(pod: Pod, ready: Verdict, old: readonly PodCondition[] | undefined): Verdict {
  if (ready.status === 'False') return ready;
  const missing: string[] = [];
  for (const gate of pod.spec?.readinessGates ?? []) {
    const condition = conditionOf(old, gate.conditionType);
    if (condition === undefined)
      missing.push(
        `corresponding condition of pod readiness gate "${gate.conditionType}" does not exist.`,
      );
    else if (condition.status !== 'True')
      missing.push(
        `the status of pod readiness gate "${gate.conditionType}" is not "True", but ${condition.status}`,
      );
  }
  if (missing.length === 0) return ready;
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: missing.join(', ') };
}

function condition(
  type: string,
  verdict: Verdict,
  old: readonly PodCondition[] | undefined,
  now: WallTime,
  generation: number | undefined,
): PodCondition {
  const before = conditionOf(old, type);
  const record = newRecord(8);
  record['lastProbeTime'] = ZERO_TIME;
  record['lastTransitionTime'] =
    before?.status === verdict.status && before.lastTransitionTime !== undefined
      ? before.lastTransitionTime
      : time(now);
  if (verdict.message !== undefined) record['message'] = verdict.message;
  if (generation !== undefined) record['observedGeneration'] = generation;
  if (verdict.reason !== undefined) record['reason'] = verdict.reason;
  record['status'] = verdict.status;
  record['type'] = type;
  return record as unknown as PodCondition;
}

const OWN_CONDITIONS = [
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
];

function conditionsOf(
  input: StatusInput,
  statuses: readonly ContainerStatus[],
  init: readonly ContainerStatus[],
  phase: string,
): readonly PodCondition[] {
  const { pod, now } = input;
  const old = pod.status?.conditions;
  const generation = pod.metadata.generation;
  const containersReady = readiness(statuses, phase);
  const verdicts: readonly Verdict[] = [
    { status: input.sandboxReady ? 'True' : 'False' },
    initialised(pod, init, phase),
    gates(pod, containersReady, old),
    containersReady,
    { status: 'True' },
  ];
  const own = OWN_CONDITIONS.map((type, index) =>
    condition(type, verdicts[index] as Verdict, old, now, generation),
  );
  const foreign = (old ?? []).filter((other) => !OWN_CONDITIONS.includes(other.type));
  return [...own, ...foreign];
}

/** Guaranteed, Burstable or BestEffort (pkg/apis/core/v1/helper/qos, v1.34). */
export function qosClassOf(pod: Pod): string {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  let any = false;
  let guaranteed = containers.length > 0;
  for (const container of containers) {
    const limits = container.resources?.limits;
    const requests = container.resources?.requests;
    if (entriesOf(limits).length + entriesOf(requests).length > 0) any = true;
    for (const resource of ['cpu', 'memory']) {
      const limit = limits?.[resource];
      if (
        limit === undefined ||
        (requests?.[resource] !== undefined && requests[resource] !== limit)
      )
        guaranteed = false;
    }
  }
  return !any ? 'BestEffort' : guaranteed ? 'Guaranteed' : 'Burstable';
}

/** A pod that was not let in has a phase and a reason, and whatever others had noted (kubelet.go rejectPod). */
function refusedStatus(
  { pod, startTime }: StatusInput,
  refused: { readonly reason: string; readonly message: string },
): PodStatus {
  const record = newRecord(8);
  if (pod.status?.conditions !== undefined) record['conditions'] = pod.status.conditions;
  record['message'] = `Pod was rejected: ${refused.message}`;
  if (pod.metadata.generation !== undefined) record['observedGeneration'] = pod.metadata.generation;
  record['phase'] = 'Failed';
  record['qosClass'] = pod.status?.qosClass ?? qosClassOf(pod);
  record['reason'] = refused.reason;
  record['startTime'] = startTime;
  return record as unknown as PodStatus;
}

/** The whole status; parts that did not change keep their identity. */
export function podStatusOf(input: StatusInput): PodStatus {
  const { pod } = input;
  if (input.refused !== undefined) return refusedStatus(input, input.refused);
  const spec = pod.spec;
  const statuses = (spec?.containers ?? []).map((container) =>
    containerStatusOf(container, input, false),
  );
  const init = (spec?.initContainers ?? []).map((container) =>
    containerStatusOf(container, input, true),
  );
  const phase = phaseOf(input, statuses, init);
  const conditions = conditionsOf(input, statuses, init, phase);
  const record = newRecord(14);
  record['conditions'] = conditions;
  record['containerStatuses'] = statuses;
  if (input.hostIp !== '') {
    record['hostIP'] = input.hostIp;
    record['hostIPs'] = [{ ip: input.hostIp }];
  }
  if (init.length > 0) record['initContainerStatuses'] = init;
  if (input.expired !== undefined) record['message'] = input.expired.message;
  if (pod.metadata.generation !== undefined) record['observedGeneration'] = pod.metadata.generation;
  record['phase'] = phase;
  if (input.podIp !== '') {
    record['podIP'] = input.podIp;
    record['podIPs'] = [{ ip: input.podIp }];
  }
  record['qosClass'] = pod.status?.qosClass ?? qosClassOf(pod);
  if (input.expired !== undefined) record['reason'] = input.expired.reason;
  record['startTime'] = input.startTime;
  return record as unknown as PodStatus;
}

/** Fields that a status may lose. */
const LEAVING: readonly string[] = ['message', 'reason', 'podIP', 'podIPs'];

/** What differs between two statuses, as a strategic merge patch of the new over the old. */
export function statusPatch(
  old: PodStatus | undefined,
  next: PodStatus,
): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {};
  const before = (old ?? {}) as Record<string, unknown>;
  const after = next as unknown as Record<string, unknown>;
  for (const key of Object.keys(after)) {
    if (sameValue(before[key], after[key])) continue;
    if (key === 'conditions') patchConditions(patch, old?.conditions ?? [], next.conditions ?? []);
    else if (key === 'podIPs') patchAddresses(patch, old?.podIPs ?? [], next.podIPs ?? []);
    else patch[key] = after[key];
  }
  for (const key of LEAVING) {
    if (before[key] !== undefined && after[key] === undefined) patch[key] = null;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Addresses merge by themselves: one that is gone has to be deleted by name. */
function patchAddresses(
  patch: Record<string, unknown>,
  old: readonly { readonly ip: string }[],
  next: readonly { readonly ip: string }[],
): void {
  const gone = old.filter(({ ip }) => next.every((each) => each.ip !== ip));
  patch['$setElementOrder/podIPs'] = next.map(({ ip }) => ({ ip }));
  patch['podIPs'] = [...next, ...gone.map(({ ip }) => ({ $patch: 'delete', ip }))];
}

/** Conditions merge by type: what a new one lacks is taken away by name, and their order is given. */
function patchConditions(
  patch: Record<string, unknown>,
  old: readonly PodCondition[],
  next: readonly PodCondition[],
): void {
  const changed: unknown[] = [];
  for (const condition of next) {
    const before = conditionOf(old, condition.type);
    if (before !== undefined && sameCondition(before, condition)) continue;
    let gone: Record<string, null> | undefined;
    for (const key of ['message', 'reason'] as const) {
      if (before?.[key] === undefined || condition[key] !== undefined) continue;
      gone ??= {};
      gone[key] = null;
    }
    changed.push(gone === undefined ? condition : { ...condition, ...gone });
  }
  if (changed.length === 0 && sameOrder(old, next)) return;
  patch['$setElementOrder/conditions'] = next.map(({ type }) => ({ type }));
  patch['conditions'] = changed;
}

function sameOrder(old: readonly PodCondition[], next: readonly PodCondition[]): boolean {
  if (old.length !== next.length) return false;
  return old.every((condition, index) => condition.type === next[index]?.type);
}

/** Whether `statusPatch` has anything to say. */
export function statusDiffers(old: PodStatus | undefined, next: PodStatus): boolean {
  const before = (old ?? {}) as Record<string, unknown>;
  const after = next as unknown as Record<string, unknown>;
  for (const key of Object.keys(after)) {
    if (sameValue(before[key], after[key])) continue;
    if (key !== 'conditions') return true;
    const [conditions, others] = [next.conditions ?? [], old?.conditions ?? []];
    if (!sameOrder(others, conditions)) return true;
    for (const condition of conditions) {
      const known = conditionOf(others, condition.type);
      if (known === undefined || !sameCondition(known, condition)) return true;
    }
  }
  return LEAVING.some((key) => before[key] !== undefined && after[key] === undefined);
}

/** They say the same; probe times, which are always null, are not looked at. */
export function sameCondition(a: PodCondition, b: PodCondition): boolean {
  return (
    a.status === b.status &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.observedGeneration === b.observedGeneration &&
    a.lastTransitionTime === b.lastTransitionTime
  );
}
