/**
 * One run of a probe, from the host's network namespace or inside the container
 * (k8s.io/kubernetes/pkg/probe/{exec,http,tcp}, v1.34).
 */
import type { Container, Probe } from '../../ground/api/types.ts';
import { SECOND } from '../../ground/base/event-loop.ts';
import { parseIp } from '../../ground/base/ip.ts';
import { textOf } from '../../ground/base/bytes.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import { quote } from '../../ground/base/text.ts';
import type { Task } from '../../ground/base/task.ts';
import { goError } from '../../machines/network/errno.ts';
import { formatRpcError } from '../runtime/wire/index.ts';
import { formatPod } from './core.ts';
import { httpGet, portOf, type PreparedGet, prepareGet } from './http-get.ts';
import type { PodWorker } from './pod-worker.ts';

/** Longest text of a probe's output in an event (pkg/probe/exec maxReadLength). */
const OUTPUT_MAX = 10 * 1024;

/** A probe that did not pass. One that could not be asked at all (`unknown`) counts neither way. */
export interface ProbeFailure {
  readonly unknown: boolean;
  /** What follows "probe failed: ". */
  readonly text: string;
}

const failure = (text: string): Result<never, ProbeFailure> => err({ unknown: false, text });
const unknown = (text: string): Result<never, ProbeFailure> => err({ unknown: true, text });
const asFailure = (result: Result<void, string>): Result<void, ProbeFailure> =>
  result.ok ? result : failure(result.error);

/** A port's name that no port of the container has: upstream then reads it as a number. */
const noNumber = (port: number | string): Result<never, ProbeFailure> =>
  unknown(`strconv.Atoi: parsing ${quote(`${port}`)}: invalid syntax`);

/** What a probe that comes again need not make anew. */
export interface KeptRequest {
  prepared?: PreparedGet;
}

export function* runProbe(
  worker: PodWorker,
  container: Container,
  containerId: string,
  probe: Probe,
  kept: KeptRequest,
): Task<Result<void, ProbeFailure>> {
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
    const { httpGet: action } = probe;
    const host = action.host || podIp;
    if (kept.prepared?.host !== host) {
      const port = portOf(container, action.port);
      if (port === undefined) return noNumber(action.port);
      const made = prepareGet(action, host, port, 'kube-probe/1.34', timeout);
      if (!made.ok) return asFailure(made);
      kept.prepared = made.value;
    }
    return asFailure(yield* httpGet(core.process, kept.prepared));
  }
  if (probe.tcpSocket !== undefined) {
    const port = portOf(container, probe.tcpSocket.port);
    if (port === undefined) return noNumber(probe.tcpSocket.port);
    return asFailure(yield* tcpProbe(worker, probe.tcpSocket.host || podIp, port, timeout));
  }
  return unknown(`missing probe handler for ${formatPod(worker.pod)}:${container.name}`);
}

function* execProbe(
  worker: PodWorker,
  containerId: string,
  cmd: readonly string[],
  timeout: number,
): Task<Result<void, ProbeFailure>> {
  const { core } = worker.parts;
  const done = yield* core.cri.call('ExecSync', { containerId, cmd, timeout });
  if (!done.ok) {
    if (done.error.codeName === 'DeadlineExceeded')
      return failure(`command timed out: "${cmd.join(' ')}" timed out after ${timeout}s`);
    return unknown(formatRpcError(done.error));
  }
  if (done.value.exitCode === 0) return ok(undefined);
  return failure((textOf(done.value.stdout) + textOf(done.value.stderr)).slice(0, OUTPUT_MAX));
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
