/**
 * What all parts of one kubelet share: its process, clients and settings, and the caches that it
 * reads the API through.
 */
import type { KubeObject } from '../../ground/api/object.ts';
import type {
  ConfigMap,
  Node,
  ObjectReference,
  Pod,
  Secret,
  Service,
} from '../../ground/api/types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { type EventRecorder, referenceTo } from '../../spine/client/event-recorder.ts';
import type { Informer } from '../../spine/client/informer.ts';
import type { Client } from '../../spine/client/types.ts';
import type { CriClient } from '../runtime/wire/index.ts';
import type { KubeletConfig } from './config.ts';
import type { NodeAllocatable } from './field-ref.ts';
import type { ObjectCache } from './object-cache.ts';
import type { StatusManager } from './status-manager.ts';

export interface Core {
  readonly process: Process;
  readonly config: KubeletConfig;
  readonly client: Client;
  readonly cri: CriClient;
  readonly events: EventRecorder;
  readonly statuses: StatusManager;
  readonly configMaps: ObjectCache<ConfigMap>;
  readonly secrets: ObjectCache<Secret>;
  readonly services: Informer<Service>;
  readonly nodes: Informer<Node>;
  readonly hostIp: string;
  readonly allocatable: NodeAllocatable;
  /** Empty when the runtime and its network are ready, else why not. */
  networkError: string;
}

/** An event about a pod or one of its containers. */
export function podEvent(
  core: Core,
  pod: Pod,
  container: string | undefined,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
  init = false,
): void {
  const field =
    container === undefined
      ? undefined
      : `spec.${init ? 'initContainers' : 'containers'}{${container}}`;
  core.events.event(referenceOf(pod, field), type, reason, message);
}

function referenceOf(pod: Pod, field: string | undefined): KubeObject | ObjectReference {
  return field === undefined ? referenceTo(pod) : referenceTo(pod, field);
}

/** `web-1_default(uid)`, as the kubelet names a pod in messages. */
export function formatPod(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
}
