/** The names that views use: `Pod/default/web-1`, `Node/node-1`, as in the trace. */
import type { KubeObject } from '../../ground/api/object.ts';

export function viewKeyOf(object: KubeObject): string {
  const { namespace = '', name } = object.metadata;
  return namespace === '' ? `${object.kind}/${name}` : `${object.kind}/${namespace}/${name}`;
}

/** True when what stands in the past of the store is an API object. */
export function isObject(value: unknown): value is KubeObject {
  return typeof value === 'object' && value !== null && 'kind' in value && 'metadata' in value;
}
