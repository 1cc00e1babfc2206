/**
 * What containerd knows of sandboxes and containers. Each record stands in a file of its own below
 * /var/lib/containerd, by reference: a containerd that starts again finds them there, and asks the
 * shims what became of their processes meanwhile.
 */
import type { Inode } from '../../machines/machine/files/inode.ts';
import { utf8 } from '../../ground/base/bytes.ts';
import type { WallTime } from '../../ground/base/time.ts';
import type { Files } from '../../machines/machine/files-types.ts';
import type { Namespaces } from '../../machines/machine/kernel.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import type { Pty } from '../../machines/machine/terminal.ts';
import type { CniResult } from './cni/plugin.ts';
import type { LogFile } from './log-file.ts';
import type {
  Container,
  ContainerConfig,
  ContainerState,
  ContainerStatus,
  PodSandbox,
  PodSandboxConfig,
  PodSandboxStatus,
} from './wire/messages.ts';

export interface SandboxRecord {
  readonly id: string;
  readonly config: PodSandboxConfig;
  readonly createdAt: WallTime;
  readonly namespaces: Namespaces;
  /** Whether the network namespace is the pod's own. */
  readonly ownNetwork: boolean;
  readonly folder: string;
  /** What stands in /dev/shm of all its containers, once one of them is made. */
  shm: Inode | undefined;
  ready: boolean;
  ip: string;
  network: CniResult | undefined;
  pid: number;
  readonly containers: Set<string>;
}

export interface ContainerRecord {
  readonly id: string;
  readonly sandboxId: string;
  readonly config: ContainerConfig;
  readonly imageRef: string;
  /** `docker.io/library/nginx:latest` */
  readonly imageName: string;
  readonly createdAt: WallTime;
  readonly namespaces: Partial<Namespaces>;
  readonly cgroup: string;
  readonly argv: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly stopSignal: 'SIGTERM' | 'SIGQUIT' | 'SIGINT';
  readonly logPath: string;
  readonly log: LogFile;
  /** Where attach writes to; undefined without stdin. */
  stdin: OpenFile | undefined;
  /** With `tty: true`. */
  pty: Pty | undefined;
  state: ContainerState;
  startedAt: WallTime;
  finishedAt: WallTime;
  exitCode: number;
  reason: string;
  message: string;
  pid: number;
}

const STATE_FOLDER = '/var/lib/containerd/io.containerd.grpc.v1.cri';

function pathOf(kind: 'sandboxes' | 'containers', id: string): string {
  return `${STATE_FOLDER}/${kind}/${id}`;
}

/** Folder of a sandbox or container below /var/lib/containerd. */
export function stateFolder(kind: 'sandboxes' | 'containers', id: string): string {
  return pathOf(kind, id);
}

export function saveRecord(
  files: Files,
  kind: 'sandboxes' | 'containers',
  record: { readonly id: string },
  describe: () => unknown,
): void {
  const folder = pathOf(kind, record.id);
  files.mkdir(folder, { parents: true });
  files.write(`${folder}/status`, {
    kind: `containerd-${kind}`,
    value: record,
    render: () => utf8(`${JSON.stringify(describe())}\n`),
  });
}

export function dropRecord(files: Files, kind: 'sandboxes' | 'containers', id: string): void {
  files.removeAll(pathOf(kind, id));
}

/** The records that files hold. */
export function loadRecords<T>(files: Files, kind: 'sandboxes' | 'containers'): T[] {
  const names = files.list(`${STATE_FOLDER}/${kind}`);
  const found: T[] = [];
  for (const name of names.ok ? names.value : []) {
    const content = files.readContent(`${pathOf(kind, name)}/status`);
    if (content.ok && 'kind' in content.value && content.value.kind === `containerd-${kind}`) {
      found.push(content.value.value as T);
    }
  }
  return found;
}

export function describeSandbox(record: SandboxRecord): PodSandbox {
  return {
    id: record.id,
    metadata: record.config.metadata,
    state: record.ready ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
    createdAt: record.createdAt,
    labels: record.config.labels,
    annotations: record.config.annotations,
  };
}

export function sandboxStatus(record: SandboxRecord): PodSandboxStatus {
  return {
    id: record.id,
    metadata: record.config.metadata,
    state: record.ready ? 'SANDBOX_READY' : 'SANDBOX_NOTREADY',
    createdAt: record.createdAt,
    labels: record.config.labels,
    annotations: record.config.annotations,
    ip: record.ip,
    namespaces: record.config.namespaces,
    pid: record.pid,
  };
}

export function describeContainer(record: ContainerRecord): Container {
  return {
    id: record.id,
    podSandboxId: record.sandboxId,
    metadata: record.config.metadata,
    image: record.imageName,
    imageRef: record.imageRef,
    state: record.state,
    createdAt: record.createdAt,
    labels: record.config.labels,
    annotations: record.config.annotations,
  };
}

export function containerStatus(record: ContainerRecord): ContainerStatus {
  return {
    id: record.id,
    podSandboxId: record.sandboxId,
    metadata: record.config.metadata,
    image: record.imageName,
    imageRef: record.imageRef,
    state: record.state,
    createdAt: record.createdAt,
    labels: record.config.labels,
    annotations: record.config.annotations,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    exitCode: record.exitCode,
    reason: record.reason,
    message: record.message,
    logPath: record.logPath,
    mounts: record.config.mounts,
    user: { uid: record.uid, gid: record.gid, supplementalGroups: record.groups },
    pid: record.pid,
  };
}
