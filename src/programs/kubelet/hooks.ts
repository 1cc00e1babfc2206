/** Lifecycle hooks: exec, httpGet, sleep (k8s.io/kubernetes/pkg/kubelet/lifecycle/handlers.go, v1.34). */
import type { Container, LifecycleHandler } from '../../ground/api/types.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { textOf } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { quote } from '../../ground/base/text.ts';
import type { Task } from '../../ground/base/task.ts';
import { formatRpcError } from '../runtime/wire/index.ts';
import { formatPod } from './core.ts';
import { httpGet, portOf, prepareGet } from './http-get.ts';
import type { PodWorker } from './pod-worker.ts';

const HTTP_TIMEOUT = 30 * SECOND;

export function* runHook(
  worker: PodWorker,
  container: Container,
  containerId: string,
  hook: LifecycleHandler,
): Task<Result<void, string>> {
  const { core } = worker.parts;
  if (hook.exec !== undefined) {
    const cmd = hook.exec.command ?? [];
    const done = yield* core.cri.call('ExecSync', { containerId, cmd, timeout: 0 });
    if (done.ok && done.value.exitCode === 0) return ok(undefined);
    const output = done.ok ? textOf(done.value.stdout) + textOf(done.value.stderr) : '';
    const cause = done.ok
      ? `command '${cmd.join(' ')}' exited with ${done.value.exitCode}: ${output}`
      : formatRpcError(done.error);
    return err(
      `Exec lifecycle hook ([${cmd.join(' ')}]) for Container "${container.name}" in Pod "${formatPod(worker.pod)}" failed - error: ${cause}, message: ${quote(output)}`,
    );
  }
  if (hook.httpGet !== undefined) {
    const host =
      hook.httpGet.host ||
      (worker.pod.spec?.hostNetwork === true ? core.hostIp : (worker.sandbox?.ip ?? ''));
    const port = portOf(container, hook.httpGet.port);
    if (port === undefined)
      return err(`couldn't find port: ${hook.httpGet.port} in container ${container.name}`);
    const { httpGet: action } = hook;
    const made = prepareGet(action, host, port, 'kube-lifecycle/1.34', HTTP_TIMEOUT);
    const got = made.ok ? yield* httpGet(core.process, made.value) : made;
    if (got.ok) return got;
    return err(
      `HTTP lifecycle hook (${action.path ?? ''}) for Container "${container.name}" in Pod "${formatPod(worker.pod)}" failed - error: ${got.error}`,
    );
  }
  if (hook.sleep !== undefined) {
    yield* core.process.sleep(hook.sleep.seconds * SECOND);
    return ok(undefined);
  }
  return err(`invalid handler: ${JSON.stringify(hook)}`);
}
