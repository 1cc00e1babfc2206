/** crictl logs, exec, inspect, stop and remove. */
import { SECOND } from '../../../ground/base/event-loop.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import { anyOf, type Task } from '../../../ground/base/task.ts';
import { parseRfc3339, type WallTime } from '../../../ground/base/time.ts';
import type { Chunk } from '../../../machines/network/chunk.ts';
import { goError } from '../../../machines/network/errno.ts';
import type { Connection } from '../../../machines/network/socket.ts';
import { relayTerminal, type TerminalStream } from '../../../machines/machine/terminal-relay.ts';
import {
  type ContainerStatus,
  CRI_LOG,
  type CriLogLine,
  type CriLogValue,
  isStreamEvent,
  logLinesOf,
  STREAM_SOCKET,
  streamHello,
  streamMessage,
} from '../../runtime/wire/index.ts';
import type { Crictl } from './index.ts';
import { formatOutput, goTime } from './print.ts';

// ---- logs

export function* showLogs(tool: Crictl): Task<number> {
  const { line, process } = tool;
  const id = line.operands[0];
  if (id === undefined) return yield* tool.fail('ID cannot be empty');
  const answer = yield* tool.cri.call('ContainerStatus', { containerId: id });
  if (!answer.ok) return yield* tool.fatal('', answer.error);
  const path = answer.value.status.logPath;
  const content = process.files.readContent(path);
  if (!content.ok)
    return yield* tool.fail(
      `failed to try resolving symlinks in path "${path}": lstat ${path}: ${goError(content.error)}`,
    );
  const since = sinceOf(line.get('since'), process.clock.wall());
  let lines = logLinesOf(content.value).filter((each) => since === undefined || each.time >= since);
  const tail = Number(line.get('tail') ?? -1);
  if (tail >= 0) lines = lines.slice(Math.max(0, lines.length - tail));
  yield* printLines(tool, lines);
  const live =
    'kind' in content.value && content.value.kind === CRI_LOG
      ? (content.value.value as CriLogValue)
      : undefined;
  if (!line.has('follow') || live === undefined) return 0;
  let seen = live.lines.length;
  while (!live.ended) {
    const first = yield* anyOf([live.changed, process.terminated]);
    if (first.index === 1) return 0;
    const fresh = live.lines.slice(seen);
    seen = live.lines.length;
    yield* printLines(tool, fresh);
  }
  return 0;
}

function* printLines(tool: Crictl, lines: readonly CriLogLine[]): Task<void> {
  const stamped = tool.line.has('timestamps');
  for (const each of lines) {
    const text = `${stamped ? `${goTime(each.time)} ` : ''}${each.text}${each.full ? '\n' : ''}`;
    if (each.stream === 'stdout') yield* tool.process.print(text);
    else yield* tool.process.printError(text);
  }
}

/** `5m`, `30s`, `1h30m`, or a time. */
function sinceOf(text: string | undefined, now: WallTime): WallTime | undefined {
  if (text === undefined) return undefined;
  const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };
  const parts = [...text.matchAll(/(\d+)([hms])/g)];
  if (parts.length === 0) return parseRfc3339(text);
  return (
    now -
    parts.reduce(
      (sum, [, count, unit]) => sum + Number(count) * (units[unit as string] as number) * SECOND,
      0,
    )
  );
}

// ---- exec

export function* execIn(tool: Crictl): Task<number> {
  const { line, process } = tool;
  const [id, ...cmd] = line.operands;
  if (id === undefined || cmd.length === 0)
    return yield* tool.usage(
      'exec',
      cmd.length === 0 && id !== undefined ? 'no command specified' : undefined,
    );
  const tty = line.has('tty') && process.stdin.terminal !== undefined;
  if (!line.has('interactive') && !line.has('tty')) {
    const done = yield* tool.cri.call('ExecSync', {
      containerId: id,
      cmd,
      timeout: Number(line.get('timeout') ?? 0),
    });
    if (!done.ok)
      return yield* tool.fatal('execing command in container synchronously', done.error);
    yield* process.stdout.write(done.value.stdout);
    yield* process.stderr.write(done.value.stderr);
    return done.value.exitCode === 0 ? 0 : yield* exited(tool, done.value.exitCode);
  }
  const prepared = yield* tool.cri.call('Exec', {
    containerId: id,
    cmd,
    tty,
    stdin: line.has('interactive'),
    stdout: true,
    stderr: !tty,
  });
  if (!prepared.ok) return yield* tool.fatal('execing command in container', prepared.error);
  const dialled = yield* process.net.connectUnix(STREAM_SOCKET);
  if (!dialled.ok)
    return yield* tool.fail(
      `execing command in container: dial unix ${STREAM_SOCKET}: connect: ${goError(dialled.error)}`,
    );
  yield* dialled.value.send(streamHello(prepared.value.url));
  const end = yield* runStream(tool, dialled.value, tty);
  dialled.value.close();
  if (end.message !== '') return yield* tool.fail(`execing command in container: ${end.message}`);
  return end.code === 0 ? 0 : yield* exited(tool, end.code);
}

