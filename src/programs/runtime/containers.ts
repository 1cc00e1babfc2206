/**
 * Containers: an image's tree under a writable layer, started in the namespaces of its sandbox with
 * limits, environment and user. (containerd v2.1 internal/cri/server/container_*.go, runc 1.3)
 */
import { SECOND } from '../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { anyOf, Deferred, type Task } from '../../ground/base/task.ts';
import type { OpenFile } from '../../machines/machine/files-types.ts';
import { type Inode, ROOT_ACCESS } from '../../machines/machine/files/inode.ts';
import type { Kernel, Namespaces } from '../../machines/machine/kernel.ts';
import type { Signal } from '../../machines/machine/process.ts';
import type { ImageConfig } from '../../machines/machine/image.ts';
import type { StoredImage } from './stored-image.ts';
import { openContainerTerminal } from './container-terminal.ts';
import { CollectDescriptor, LogDescriptor, LogFile } from './log-file.ts';
import { formatReference, parseReference } from './reference.ts';
import { type ContainerRecord, type SandboxRecord, stateFolder } from './records.ts';
import { type ContainerUser, makeRootfs, newShm, resolveUser } from './rootfs.ts';
import { containerName, type RuntimeService } from './service.ts';
import type { TaskSpec } from './shim.ts';
import type { ContainerConfig, CriError, CriMethods, Mount } from './wire/messages.ts';
import { rpcError } from './wire/rpc.ts';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** How long containerd waits after SIGKILL before it gives up. */
const KILL_WAIT = 10 * SECOND;
const EXEC_OUTPUT_MAX = 16 * 1024 * 1024;
/** What runc says before the reason, for a container and for an exec in one. */
const CREATE_FAILED =
  'OCI runtime create failed: runc create failed: unable to start container process: error during container init: ';
const EXEC_FAILED = 'OCI runtime exec failed: exec failed: unable to start container process: ';

export function* createContainer(
  service: RuntimeService,
  request: CriMethods['CreateContainer'][0],
): Task<Result<CriMethods['CreateContainer'][1], CriError>> {
  const { process } = service;
  const found = service.sandbox(request.podSandboxId);
  if (!found.ok) {
    return err(
      rpcError('NotFound', `failed to find sandbox id "${request.podSandboxId}": not found`),
    );
  }
  const sandbox = found.value;
  const { config } = request;
  const image = service.images.find(config.image);
  if (image === undefined) {
    return err(
      rpcError(
        'NotFound',
        `failed to create containerd container: get image "${config.image}": not found`,
      ),
    );
  }
  const id = process.random.hex(64);
  const name = containerName({ config }, sandbox);
  const holder = service.names.get(name);
  if (holder !== undefined) {
    return err(
      rpcError(
        'Unknown',
        `failed to reserve container name "${name}": name "${name}" is reserved for "${holder}"`,
      ),
    );
  }
  service.names.set(name, id);
  yield* process.sleep(process.costs.containerCreateMicros);
  const made = buildRecord(service, sandbox, config, image, id);
  if (!made.ok) {
    service.names.delete(name);
    return err(rpcError('Unknown', made.error));
  }
  service.containers.set(id, made.value);
  sandbox.containers.add(id);
  service.saveContainer(made.value);
  service.emit('CREATED', id, sandbox.id);
  return ok({ containerId: id });
}

/** The command line: `command` replaces the entrypoint and drops the image's own arguments. */
function commandLine(
  image: ImageConfig,
  command: readonly string[],
  args: readonly string[],
): readonly string[] {
  if (command.length > 0) return [...command, ...args];
  return [...image.entrypoint, ...(args.length > 0 ? args : image.command)];
}

function environment(
  image: ImageConfig,
  config: ContainerConfig,
  hostname: string,
  user: ContainerUser,
): Map<string, string> {
  const env = new Map([
    ['PATH', PATH],
    ['HOSTNAME', hostname],
  ]);
  for (const pair of image.environment) {
    const at = pair.indexOf('=');
    env.set(pair.slice(0, at), pair.slice(at + 1));
  }
  for (const { key, value } of config.envs) env.set(key, value);
  if (!env.has('HOME')) env.set('HOME', user.home);
  if (config.tty && !env.has('TERM')) env.set('TERM', 'xterm');
  return env;
}

/** Namespaces of a container: the sandbox's, with its own pid namespace unless the pod shares one. */
function namespacesOf(
  service: RuntimeService,
  sandbox: SandboxRecord,
  config: ContainerConfig,
  id: string,
): Omit<Namespaces, 'mount'> {
  const shared = sandbox.namespaces;
  const pid =
    config.namespaces.pid === 'CONTAINER' ? service.process.kernel.newPidNamespace(id) : shared.pid;
  return { network: shared.network, pid, uts: shared.uts, ipc: shared.ipc };
}

