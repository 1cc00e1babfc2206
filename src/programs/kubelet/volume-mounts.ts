/** Makes all volumes of a pod before its containers start; says how long to wait when one fails. */
import { utf8 } from '../../ground/base/bytes.ts';
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import type { Pod } from '../../ground/api/types.ts';
import type { Document } from '../../machines/machine/files-types.ts';
import { type Core, podEvent } from './core.ts';
import type { PodWorker } from './pod-worker.ts';
import { requestToken } from './tokens.ts';
import { setUpVolume, type VolumeSources } from './volumes.ts';

/** Back-off of a failed mount: 0.5 s doubling to about 2 min (pkg/util/goroutinemap/exponentialbackoff). */
const FIRST_RETRY = SECOND / 2;
const LAST_RETRY = 122 * SECOND;

/** 0 when all volumes stand; else the time after which to try again. */
export function* mountVolumes(worker: PodWorker): Task<Micros> {
  if (worker.volumesMounted && !worker.refreshVolumes) return 0;
  const { core } = worker.parts;
  worker.refreshVolumes = false;
  const sources = sourcesFor(worker, core);
  for (const volume of worker.pod.spec?.volumes ?? []) {
    const made = yield* setUpVolume(core.process, worker.pod, volume, sources);
    if (made.ok) continue;
    if (worker.volumesMounted) return 0;
    podEvent(
      core,
      worker.pod,
      undefined,
      'Warning',
      'FailedMount',
      `MountVolume.SetUp failed for volume "${volume.name}" : ${made.error}`,
    );
    worker.mountRetry =
      worker.mountRetry === 0 ? FIRST_RETRY : Math.min(worker.mountRetry * 2, LAST_RETRY);
    return worker.mountRetry;
  }
  worker.volumesMounted = true;
  worker.mountRetry = 0;
  return 0;
}

function sourcesFor(worker: PodWorker, core: Core): VolumeSources {
  const namespace = worker.pod.metadata.namespace ?? '';
  return {
    configMap: (name) => core.configMaps.get(worker.uid, namespace, name),
    secret: (name) => core.secrets.get(worker.uid, namespace, name),
    token: (pod, audience, seconds) => tokenFor(worker, core, pod, audience, seconds),
    node: core.allocatable,
    hostIp: core.hostIp,
    podIp: () => worker.sandbox?.ip ?? '',
  };
}

function* tokenFor(
  worker: PodWorker,
  core: Core,
  pod: Pod,
  audience: string,
  seconds: number,
): Task<Result<Document, string>> {
  const key = `${audience}/${seconds}`;
  const now = core.process.clock.wall();
  const held = worker.tokens.get(key);
  if (held !== undefined && now < held.renewAt) return ok(held.file);
  const made = yield* requestToken(core, pod, audience, seconds);
  if (!made.ok) return err(made.error);
  // A token is renewed when four fifths of its life are over (pkg/kubelet/token/token_manager.go).
  const renewAt = now + Math.floor(made.value.seconds * SECOND * 0.8);
  const file = tokenFile(made.value.status);
  worker.tokens.set(key, { file, renewAt });
  worker.refreshAfter(renewAt - now);
  return ok(file);
}

/** The token as a file: signed when somebody reads it. */
function tokenFile(status: { readonly token: string }): Document {
  return { kind: 'token', value: status, render: () => utf8(status.token) };
}
