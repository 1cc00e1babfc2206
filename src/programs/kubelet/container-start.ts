/**
 * Starts one container: back-off, image, configuration, create, start, postStart hook
 * (k8s.io/kubernetes/pkg/kubelet/kuberuntime startContainer and doBackOff, v1.34).
 */
import type { Container, EnvVar, Pod } from '../../ground/api/types.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import { formatRpcError } from '../runtime/wire/index.ts';
import {
  containerConfig,
  containerHash,
  type ImageUser,
  logFolder,
  mustNotBeRoot,
  sandboxConfig,
} from './container-config.ts';
import { stopContainer } from './container-stop.ts';
import { formatPod, podEvent } from './core.ts';
import { goDuration } from './duration.ts';
import { makeEnvironment, type Variable } from './env.ts';
import { runHook } from './hooks.ts';
import { LOG_LINKS, logLink } from './log-rotation.ts';
import type { PodWorker } from './pod-worker.ts';
import type { WaitReason } from './status.ts';

export interface StartOutcome {
  /** Why it waits; undefined when it was started. */
  readonly wait: WaitReason | undefined;
}

const STARTED: StartOutcome = { wait: undefined };

function failed(reason: string, message: string): StartOutcome {
  return { wait: { reason, message } };
}

export function* startContainer(
  worker: PodWorker,
  container: Container,
  isInit: boolean,
): Task<StartOutcome> {
  const { core, images } = worker.parts;
  const { pod } = worker;
  const held = backOff(worker, container, isInit);
  if (held !== undefined) return held;
  const image = yield* images.ensure(pod, container, isInit);
  if (!image.ok) {
    const { reason, message } = image.error;
    podEvent(core, pod, container.name, 'Warning', 'Failed', `Error: ${reason}`, isInit);
    return failed(reason, message);
  }
  if (worker.terminatingNow() || worker.sandbox?.state !== 'SANDBOX_READY') return STARTED;
  const variables = yield* environment(worker, container);
  const attempt = nextAttempt(worker, container);
  const config = variables.ok
    ? containerConfig({
        process: core.process,
        pod,
        container,
        attempt,
        imageRef: image.value,
        variables: variables.value,
        podIp: podIp(worker),
        imageUser: yield* imageUser(worker, container, image.value),
      })
    : variables;
  if (!config.ok) {
    podEvent(core, pod, container.name, 'Warning', 'Failed', `Error: ${config.error}`, isInit);
    return failed('CreateContainerConfigError', config.error);
  }
  const podSandboxId = worker.sandbox.id;
  const created = yield* core.cri.call('CreateContainer', {
    podSandboxId,
    config: config.value,
    sandboxConfig: sandboxConfig(core.process, core.config, pod, 0),
  });
  if (!created.ok) {
    const message = formatRpcError(created.error);
    podEvent(core, pod, container.name, 'Warning', 'Failed', `Error: ${message}`, isInit);
    return failed('CreateContainerError', message);
  }
  const { containerId } = created.value;
  podEvent(
    core,
    pod,
    container.name,
    'Normal',
    'Created',
    `Created container: ${container.name}`,
    isInit,
  );
  core.process.files.mkdir(LOG_LINKS, { parents: true });
  const link = logLink(pod, container.name, containerId);
  core.process.files.symlink(`${logFolder(pod)}/${config.value.logPath}`, link);
  const started = yield* core.cri.call('StartContainer', { containerId });
  if (!started.ok) {
    podEvent(
      core,
      pod,
      container.name,
      'Warning',
      'Failed',
      `Error: ${started.error.message}`,
      isInit,
    );
    return failed('RunContainerError', started.error.message);
  }
  podEvent(
    core,
    pod,
    container.name,
    'Normal',
    'Started',
    `Started container ${container.name}`,
    isInit,
  );
  const hook = container.lifecycle?.postStart;
  if (hook === undefined) return STARTED;
  const outcome = yield* runHook(worker, container, containerId, hook);
  if (outcome.ok) return STARTED;
  podEvent(
    core,
    pod,
    container.name,
    'Warning',
    'FailedPostStartHook',
    `PostStartHook failed`,
    isInit,
  );
  const grace = pod.spec?.terminationGracePeriodSeconds ?? 30;
  yield* stopContainer(worker, container, containerId, grace, 'FailedPostStartHook');
  return failed('PostStartHookError', outcome.error);
}

