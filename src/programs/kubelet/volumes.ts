/**
 * Volumes of a pod: made under /var/lib/kubelet/pods/<uid>/volumes before its containers start, and
 * refreshed when what they show changes (k8s.io/kubernetes/pkg/volume/*, v1.34). Kinds that need
 * storage outside the node are refused with an event.
 */
import { entriesOf } from '../../ground/api/meta.ts';
import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Pod,
  ProjectedVolumeSource,
  Secret,
  Volume,
} from '../../ground/api/types.ts';
import { parseBase64, utf8 } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Document } from '../../machines/machine/files-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { type Payload, takeGroup, writePayload } from './atomic-writer.ts';
import { fieldValue, type NodeAllocatable, resourceValue } from './field-ref.ts';
import { wholeValue } from '../../ground/api/quantity.ts';

/** What volumes are made from. */
export interface VolumeSources {
  configMap(name: string): Task<Result<ConfigMap | undefined, string>>;
  secret(name: string): Task<Result<Secret | undefined, string>>;
  token(pod: Pod, audience: string, expirationSeconds: number): Task<Result<Document, string>>;
  readonly node: NodeAllocatable;
  readonly hostIp: string;
  podIp(): string;
}

export function podFolder(uid: string): string {
  return `/var/lib/kubelet/pods/${uid}`;
}

const PLUGINS: Readonly<Record<string, string>> = {
  emptyDir: 'empty-dir',
  configMap: 'configmap',
  secret: 'secret',
  projected: 'projected',
  downwardAPI: 'downward-api',
  hostPath: 'host-path',
};

/** The kind of a volume: the one field besides its name. */
function volumeKind(volume: Volume): string {
  return (
    Object.keys(volume).find(
      (key) => key !== 'name' && (volume as unknown as Record<string, unknown>)[key] !== undefined,
    ) ?? 'emptyDir'
  );
}

/** Where a volume's content stands on the host. */
export function volumePath(pod: Pod, volume: Volume): string {
  if (volume.hostPath !== undefined) return volume.hostPath.path;
  return `${podFolder(pod.metadata.uid ?? '')}/volumes/kubernetes.io~${PLUGINS[volumeKind(volume)] ?? volumeKind(volume)}/${volume.name}`;
}

/** Makes or refreshes one volume; the error is the end of a FailedMount event. */
export function* setUpVolume(
  process: Process,
  pod: Pod,
  volume: Volume,
  sources: VolumeSources,
): Task<Result<void, string>> {
  const path = volumePath(pod, volume);
  const kind = volumeKind(volume);
  switch (kind) {
    case 'emptyDir':
      return emptyDir(process, path, volume, pod.spec?.securityContext?.fsGroup);
    case 'hostPath':
      return hostPath(process, path, volume.hostPath?.type ?? '');
    case 'configMap':
    case 'secret':
    case 'downwardAPI':
    case 'projected': {
      const payload = yield* payloadOf(pod, volume, sources);
      if (!payload.ok) return payload;
      if (kind !== 'configMap') inMemory(process, path, sources.node.memory);
      return writePayload(process, path, payload.value, pod.spec?.securityContext?.fsGroup);
    }
    default:
      return err(`volumes of type ${kind} are not supported here`);
  }
}

/** What is secret or the node's own never reaches a disk: a tmpfs as large as pods may grow (pkg/volume/secret). */
function inMemory(process: Process, path: string, size: number): void {
  const view = process.kernel.namespaces.mount;
  if (view.isMountPoint(path)) return;
  process.files.mkdir(path, { parents: true });
  view.tmpfs(path, { size, mode: 0o1777 });
}

function emptyDir(
  process: Process,
  path: string,
  volume: Volume,
  group: number | undefined,
): Result<void, string> {
  if (process.files.exists(path)) return ok(undefined);
  process.files.mkdir(path, { parents: true });
  process.files.chmod(path, 0o777);
  if (volume.emptyDir?.medium === 'Memory') {
    const limit = wholeValue(volume.emptyDir.sizeLimit);
    process.kernel.namespaces.mount.tmpfs(
      path,
      limit > 0 ? { size: limit, mode: 0o1777 } : { mode: 0o1777 },
    );
  }
  if (group !== undefined) takeGroup(process, path, group, 0o660);
  return ok(undefined);
}

