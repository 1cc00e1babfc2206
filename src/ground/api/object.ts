/**
 * API objects in general: frozen values in their JSON form. Typed interfaces of the kinds are in
 * `types.ts`; this file has what all of them share, and the names of resources.
 */
import type { ObjectMeta } from './types.ts';

/** Any API object. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
}

/** A JSON value, frozen. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** Group, version and plural name: `{group: 'apps', version: 'v1', resource: 'deployments'}`. */
export interface ResourceName {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(name: { readonly group: string; readonly version: string }): string {
  return name.group === '' ? name.version : `${name.group}/${name.version}`;
}

/** `namespace/name`, or `name` when there is no namespace: the key of caches and work queues. */
export function keyOf(object: KubeObject): string {
  const namespace = object.metadata.namespace;
  return namespace === undefined || namespace === ''
    ? object.metadata.name
    : `${namespace}/${object.metadata.name}`;
}
