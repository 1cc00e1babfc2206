/**
 * Pods that outgrow what they may keep on the node's disk are ended: an emptyDir above its sizeLimit,
 * a container's writable layer above its ephemeral-storage limit, or all of a pod above the sum
 * (k8s.io/kubernetes/pkg/kubelet/eviction/eviction_manager.go localStorageEviction, v1.34).
 *
 * Not modelled: eviction because the node itself runs short of memory or disk. A container's logs do
 * not count.
 */
import { entryOf } from '../../ground/api/meta.ts';
import { wholeValue } from '../../ground/api/quantity.ts';
import type { Pod } from '../../ground/api/types.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Process } from '../../machines/machine/process.ts';
import { type Core, podEvent } from './core.ts';
import type { PodWorker } from './pod-worker.ts';
import { volumePath } from './volumes.ts';

const STORAGE = 'ephemeral-storage';
const BLOCK = 4096;
const DEPTH_MAX = 100;
/** An evicted pod is not asked to take its time. */
const GRACE = 1;
/** Nothing else can do the work of these (types.IsCriticalPod). */
const CRITICAL_PRIORITY = 2_000_000_000;

/** Bytes below a folder, in whole blocks. */
function usedBelow(process: Process, path: string, depth = 0): number {
  const stat = process.files.lstat(path);
  if (!stat.ok) return 0;
  if (stat.value.type !== 'directory') return Math.ceil(stat.value.size / BLOCK) * BLOCK;
  const names = process.files.list(path);
  if (!names.ok || depth > DEPTH_MAX) return 0;
  return names.value.reduce(
    (sum, name) => sum + usedBelow(process, `${path}/${name}`, depth + 1),
    0,
  );
}

function isLimited(pod: Pod): boolean {
  const { containers = [], volumes = [] } = pod.spec ?? {};
  return (
    volumes.some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined) ||
    containers.some(({ resources }) => entryOf(resources?.limits, STORAGE) !== undefined)
  );
}

/** Why a pod has to go; undefined when it keeps within its limits. */
function* excessOf(core: Core, worker: PodWorker): Task<string | undefined> {
  const { pod } = worker;
  let total = 0;
  for (const volume of pod.spec?.volumes ?? []) {
    if (volume.emptyDir === undefined || volume.emptyDir.medium === 'Memory') continue;
    const used = usedBelow(core.process, volumePath(pod, volume));
    const limit = volume.emptyDir.sizeLimit;
    if (limit !== undefined && wholeValue(limit) > 0 && used > wholeValue(limit))
      return `Usage of EmptyDir volume "${volume.name}" exceeds the limit "${limit}". `;
    total += used;
  }
  const layers = new Map<string, number>();
  for (const [name, [latest]] of worker.containers) {
    if (latest?.state !== 'CONTAINER_RUNNING') continue;
    const stats = yield* core.cri.call('ContainerStats', { containerId: latest.id });
    layers.set(name, stats.ok ? stats.value.writableLayerBytes : 0);
  }
  for (const used of layers.values()) total += used;
  const limits = (pod.spec?.containers ?? []).flatMap(({ name, resources }) => {
    const text = entryOf(resources?.limits, STORAGE);
    return text === undefined ? [] : [{ name, text, bytes: wholeValue(text) }];
  });
  const [only] = limits;
  if (only === undefined) return undefined;
  const sum = limits.reduce((all, { bytes }) => all + bytes, 0);
  const shown = limits.length === 1 ? only.text : `${sum}`;
  if (total > sum)
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${shown}. `;
  const over = limits.find(({ name, bytes }) => (layers.get(name) ?? 0) > bytes);
  return over === undefined
    ? undefined
    : `Container ${over.name} exceeded its local ephemeral storage limit "${over.text}". `;
}

/** One look at every pod that has such a limit. */
export function* evictOversized(core: Core, workers: Iterable<PodWorker>): Task<void> {
  for (const worker of [...workers]) {
    const { pod } = worker;
    if (worker.terminating !== undefined || worker.refused !== undefined) continue;
    if (worker.expired !== undefined || worker.isStatic || !isLimited(pod)) continue;
    if ((pod.spec?.priority ?? 0) >= CRITICAL_PRIORITY) continue;
    const message = yield* excessOf(core, worker);
    if (message === undefined) continue;
    worker.expired = { reason: 'Evicted', message, grace: GRACE };
    worker.evidence.refused(`eviction: ${message.trim()}`);
    podEvent(core, pod, undefined, 'Warning', 'Evicted', message);
    worker.poke();
  }
}