function hostPath(process: Process, path: string, type: string): Result<void, string> {
  const { files } = process;
  const stat = files.stat(path);
  const kind = stat.ok ? stat.value.type : undefined;
  switch (type) {
    case '':
      if (kind === undefined) files.mkdir(path, { parents: true, mode: 0o755 });
      return ok(undefined);
    case 'DirectoryOrCreate':
      if (kind === undefined) files.mkdir(path, { parents: true, mode: 0o755 });
      else if (kind !== 'directory')
        return err(`hostPath type check failed: ${path} is not a directory`);
      return ok(undefined);
    case 'Directory':
      return kind === 'directory'
        ? ok(undefined)
        : err(`hostPath type check failed: ${path} is not a directory`);
    case 'FileOrCreate':
      if (kind === undefined) {
        const parent = path.slice(0, path.lastIndexOf('/'));
        if (!files.exists(parent)) return err(`open ${path}: no such file or directory`);
        files.write(path, '');
      } else if (kind !== 'file') return err(`hostPath type check failed: ${path} is not a file`);
      return ok(undefined);
    case 'File':
      return kind === 'file'
        ? ok(undefined)
        : err(`hostPath type check failed: ${path} is not a file`);
    case 'Socket':
      return kind === 'socket'
        ? ok(undefined)
        : err(`hostPath type check failed: ${path} is not a socket file`);
    case 'CharDevice':
      return kind === 'character'
        ? ok(undefined)
        : err(`hostPath type check failed: ${path} is not a character device`);
    default:
      // No host here has a block device that a path leads to.
      return err(`hostPath type check failed: ${path} is not a block device`);
  }
}

// ---- volumes that show API objects

const DEFAULT_MODE = 0o644;

function* payloadOf(
  pod: Pod,
  volume: Volume,
  sources: VolumeSources,
): Task<Result<Map<string, Payload>, string>> {
  const files = new Map<string, Payload>();
  let failed: string | undefined;
  if (volume.configMap !== undefined) {
    const { name = '', items, optional, defaultMode } = volume.configMap;
    failed = yield* addConfigMap(
      files,
      sources,
      name,
      items,
      optional === true,
      defaultMode ?? DEFAULT_MODE,
    );
  } else if (volume.secret !== undefined) {
    const { secretName = '', items, optional, defaultMode } = volume.secret;
    failed = yield* addSecret(
      files,
      sources,
      secretName,
      items,
      optional === true,
      defaultMode ?? DEFAULT_MODE,
    );
  } else if (volume.downwardAPI !== undefined) {
    failed = addDownward(
      files,
      pod,
      volume.downwardAPI.items,
      sources,
      volume.downwardAPI.defaultMode ?? DEFAULT_MODE,
    );
  } else if (volume.projected !== undefined)
    failed = yield* addProjected(files, pod, volume.projected, sources);
  return failed === undefined ? ok(files) : err(failed);
}

function* addProjected(
  files: Map<string, Payload>,
  pod: Pod,
  projected: ProjectedVolumeSource,
  sources: VolumeSources,
): Task<string | undefined> {
  const mode = projected.defaultMode ?? DEFAULT_MODE;
  for (const source of projected.sources ?? []) {
    let failed: string | undefined;
    if (source.configMap !== undefined) {
      failed = yield* addConfigMap(
        files,
        sources,
        source.configMap.name ?? '',
        source.configMap.items,
        source.configMap.optional === true,
        mode,
      );
    } else if (source.secret !== undefined) {
      failed = yield* addSecret(
        files,
        sources,
        source.secret.name ?? '',
        source.secret.items,
        source.secret.optional === true,
        mode,
      );
    } else if (source.downwardAPI !== undefined)
      failed = addDownward(files, pod, source.downwardAPI.items, sources, mode);
    else if (source.serviceAccountToken !== undefined) {
      const { audience, expirationSeconds, path } = source.serviceAccountToken;
      const token = yield* sources.token(pod, audience ?? '', expirationSeconds ?? 3600);
      if (!token.ok) failed = `failed to fetch token: ${token.error}`;
      else files.set(path, { content: token.value, mode });
    } else failed = 'this projection is not supported here';
    if (failed !== undefined) return failed;
  }
  return undefined;
}

/** Chosen keys under their paths, or all keys under their own names. */
function chosen<V>(
  data: readonly [string, V][],
  items: readonly KeyToPath[] | undefined,
  optional: boolean,
  mode: number,
  missing: (key: string) => string,
): Result<readonly { readonly path: string; readonly value: V; readonly mode: number }[], string> {
  if (items === undefined) return ok(data.map(([path, value]) => ({ path, value, mode })));
  const byKey = new Map(data);
  const found: { path: string; value: V; mode: number }[] = [];
  for (const item of items) {
    const value = byKey.get(item.key);
    if (value === undefined) {
      if (optional) continue;
      return err(missing(item.key));
    }
    found.push({ path: item.path, value, mode: item.mode ?? mode });
  }
  return ok(found);
}