/** The state of CrashLoopBackOff, or undefined when the container may start now. */
function backOff(
  worker: PodWorker,
  container: Container,
  isInit: boolean,
): StartOutcome | undefined {
  const { core, restarts } = worker.parts;
  const { pod } = worker;
  const [latest] = worker.containers.get(container.name) ?? [];
  if (latest?.state !== 'CONTAINER_EXITED') return undefined;
  const key = `${worker.uid}_${container.name}_${containerHash(container)}`;
  const clock = core.process.clock;
  const now = clock.monotonic();
  // The end of the container, on the monotonic clock.
  const ended = now - (clock.wall() - latest.finishedAt);
  const left = restarts.remaining(key, ended, now);
  if (left <= 0) {
    restarts.next(key, ended, now);
    return undefined;
  }
  podEvent(
    core,
    pod,
    container.name,
    'Warning',
    'BackOff',
    `Back-off restarting failed container ${container.name} in pod ${formatPod(pod)}`,
    isInit,
  );
  const message = `back-off ${goDuration(restarts.delayOf(key))} restarting failed container=${container.name} pod=${formatPod(pod)}`;
  return failed('CrashLoopBackOff', message);
}

/** Whom the image runs as, where the pod may not run as root. */
function* imageUser(
  worker: PodWorker,
  container: Container,
  image: string,
): Task<ImageUser | undefined> {
  if (!mustNotBeRoot(worker.pod, container)) return undefined;
  const status = yield* worker.parts.core.cri.call('ImageStatus', { image });
  return status.ok ? status.value.image : undefined;
}

function nextAttempt(worker: PodWorker, container: Container): number {
  const [latest] = worker.containers.get(container.name) ?? [];
  return latest === undefined ? 0 : latest.metadata.attempt + 1;
}

function podIp(worker: PodWorker): string {
  return worker.pod.spec?.hostNetwork === true
    ? worker.parts.core.hostIp
    : (worker.sandbox?.ip ?? '');
}

/** Fetches the ConfigMaps and Secrets that the environment names, then makes it. */
function* environment(
  worker: PodWorker,
  container: Container,
): Task<Result<readonly Variable[], string>> {
  const { core } = worker.parts;
  const pod: Pod = worker.pod;
  const namespace = pod.metadata.namespace ?? '';
  for (const [kind, name] of namedObjects(container)) {
    const cache = kind === 'configMap' ? core.configMaps : core.secrets;
    const found = yield* cache.get(worker.uid, namespace, name);
    if (!found.ok) return err(found.error);
  }
  // A pod of the API can wait for the services; a static pod may be what serves them.
  if (!worker.isStatic && !core.services.hasSynced)
    return err('services have not yet been read at least once, cannot construct envvars');
  const made = makeEnvironment(pod, container, {
    podIp: podIp(worker),
    hostIp: core.hostIp,
    node: core.allocatable,
    services: core.services.list(),
    configMap: (name) => core.configMaps.peek(namespace, name),
    secret: (name) => core.secrets.peek(namespace, name),
  });
  return made.ok ? ok(made.value) : made;
}

function namedObjects(
  container: Container,
): readonly (readonly ['configMap' | 'secret', string])[] {
  const named: (readonly ['configMap' | 'secret', string])[] = [];
  const add = (kind: 'configMap' | 'secret', name: string | undefined): void => {
    if (name !== undefined && name !== '') named.push([kind, name]);
  };
  for (const from of container.envFrom ?? []) {
    add('configMap', from.configMapRef?.name);
    add('secret', from.secretRef?.name);
  }
  for (const variable of (container.env ?? []) as readonly EnvVar[]) {
    add('configMap', variable.valueFrom?.configMapKeyRef?.name);
    add('secret', variable.valueFrom?.secretKeyRef?.name);
  }
  return named;
}
