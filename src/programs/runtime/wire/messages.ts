/**
 * The container runtime interface, named as in `runtime.v1` (k8s.io/cri-api v0.34): what the kubelet
 * and crictl say to containerd over `/run/containerd/containerd.sock`: gRPC with frozen values, one
 * message per call and one per answer (rpc.ts). Times are wall-clock microseconds.
 */
import type { WallTime } from '../../../ground/base/time.ts';

export interface PodSandboxMetadata {
  readonly name: string;
  readonly uid: string;
  readonly namespace: string;
  readonly attempt: number;
}

/** POD: shared by the pod; CONTAINER: own; NODE: the host's; TARGET: another container's. */
export type NamespaceMode = 'POD' | 'CONTAINER' | 'NODE' | 'TARGET';

export interface NamespaceOptions {
  readonly network: NamespaceMode;
  readonly pid: NamespaceMode;
  readonly ipc: NamespaceMode;
  readonly targetId?: string;
}

export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

export interface PortMapping {
  readonly protocol: 'TCP' | 'UDP';
  readonly containerPort: number;
  readonly hostPort: number;
  readonly hostIp: string;
}

export interface PodSandboxConfig {
  readonly metadata: PodSandboxMetadata;
  readonly hostname: string;
  readonly logDirectory: string;
  readonly dns: DnsConfig;
  readonly portMappings: readonly PortMapping[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly cgroupParent: string;
  readonly namespaces: NamespaceOptions;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly uid?: number;
  readonly gid?: number;
}

export interface PodSandbox {
  readonly id: string;
  readonly metadata: PodSandboxMetadata;
  readonly state: 'SANDBOX_READY' | 'SANDBOX_NOTREADY';
  readonly createdAt: WallTime;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface PodSandboxStatus extends PodSandbox {
  /** Pod address, empty for host network. */
  readonly ip: string;
  readonly namespaces: NamespaceOptions;
  readonly pid: number;
}

export interface Mount {
  readonly containerPath: string;
  readonly hostPath: string;
  readonly readonly: boolean;
}

export interface LinuxResources {
  readonly cpuShares: number;
  /** Millicores; 0: no limit. */
  readonly cpuQuotaMilli: number;
  /** Bytes; 0: no limit. */
  readonly memoryLimit: number;
}

export interface ContainerConfig {
  readonly metadata: { readonly name: string; readonly attempt: number };
  /** Image reference as resolved (id or repository tag). */
  readonly image: string;
  /** As the user wrote it. */
  readonly userImage: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly envs: readonly { readonly key: string; readonly value: string }[];
  readonly mounts: readonly Mount[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Below the sandbox's log directory: `web/0.log`. */
  readonly logPath: string;
  readonly stdin: boolean;
  /** Standard input ends with the first client that was attached to it. */
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly resources: LinuxResources;
  readonly uid?: number;
  readonly gid?: number;
  readonly supplementalGroups?: readonly number[];
  /** Strict: the groups that the image's /etc/group gives its user do not count. */
  readonly supplementalGroupsPolicy?: 'Merge' | 'Strict';
  readonly readonlyRoot: boolean;
  readonly privileged: boolean;
  readonly namespaces: NamespaceOptions;
  /** Ports the pod declares; only the stand-in image of unknown repositories looks at them. */
  readonly declaredPorts: readonly { readonly port: number; readonly protocol: 'TCP' | 'UDP' }[];
}

export type ContainerState =
  | 'CONTAINER_CREATED'
  | 'CONTAINER_RUNNING'
  | 'CONTAINER_EXITED'
  | 'CONTAINER_UNKNOWN';

export interface Container {
  readonly id: string;
  readonly podSandboxId: string;
  readonly metadata: { readonly name: string; readonly attempt: number };
  readonly image: string;
  readonly imageRef: string;
  readonly state: ContainerState;
  readonly createdAt: WallTime;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A user as the kernel has it; the primary group is among the supplemental ones. */
export interface LinuxUser {
  readonly uid: number;
  readonly gid: number;
  readonly supplementalGroups: readonly number[];
}

export interface ContainerStatus extends Container {
  readonly startedAt: WallTime;
  readonly finishedAt: WallTime;
  readonly exitCode: number;
  /** Completed, Error, OOMKilled, StartError … */
  readonly reason: string;
  readonly message: string;
  readonly logPath: string;
  readonly mounts: readonly Mount[];
  /** Who its first process ran as. */
  readonly user: LinuxUser;
  readonly pid: number;
}

export interface Image {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly size: number;
  readonly uid?: number;
  readonly username: string;
  /** The stand-in for a repository that the registry does not know. */
  readonly generic?: boolean;
}

/** One change of a container's state, streamed by GetContainerEvents (what evented PLEG reads). */
export interface ContainerEvent {
  readonly containerId: string;
  readonly podSandboxId: string;
  readonly type: 'CREATED' | 'STARTED' | 'STOPPED' | 'DELETED';
  readonly createdAt: WallTime;
}

/** Method name → request and response. */
export interface CriMethods {
  Version: [
    Record<string, never>,
    {
      readonly runtimeName: string;
      readonly runtimeVersion: string;
      readonly runtimeApiVersion: string;
    },
  ];
  RunPodSandbox: [
    { readonly config: PodSandboxConfig; readonly runtimeHandler: string },
    { readonly podSandboxId: string },
  ];
  StopPodSandbox: [{ readonly podSandboxId: string }, Record<string, never>];
  RemovePodSandbox: [{ readonly podSandboxId: string }, Record<string, never>];
  PodSandboxStatus: [
    { readonly podSandboxId: string },
    { readonly status: PodSandboxStatus; readonly containers: readonly ContainerStatus[] },
  ];
  ListPodSandbox: [
    { readonly labels?: Readonly<Record<string, string>> },
    { readonly items: readonly PodSandbox[] },
  ];
  CreateContainer: [
    {
      readonly podSandboxId: string;
      readonly config: ContainerConfig;
      readonly sandboxConfig: PodSandboxConfig;
    },
    { readonly containerId: string },
  ];
  StartContainer: [{ readonly containerId: string }, Record<string, never>];
  /** Timeout in whole seconds before SIGKILL. */
  StopContainer: [
    { readonly containerId: string; readonly timeout: number },
    Record<string, never>,
  ];
  RemoveContainer: [{ readonly containerId: string }, Record<string, never>];
  /** The log file was renamed: writes into a new one under the old path. */
  ReopenContainerLog: [{ readonly containerId: string }, Record<string, never>];
  ListContainers: [
    { readonly podSandboxId?: string; readonly labels?: Readonly<Record<string, string>> },
    { readonly containers: readonly Container[] },
  ];
  ContainerStatus: [{ readonly containerId: string }, { readonly status: ContainerStatus }];
  ExecSync: [
    { readonly containerId: string; readonly cmd: readonly string[]; readonly timeout: number },
    { readonly stdout: Uint8Array; readonly stderr: Uint8Array; readonly exitCode: number },
  ];
  /** Exec and Attach give a path on the runtime's streaming port; the stream speaks remotecommand (client/remotecommand). */
  Exec: [
    {
      readonly containerId: string;
      readonly cmd: readonly string[];
      readonly tty: boolean;
      readonly stdin: boolean;
      readonly stdout: boolean;
      readonly stderr: boolean;
    },
    { readonly url: string },
  ];
  Attach: [
    {
      readonly containerId: string;
      readonly tty: boolean;
      readonly stdin: boolean;
      readonly stdout: boolean;
      readonly stderr: boolean;
    },
    { readonly url: string },
  ];
  PortForward: [
    { readonly podSandboxId: string; readonly port: readonly number[] },
    { readonly url: string },
  ];
  Status: [
    Record<string, never>,
    {
      readonly runtimeReady: boolean;
      readonly networkReady: boolean;
      readonly networkReason: string;
      readonly networkMessage: string;
    },
  ];
  ContainerStats: [
    { readonly containerId: string },
    {
      readonly cpuMicros: number;
      readonly memoryBytes: number;
      /** What it has written into its root. */
      readonly writableLayerBytes: number;
    },
  ];
  PullImage: [{ readonly image: string }, { readonly imageRef: string }];
  ListImages: [Record<string, never>, { readonly images: readonly Image[] }];
  ImageStatus: [{ readonly image: string }, { readonly image: Image | undefined }];
  RemoveImage: [{ readonly image: string }, Record<string, never>];
  ImageFsInfo: [Record<string, never>, { readonly usedBytes: number; readonly inodesUsed: number }];
  UpdateRuntimeConfig: [{ readonly podCidr: string }, Record<string, never>];
}

/** A failed call: gRPC's status, e.g. code 5 NotFound. */
export interface CriError {
  readonly code: number;
  readonly codeName:
    | 'Canceled'
    | 'Unknown'
    | 'InvalidArgument'
    | 'DeadlineExceeded'
    | 'NotFound'
    | 'AlreadyExists'
    | 'PermissionDenied'
    | 'ResourceExhausted'
    | 'FailedPrecondition'
    | 'Internal'
    | 'Unavailable';
  readonly message: string;
}