function* exited(tool: Crictl, code: number): Task<number> {
  return yield* tool.fail(
    `execing command in container: command terminated with exit code ${code}`,
    code,
  );
}

function* runStream(
  tool: Crictl,
  connection: Connection,
  tty: boolean,
): Task<{ code: number; message: string }> {
  const { process, line } = tool;
  let end = { code: 0, message: '' };
  const stream: TerminalStream = {
    *send(chunk: Chunk): Task<Result<void, unknown>> {
      return yield* connection.send(streamMessage('stdin', { chunk }));
    },
    *receive(): Task<Result<Chunk | undefined, unknown>> {
      for (;;) {
        const received = yield* connection.receive();
        if (!received.ok || received.value === undefined) return received;
        const event = received.value;
        if (!isStreamEvent(event)) continue;
        if (event.channel === 'exit') {
          end = { code: event.code, message: event.message };
          return ok(undefined);
        }
        if (event.channel === 'stdout' && event.chunk !== undefined) return ok(event.chunk);
        if (event.channel === 'stderr' && event.chunk !== undefined)
          yield* process.stderr.write(event.chunk);
      }
    },
    closeWrite: () => void connection.post(streamMessage('close')),
  };
  if (tty || line.has('interactive'))
    yield* relayTerminal(process, process.stdin, process.stdout, stream);
  else {
    for (;;) {
      const received = yield* stream.receive();
      if (!received.ok || received.value === undefined) break;
      yield* process.stdout.write(received.value);
    }
  }
  return end;
}

// ---- inspect

export function* inspectContainers(tool: Crictl): Task<number> {
  const { line, process } = tool;
  if (line.operands.length === 0) return yield* tool.fail('ID cannot be empty');
  for (const id of line.operands) {
    const answer = yield* tool.cri.call('ContainerStatus', { containerId: id });
    if (!answer.ok)
      return yield* tool.fatal(`getting the status of the container "${id}"`, answer.error);
    const { status } = answer.value;
    const value = {
      info: yield* addedByContainerd(tool, status),
      status: {
        annotations: status.annotations,
        createdAt: goTime(status.createdAt),
        exitCode: status.exitCode,
        finishedAt: goTime(status.finishedAt),
        id: status.id,
        image: { annotations: {}, image: status.image, runtimeHandler: '', userSpecifiedImage: '' },
        imageRef: status.imageRef,
        labels: status.labels,
        logPath: status.logPath,
        message: status.message,
        metadata: { attempt: status.metadata.attempt, name: status.metadata.name },
        mounts: status.mounts.map(({ containerPath, hostPath, readonly }) => ({
          containerPath,
          gidMappings: [],
          hostPath,
          propagation: 'PROPAGATION_PRIVATE',
          readonly,
          selinuxRelabel: false,
          uidMappings: [],
        })),
        reason: status.reason,
        startedAt: goTime(status.startedAt),
        state: status.state,
        user: {
          // Go prints 64-bit numbers of protobuf as texts.
          linux: {
            gid: `${status.user.gid}`,
            supplementalGroups: status.user.supplementalGroups.map(String),
            uid: `${status.user.uid}`,
          },
        },
      },
    };
    yield* process.print(formatOutput(value, line.get('output') ?? 'json'));
  }
  return 0;
}

/** What containerd adds of its own: the process, and the namespaces that it was put into. */
function* addedByContainerd(tool: Crictl, status: ContainerStatus): Task<unknown> {
  const sandbox = yield* tool.cri.call('PodSandboxStatus', { podSandboxId: status.podSandboxId });
  const shared = sandbox.ok ? sandbox.value.status : undefined;
  const at = (type: string, proc: string): unknown =>
    shared === undefined || shared.pid === 0
      ? { type }
      : { path: `/proc/${shared.pid}/ns/${proc}`, type };
  return {
    pid: status.pid,
    removing: false,
    runtimeSpec: {
      linux: {
        namespaces: [
          shared?.namespaces.pid === 'POD' ? at('pid', 'pid') : { type: 'pid' },
          at('ipc', 'ipc'),
          at('uts', 'uts'),
          { type: 'mount' },
          at('network', 'net'),
          { type: 'cgroup' },
        ],
      },
    },
    runtimeType: 'io.containerd.runc.v2',
    sandboxID: status.podSandboxId,
    snapshotKey: status.id,
    snapshotter: 'overlayfs',
  };
}

export function* inspectPods(tool: Crictl): Task<number> {
  const { line, process } = tool;
  if (line.operands.length === 0) return yield* tool.fail('ID cannot be empty');
  for (const id of line.operands) {
    const answer = yield* tool.cri.call('PodSandboxStatus', { podSandboxId: id });
    if (!answer.ok)
      return yield* tool.fatal(`getting the pod sandbox status of "${id}"`, answer.error);
    const { status } = answer.value;
    const { network, pid, ipc } = status.namespaces;
    const value = {
      info: { pid: status.pid },
      status: {
        annotations: status.annotations,
        createdAt: goTime(status.createdAt),
        id: status.id,
        labels: status.labels,
        linux: {
          namespaces: { options: { ipc, network, pid, targetId: '', usernsOptions: null } },
        },
        metadata: {
          attempt: status.metadata.attempt,
          name: status.metadata.name,
          namespace: status.metadata.namespace,
          uid: status.metadata.uid,
        },
        network: { additionalIps: [], ip: status.ip },
        runtimeHandler: '',
        state: status.state,
      },
    };
    yield* process.print(formatOutput(value, line.get('output') ?? 'json'));
  }
  return 0;
}

