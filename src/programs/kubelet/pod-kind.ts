/** Small questions about pods. */
import { annotationOf } from '../../ground/api/meta.ts';
import type { Pod } from '../../ground/api/types.ts';

export const CONFIG_SOURCE = 'kubernetes.io/config.source';
export const CONFIG_HASH = 'kubernetes.io/config.hash';
export const CONFIG_MIRROR = 'kubernetes.io/config.mirror';
export const CONFIG_SEEN = 'kubernetes.io/config.seen';

/** True when the pod needs a network of its own. */
export function needsNetwork(pod: Pod): boolean {
  return pod.spec?.hostNetwork !== true;
}

/** True for the object in the API that stands for a static pod. */
export function isMirror(pod: Pod): boolean {
  return annotationOf(pod, CONFIG_MIRROR) !== undefined;
}

/** `namespace/name`. */
export function fullName(pod: Pod): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`;
}