function buildRecord(
  service: RuntimeService,
  sandbox: SandboxRecord,
  config: ContainerConfig,
  image: StoredImage,
  id: string,
): Result<ContainerRecord, string> {
  const { process } = service;
  const argv = commandLine(image.archive.config, config.command, config.args);
  if (argv.length === 0) return err('failed to generate container spec: no command specified');
  const cwd = config.workingDir || image.archive.config.workingDir || '/';
  const namespaces = namespacesOf(service, sandbox, config, id);
  const view = makeRootfs(process.kernel, {
    name: id,
    layer: image.layer,
    pid: namespaces.pid,
    mounts: [...sandboxMounts(sandbox, config), ...config.mounts],
    readonlyRoot: config.readonlyRoot,
    privileged: config.privileged,
    cgroup: cgroupOf(sandbox, id),
    workingDir: cwd,
    shm: shmOf(process.kernel, sandbox, config),
  });
  if (!view.ok) return err(`failed to generate container "${id}" spec: ${view.error}`);
  const user = resolveUser(view.value, image.archive.config.user, config.uid, config.gid);
  if (!user.ok) return err(`failed to generate container "${id}" spec: ${user.error}`);
  const logPath = `${sandbox.config.logDirectory}/${config.logPath}`;
  const log = new LogFile(process.files, process.clock, logPath);
  const env = environment(
    image.archive.config,
    config,
    sandbox.namespaces.uts.hostname,
    user.value,
  );
  if (image.archive.generic === true) {
    env.set(
      'STAND_IN_PORTS',
      config.declaredPorts.map(({ port, protocol }) => `${port}/${protocol}`).join(','),
    );
  }
  return ok({
    id,
    sandboxId: sandbox.id,
    config,
    imageRef: image.image.repoDigests[0] ?? image.image.id,
    imageName: imageName(config.userImage, image),
    createdAt: process.clock.wall(),
    namespaces: { ...namespaces, mount: view.value },
    cgroup: cgroupOf(sandbox, id),
    argv,
    env,
    cwd,
    uid: user.value.uid,
    gid: user.value.gid,
    groups: groupsOf(user.value, config),
    stopSignal: image.archive.config.stopSignal,
    logPath,
    log,
    stdin: undefined,
    pty: undefined,
    state: 'CONTAINER_CREATED',
    startedAt: 0,
    finishedAt: 0,
    exitCode: 0,
    reason: '',
    message: '',
    pid: 0,
  });
}

/** Containers of a pod share memory by name, as they share the IPC namespace. */
function shmOf(kernel: Kernel, sandbox: SandboxRecord, config: ContainerConfig): Inode {
  if (config.namespaces.ipc === 'NODE') {
    const host = kernel.namespaces.mount.walk('/dev/shm', ROOT_ACCESS, '/');
    if (host.ok) return host.value.inode;
  }
  sandbox.shm ??= newShm(kernel);
  return sandbox.shm;
}

function cgroupOf(sandbox: SandboxRecord, id: string): string {
  return `${sandbox.config.cgroupParent}/cri-containerd-${id}.scope`;
}

/** The primary group, those of the image's account and those that the pod adds, as the kernel sorts them. */
function groupsOf(user: ContainerUser, config: ContainerConfig): readonly number[] {
  const account = config.supplementalGroupsPolicy === 'Strict' ? [] : user.groups;
  const added = config.supplementalGroups ?? [];
  return [...new Set([user.gid, ...account, ...added])].sort((a, b) => a - b);
}

/** The tag that the pod asked for, in full. */
function imageName(userImage: string, image: StoredImage): string {
  const parsed = parseReference(userImage);
  return parsed === undefined ? (image.image.repoTags[0] ?? userImage) : formatReference(parsed);
}

/** /etc/hostname and /etc/resolv.conf of the sandbox, unless the pod mounts its own there. */
function sandboxMounts(sandbox: SandboxRecord, config: ContainerConfig): Mount[] {
  return ['hostname', 'resolv.conf']
    .map((name) => ({
      containerPath: `/etc/${name}`,
      hostPath: `${sandbox.folder}/${name}`,
      readonly: false,
    }))
    .filter((mount) => !config.mounts.some((other) => other.containerPath === mount.containerPath));
}

function specOf(
  record: ContainerRecord,
  argv: readonly string[],
  descriptors: ReadonlyMap<number, OpenFile>,
): TaskSpec {
  return {
    argv,
    env: record.env,
    cwd: record.cwd,
    uid: record.uid,
    gid: record.gid,
    groups: record.groups,
    namespaces: record.namespaces,
    cgroup: record.cgroup,
    descriptors,
    terminal: undefined,
  };
}

