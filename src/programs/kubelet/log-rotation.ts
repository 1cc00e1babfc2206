/**
 * Rotation of container logs by size: every ten seconds a log above 10 MiB is renamed by the time and
 * the runtime told to write a new one; five files are kept, of the rotated ones all but the newest
 * compressed (k8s.io/kubernetes/pkg/kubelet/logs/container_log_manager.go, v1.34).
 */
import { deflateRaw } from '../../ground/base/deflate.ts';
import type { Task } from '../../ground/base/task.ts';
import { civilFromWall } from '../../ground/base/time.ts';
import type { Pod } from '../../ground/api/types.ts';
import type { Document } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { CRI_LOG, type CriLogValue } from '../runtime/wire/index.ts';
import { logFolder } from './container-config.ts';
import type { Core } from './core.ts';
import type { PodWorker } from './pod-worker.ts';

const SIZE_MAX = 10 * 1024 * 1024;
const FILES_MAX = 5;

/** Links to the logs of all containers of the node, for collectors. */
export const LOG_LINKS = '/var/log/containers';

export function logLink(pod: Pod, container: string, id: string): string {
  return `${LOG_LINKS}/${pod.metadata.name}_${pod.metadata.namespace}_${container}-${id}.log`;
}

export function removeLogLink(process: Process, pod: Pod, container: string, id: string): void {
  process.files.unlink(logLink(pod, container, id));
}

/** The logs of a pod that has gone, and the links to them (kuberuntime_gc.go evictPodLogsDirectories). */
export function removeLogs(process: Process, pod: Pod): void {
  process.files.removeAll(logFolder(pod));
  const head = `${pod.metadata.name}_${pod.metadata.namespace}_`;
  const links = process.files.list(LOG_LINKS);
  for (const name of links.ok ? links.value : []) {
    const path = `${LOG_LINKS}/${name}`;
    // The same name may live again: only what leads nowhere goes.
    if (name.startsWith(head) && !process.files.exists(path)) process.files.unlink(path);
  }
}

/** What was found at the last look, by container. */
export type SeenLogs = Map<string, CriLogValue>;

/** Looks at the logs of everything that runs. */
export function* rotateLogs(
  core: Core,
  workers: Iterable<PodWorker>,
  seen: SeenLogs = new Map(),
): Task<void> {
  let running = 0;
  for (const worker of workers) {
    for (const [latest] of worker.containers.values()) {
      if (latest?.state !== 'CONTAINER_RUNNING') continue;
      running += 1;
      const known = seen.get(latest.id);
      // A file that is still written and small needs no walk along its path.
      if (known !== undefined && !known.ended && known.bytes <= SIZE_MAX) continue;
      seen.delete(latest.id);
      const content = core.process.files.readContent(latest.logPath);
      if (!content.ok || !('kind' in content.value) || content.value.kind !== CRI_LOG) continue;
      const value = content.value.value as CriLogValue;
      if (value.bytes <= SIZE_MAX) seen.set(latest.id, value);
      else yield* rotate(core, latest.id, latest.logPath);
    }
  }
  // Some are of containers that have gone; who is still there is looked at anew.
  if (seen.size > running) seen.clear();
}

function* rotate(core: Core, containerId: string, path: string): Task<void> {
  const { files } = core.process;
  const folder = path.slice(0, path.lastIndexOf('/'));
  const own = `${path.slice(folder.length + 1)}.`;
  const listed = files.list(folder);
  const old = (listed.ok ? listed.value : []).filter((name) => name.startsWith(own));
  // Room for the file that is written and the one that is rotated now.
  const gone = old.slice(0, Math.max(0, old.length - (FILES_MAX - 2)));
  for (const name of gone) files.unlink(`${folder}/${name}`);
  for (const name of old.slice(gone.length))
    if (!name.endsWith('.gz')) compress(core, folder, name);
  files.rename(path, `${path}.${stampOf(core)}`);
  yield* core.cri.call('ReopenContainerLog', { containerId });
}

function stampOf(core: Core): string {
  const t = civilFromWall(core.process.clock.wall());
  const two = (value: number): string => `${value}`.padStart(2, '0');
  return `${t.year}${two(t.month)}${two(t.day)}-${two(t.hour)}${two(t.minute)}${two(t.second)}`;
}

/** The text is kept, its lines are not; it is packed when somebody reads the file. */
function compress(core: Core, folder: string, name: string): void {
  const { files } = core.process;
  const content = files.readContent(`${folder}/${name}`);
  if (!content.ok || !('render' in content.value)) return;
  const text = content.value.render();
  const packed: Document = { kind: 'gzip', value: text, render: () => gzip(text) };
  files.write(`${folder}/${name}.gz`, packed, 0o640);
  files.unlink(`${folder}/${name}`);
}

/** RFC 1952, without a name or a time. */
function gzip(bytes: Uint8Array): Uint8Array {
  const body = deflateRaw(bytes);
  const packed = new Uint8Array(18 + body.length);
  packed.set([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  packed.set(body, 10);
  const tail = new DataView(packed.buffer, 10 + body.length);
  tail.setUint32(0, crc32(bytes), true);
  tail.setUint32(4, bytes.length >>> 0, true);
  return packed;
}

function crc32(bytes: Uint8Array): number {
  const table = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let word = byte;
    for (let bit = 0; bit < 8; bit += 1) word = (word >>> 1) ^ ((word & 1) === 0 ? 0 : 0xedb88320);
    table[byte] = word;
  }
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 255] ?? 0);
  return ~crc >>> 0;
}