function* addConfigMap(
  files: Map<string, Payload>,
  sources: VolumeSources,
  name: string,
  items: readonly KeyToPath[] | undefined,
  optional: boolean,
  mode: number,
): Task<string | undefined> {
  const found = yield* sources.configMap(name);
  if (!found.ok) return found.error;
  if (found.value === undefined) return optional ? undefined : `configmap "${name}" not found`;
  const data: [string, Uint8Array][] = entriesOf(found.value.data).map(([key, value]) => [
    key,
    utf8(value),
  ]);
  for (const [key, value] of entriesOf(found.value.binaryData))
    data.push([key, parseBase64(value) ?? utf8('')]);
  const picked = chosen(
    data,
    items,
    optional,
    mode,
    (key) => `configmap references non-existent config key: ${key}`,
  );
  if (!picked.ok) return picked.error;
  for (const { path, value, mode: bits } of picked.value)
    files.set(path, { content: value, mode: bits });
  return undefined;
}

function* addSecret(
  files: Map<string, Payload>,
  sources: VolumeSources,
  name: string,
  items: readonly KeyToPath[] | undefined,
  optional: boolean,
  mode: number,
): Task<string | undefined> {
  const found = yield* sources.secret(name);
  if (!found.ok) return found.error;
  if (found.value === undefined) return optional ? undefined : `secret "${name}" not found`;
  const data: [string, Uint8Array][] = entriesOf(found.value.data).map(([key, value]) => [
    key,
    parseBase64(value) ?? utf8(''),
  ]);
  const picked = chosen(
    data,
    items,
    optional,
    mode,
    (key) => `references non-existent secret key: ${key}`,
  );
  if (!picked.ok) return picked.error;
  for (const { path, value, mode: bits } of picked.value)
    files.set(path, { content: value, mode: bits });
  return undefined;
}

function addDownward(
  files: Map<string, Payload>,
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[] | undefined,
  sources: VolumeSources,
  mode: number,
): string | undefined {
  for (const item of items ?? []) {
    let value: Result<string, string> = ok('');
    if (item.fieldRef !== undefined)
      value = fieldValue(pod, item.fieldRef.fieldPath, sources.podIp(), sources.hostIp);
    else if (item.resourceFieldRef !== undefined) {
      const wanted = item.resourceFieldRef.containerName;
      const container = pod.spec?.containers.find((candidate) => candidate.name === wanted);
      value =
        container === undefined
          ? err(`container ${wanted} not found`)
          : resourceValue(container, item.resourceFieldRef, sources.node);
    }
    if (!value.ok) return value.error;
    files.set(item.path, { content: utf8(value.value), mode: item.mode ?? mode });
  }
  return undefined;
}

function isInMemory(volume: Volume): boolean {
  if (volume.emptyDir !== undefined) return volume.emptyDir.medium === 'Memory';
  return (
    volume.secret !== undefined ||
    volume.projected !== undefined ||
    volume.downwardAPI !== undefined
  );
}

/** Takes a pod's folder away; memory volumes are unmounted first. */
export function tearDownVolumes(process: Process, pod: Pod): void {
  const view = process.kernel.namespaces.mount;
  for (const volume of pod.spec?.volumes ?? []) {
    if (isInMemory(volume)) view.unmount(volumePath(pod, volume));
  }
  process.files.removeAll(podFolder(pod.metadata.uid ?? ''));
}

/** Names of the ConfigMaps and Secrets that a pod's volumes show. */
export function shownObjects(pod: Pod): {
  readonly configMaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
} {
  const configMaps = new Set<string>();
  const secrets = new Set<string>();
  for (const volume of pod.spec?.volumes ?? []) {
    if (volume.configMap?.name !== undefined) configMaps.add(volume.configMap.name);
    if (volume.secret?.secretName !== undefined) secrets.add(volume.secret.secretName);
    for (const source of volume.projected?.sources ?? []) {
      if (source.configMap?.name !== undefined) configMaps.add(source.configMap.name);
      if (source.secret?.name !== undefined) secrets.add(source.secret.name);
    }
  }
  return { configMaps, secrets };
}