export function* startContainer(
  service: RuntimeService,
  id: string,
): Task<Result<Record<string, never>, CriError>> {
  const { process } = service;
  const found = service.container(id);
  if (!found.ok) return found;
  const record = found.value;
  if (record.state !== 'CONTAINER_CREATED') {
    return err(
      rpcError(
        'Unknown',
        `failed to set starting state for container "${id}": container is already in ${record.state} state`,
      ),
    );
  }
  const sandbox = service.sandboxes.get(record.sandboxId);
  if (sandbox?.ready !== true) {
    return err(rpcError('Unknown', `sandbox container "${record.sandboxId}" is not running`));
  }
  yield* process.sleep(process.costs.containerStartMicros);
  const { resources } = record.config;
  process.kernel.makeCgroup(record.cgroup, {
    ...(resources.cpuShares > 0 ? { cpuShares: resources.cpuShares } : {}),
    ...(resources.cpuQuotaMilli > 0 ? { cpuQuotaMilli: resources.cpuQuotaMilli } : {}),
    ...(resources.memoryLimit > 0 ? { memoryMax: resources.memoryLimit } : {}),
    oomGroup: true,
  });
  const pty = record.config.tty ? openContainerTerminal(process, record.log) : undefined;
  record.pty = pty;
  const descriptors = new Map<number, OpenFile>([
    [0, pty?.file ?? stdinOf(service, record)],
    [1, pty?.file ?? new LogDescriptor(record.log, 'stdout')],
    [2, pty?.file ?? new LogDescriptor(record.log, 'stderr')],
  ]);
  // Noted first: a program that ends at once must find its container running.
  record.state = 'CONTAINER_RUNNING';
  record.startedAt = process.clock.wall();
  const started = yield* service.shim(record.sandboxId, 'Start', {
    id,
    spec: { ...specOf(record, record.argv, descriptors), terminal: pty?.file },
  });
  pty?.file.close();
  if (!started.ok) return failedStart(service, record, started.error);
  if (record.pid === 0 && record.state === 'CONTAINER_RUNNING') record.pid = started.value.pid;
  service.record('start-container', id, record.config.metadata.name);
  service.emit('STARTED', id, record.sandboxId);
  return ok({});
}

function failedStart(
  service: RuntimeService,
  record: ContainerRecord,
  error: CriError,
): Result<never, CriError> {
  const message = `failed to create containerd task: failed to create shim task: ${error.message}`;
  record.state = 'CONTAINER_EXITED';
  record.exitCode = 128;
  record.reason = 'StartError';
  record.message = message;
  record.startedAt = 0;
  record.finishedAt = service.process.clock.wall();
  record.log.end();
  service.record('start-failed', record.id, message);
  service.emit('STOPPED', record.id, record.sandboxId);
  return err(rpcError(error.codeName, message));
}

/** /dev/null, or the reading end of a pipe that attach writes to. */
function stdinOf(service: RuntimeService, record: ContainerRecord): OpenFile {
  if (record.config.stdin) {
    const [reader, writer] = service.process.pipe();
    record.stdin = writer;
    return reader;
  }
  const opened = service.process.files.open('/dev/null', 'r');
  return opened.ok ? opened.value : new CollectDescriptor();
}

/** Waits for the end of a container, at most this long; true when it has ended. */
function* waitForExit(
  service: RuntimeService,
  record: ContainerRecord,
  deadline: number,
): Task<boolean> {
  const until = service.process.clock.monotonic() + deadline;
  while (record.state === 'CONTAINER_RUNNING') {
    const left = until - service.process.clock.monotonic();
    if (left <= 0) return false;
    // The log is notified when the container has ended, and by every line before.
    yield* anyOf([record.log.changed], left);
  }
  return true;
}

/** Asks with the image's stop signal, waits for the grace, then kills. */
export function* stopContainer(
  service: RuntimeService,
  id: string,
  timeout: number,
): Task<Result<Record<string, never>, CriError>> {
  const found = service.container(id);
  if (!found.ok) return ok({});
  const record = found.value;
  if (record.state !== 'CONTAINER_RUNNING') return ok({});
  if (timeout > 0) {
    yield* signalContainer(service, record, record.stopSignal);
    if (yield* waitForExit(service, record, timeout * SECOND)) return ok({});
  }
  yield* signalContainer(service, record, 'SIGKILL');
  if (yield* waitForExit(service, record, KILL_WAIT)) return ok({});
  return err(
    rpcError(
      'DeadlineExceeded',
      `an error occurs during waiting for container "${id}" to be killed: wait container "${id}": context deadline exceeded`,
    ),
  );
}

