/**
 * One run of a probe, from the host's network namespace or inside the container
 * (k8s.io/kubernetes/pkg/probe/{exec,http,tcp}, v1.34). The error is what follows "probe failed: ".
 */
import type { Container, Probe } from '../../ground/api/types.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { parseIp } from '../../ground/base/ip.ts';
import { textOf } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import { goError } from '../../machines/network/errno.ts';
import { formatRpcError } from '../runtime/wire/index.ts';
import { httpGet, portOf } from './http-get.ts';
import type { PodWorker } from './pod-worker.ts';

/** Longest text of a probe's output in an event (pkg/probe/exec maxReadLength). */
const OUTPUT_MAX = 10 * 1024;

export function* runProbe(
  worker: PodWorker,
  container: Container,
  containerId: string,
  probe: Probe,
): Task<Result<void, string>> {
  const timeout = (probe.timeoutSeconds ?? 1) * SECOND;
  const { core } = worker.parts;
  const podIp = worker.pod.spec?.hostNetwork === true ? core.hostIp : (worker.sandbox?.ip ?? '');
  if (probe.exec !== undefined)
    return yield* execProbe(
      worker,
      containerId,
      probe.exec.command ?? [],
      probe.timeoutSeconds ?? 1,
    );
  if (probe.httpGet !== undefined) {
    const port = portOf(container, probe.httpGet.port);
    if (port === undefined) return err(`couldn't find port: ${probe.httpGet.port}`);
    return yield* httpGet(
      core.process,
      probe.httpGet,
      probe.httpGet.host || podIp,
      port,
      'kube-probe/1.34',
      timeout,
    );
  }
  if (probe.tcpSocket !== undefined) {
    const port = portOf(container, probe.tcpSocket.port);
    if (port === undefined) return err(`couldn't find port: ${probe.tcpSocket.port}`);
    return yield* tcpProbe(worker, probe.tcpSocket.host || podIp, port, timeout);
  }
  return err('missing probe handler');
}

function* execProbe(
  worker: PodWorker,
  containerId: string,
  cmd: readonly string[],
  timeout: number,
): Task<Result<void, string>> {
  const { core } = worker.parts;
  const done = yield* core.cri.call('ExecSync', { containerId, cmd, timeout });
  if (!done.ok) {
    if (done.error.codeName === 'DeadlineExceeded')
      return err(`command timed out: "${cmd.join(' ')}" timed out after ${timeout}s`);
    return err(`${formatRpcError(done.error)}`);
  }
  if (done.value.exitCode === 0) return ok(undefined);
  return err((textOf(done.value.stdout) + textOf(done.value.stderr)).slice(0, OUTPUT_MAX));
}

function* tcpProbe(
  worker: PodWorker,
  host: string,
  port: number,
  deadline: number,
): Task<Result<void, string>> {
  const ip = parseIp(host);
  if (ip === undefined) return err(`dial tcp: lookup ${host}: no such host`);
  const dialled = yield* worker.parts.core.process.net.connect(ip, port, { deadline });
  if (!dialled.ok) {
    const reason =
      dialled.error === 'ETIMEDOUT' ? 'i/o timeout' : `connect: ${goError(dialled.error)}`;
    return err(`dial tcp ${host}:${port}: ${reason}`);
  }
  dialled.value.close();
  return ok(undefined);
}