export function* inspectImages(tool: Crictl): Task<number> {
  const { line, process } = tool;
  for (const name of line.operands) {
    const answer = yield* tool.cri.call('ImageStatus', { image: name });
    if (!answer.ok) return yield* tool.fatal(`image status for "${name}" request`, answer.error);
    const { image } = answer.value;
    if (image === undefined) return yield* tool.fail(`no such image "${name}" present`);
    const value = {
      status: {
        id: image.id,
        pinned: false,
        repoDigests: image.repoDigests,
        repoTags: image.repoTags,
        size: String(image.size),
        spec: null,
        uid: image.uid === undefined ? null : { value: String(image.uid) },
        username: image.username,
      },
    };
    yield* process.print(formatOutput(value, line.get('output') ?? 'json'));
  }
  return line.operands.length === 0 ? yield* tool.fail('ID cannot be empty') : 0;
}

// ---- changing

export function* stopContainers(tool: Crictl): Task<number> {
  const timeout = Number(tool.line.get('timeout') ?? 0);
  for (const containerId of tool.line.operands) {
    const done = yield* tool.cri.call('StopContainer', { containerId, timeout });
    if (!done.ok) return yield* tool.fatal(`stopping the container "${containerId}"`, done.error);
    yield* tool.process.print(`${containerId}\n`);
  }
  return tool.line.operands.length === 0 ? yield* tool.fail('ID cannot be empty') : 0;
}

export function* startContainers(tool: Crictl): Task<number> {
  for (const containerId of tool.line.operands) {
    const done = yield* tool.cri.call('StartContainer', { containerId });
    if (!done.ok) return yield* tool.fatal(`starting the container "${containerId}"`, done.error);
    yield* tool.process.print(`${containerId}\n`);
  }
  return tool.line.operands.length === 0 ? yield* tool.fail('ID cannot be empty') : 0;
}

export function* removeContainers(tool: Crictl): Task<number> {
  const { line, process } = tool;
  let ids = line.operands;
  if (line.has('all')) {
    const all = yield* tool.cri.call('ListContainers', {});
    if (!all.ok) return yield* tool.fatal('listing containers', all.error);
    ids = all.value.containers
      .filter((each) => line.has('force') || each.state !== 'CONTAINER_RUNNING')
      .map(({ id }) => id);
  }
  if (ids.length === 0 && !line.has('all')) return yield* tool.fail('ID cannot be empty');
  for (const containerId of ids) {
    const status = yield* tool.cri.call('ContainerStatus', { containerId });
    if (status.ok && status.value.status.state === 'CONTAINER_RUNNING') {
      if (!line.has('force'))
        return yield* tool.fail(`container "${containerId}" is running, please stop it first`);
      yield* tool.cri.call('StopContainer', { containerId, timeout: 0 });
    }
    const done = yield* tool.cri.call('RemoveContainer', { containerId });
    if (!done.ok) return yield* tool.fatal(`removing the container "${containerId}"`, done.error);
    yield* process.print(`${containerId}\n`);
  }
  return 0;
}

export function* stopPods(tool: Crictl): Task<number> {
  for (const podSandboxId of tool.line.operands) {
    const done = yield* tool.cri.call('StopPodSandbox', { podSandboxId });
    if (!done.ok)
      return yield* tool.fatal(`stopping the pod sandbox "${podSandboxId}"`, done.error);
    yield* tool.process.print(`Stopped sandbox ${podSandboxId}\n`);
  }
  return tool.line.operands.length === 0 ? yield* tool.fail('ID cannot be empty') : 0;
}

export function* removePods(tool: Crictl): Task<number> {
  const { line, process } = tool;
  let ids = line.operands;
  if (line.has('all')) {
    const all = yield* tool.cri.call('ListPodSandbox', {});
    if (!all.ok) return yield* tool.fatal('listing sandboxes', all.error);
    ids = all.value.items.map(({ id }) => id);
  }
  if (ids.length === 0 && !line.has('all')) return yield* tool.fail('ID cannot be empty');
  for (const podSandboxId of ids) {
    const status = yield* tool.cri.call('PodSandboxStatus', { podSandboxId });
    if (status.ok && status.value.status.state === 'SANDBOX_READY') {
      if (!line.has('force'))
        return yield* tool.fail(`pod sandbox "${podSandboxId}" is running, please stop it first`);
      yield* tool.cri.call('StopPodSandbox', { podSandboxId });
    }
    const done = yield* tool.cri.call('RemovePodSandbox', { podSandboxId });
    if (!done.ok)
      return yield* tool.fatal(`removing the pod sandbox "${podSandboxId}"`, done.error);
    yield* process.print(`Removed sandbox ${podSandboxId}\n`);
  }
  return 0;
}