/** Kills without asking, as StopPodSandbox does. */
export function* stopNow(service: RuntimeService, record: ContainerRecord): Task<void> {
  yield* stopContainer(service, record.id, 0);
}

function* signalContainer(
  service: RuntimeService,
  record: ContainerRecord,
  signal: Signal,
): Task<void> {
  yield* service.shim(record.sandboxId, 'Kill', {
    id: record.id,
    signal,
    all: signal === 'SIGKILL',
  });
}

export function* removeContainer(
  service: RuntimeService,
  id: string,
): Task<Result<Record<string, never>, CriError>> {
  const found = service.container(id);
  if (!found.ok) return ok({});
  const record = found.value;
  if (record.state === 'CONTAINER_RUNNING') {
    const stopped = yield* stopContainer(service, record.id, 0);
    if (!stopped.ok) return stopped;
  }
  service.process.kernel.removeCgroup(record.cgroup);
  yield* service.shim(record.sandboxId, 'Delete', { id: record.id });
  service.names.delete(containerName(record, service.sandboxes.get(record.sandboxId)));
  const files = service.process.files;
  files.unlink(record.logPath);
  files.removeAll(stateFolder('containers', record.id));
  service.forgetContainer(record);
  service.emit('DELETED', record.id, record.sandboxId);
  return ok({});
}

/** Runs a command beside the container and collects what it prints. */
export function* execSync(
  service: RuntimeService,
  request: CriMethods['ExecSync'][0],
): Task<Result<CriMethods['ExecSync'][1], CriError>> {
  const found = service.container(request.containerId);
  if (!found.ok) return found;
  const record = found.value;
  if (record.state !== 'CONTAINER_RUNNING') {
    return err(
      rpcError('Unknown', `failed to exec in container: container is in ${record.state} state`),
    );
  }
  const stdout = new CollectDescriptor();
  const stderr = new CollectDescriptor();
  const ended = new Deferred<number>();
  const descriptors = new Map<number, OpenFile>([
    [0, devNull(service)],
    [1, stdout],
    [2, stderr],
  ]);
  const deadline = request.timeout > 0 ? request.timeout * SECOND : undefined;
  const done = yield* runExec(service, record, request.cmd, descriptors, ended, deadline);
  if (!done.ok) return done;
  return ok({
    stdout: stdout.bytes().subarray(0, EXEC_OUTPUT_MAX),
    stderr: stderr.bytes().subarray(0, EXEC_OUTPUT_MAX),
    exitCode: done.value,
  });
}

function devNull(service: RuntimeService): OpenFile {
  const opened = service.process.files.open('/dev/null', 'r');
  return opened.ok ? opened.value : new CollectDescriptor();
}

/** The process of an exec, killed when the deadline passes. */
export function* runExec(
  service: RuntimeService,
  record: ContainerRecord,
  cmd: readonly string[],
  descriptors: ReadonlyMap<number, OpenFile>,
  cancelled: Deferred<number>,
  deadline: number | undefined,
  terminal?: OpenFile,
): Task<Result<number, CriError>> {
  let kill = (): void => {};
  const spec: TaskSpec = { ...specOf(record, cmd, descriptors), terminal };
  const answer = new Deferred<Result<number, CriError>>();
  service.process.start(
    'exec',
    execTask(service, record, spec, answer, (stop) => {
      kill = stop;
    }),
  );
  const first = yield* anyOf([answer, cancelled], deadline);
  if (first.index === 0) return first.value as Result<number, CriError>;
  kill();
  if (first.index === 1) return ok(first.value as number);
  return err(
    rpcError(
      'DeadlineExceeded',
      `failed to exec in container: timeout ${(deadline ?? 0) / SECOND}s exceeded: context deadline exceeded`,
    ),
  );
}

function* execTask(
  service: RuntimeService,
  record: ContainerRecord,
  spec: TaskSpec,
  answer: Deferred<Result<number, CriError>>,
  onStarted: (kill: () => void) => void,
): Task<void> {
  const done = yield* service.shim(record.sandboxId, 'Exec', {
    id: record.id,
    spec,
    onStarted: (child) => onStarted(() => void child.signal('SIGKILL')),
  });
  if (done.ok) answer.resolve(ok(done.value.code));
  else {
    const message = done.error.message.replace(CREATE_FAILED, EXEC_FAILED);
    // Each exec has a name of its own, which only its failures show.
    const name = service.process.random.hex(64);
    const text = `failed to exec in container: failed to start exec "${name}": ${message}`;
    answer.resolve(err(rpcError(done.error.codeName, text)));
  }
}
