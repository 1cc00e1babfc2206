/**
 * All resources that Drydock serves, and how to find one. Discovery, the registry, kubectl's mapper
 * and the support table read this list.
 */
import type { ResourceDescriptor } from './descriptor.ts';
import { CLUSTER_ROLE_KIND } from './kinds/clusterrole.ts';
import { CLUSTER_ROLE_BINDING_KIND } from './kinds/clusterrolebinding.ts';
import { CONFIG_MAP_KIND } from './kinds/configmap.ts';
import { DEPLOYMENT_KIND } from './kinds/deployment.ts';
import { ENDPOINTS_KIND } from './kinds/endpoints.ts';
import { ENDPOINT_SLICE_KIND } from './kinds/endpointslice.ts';
import { EVENT_KIND, EVENTS_EVENT_KIND } from './kinds/event.ts';
import { LEASE_KIND } from './kinds/lease.ts';
import { NAMESPACE_KIND } from './kinds/namespace.ts';
import { NODE_KIND } from './kinds/node.ts';
import { POD_KIND } from './kinds/pod.ts';
import { PRIORITY_CLASS_KIND } from './kinds/priorityclass.ts';
import { REPLICA_SET_KIND } from './kinds/replicaset.ts';
import {
  LOCAL_SUBJECT_ACCESS_REVIEW_KIND,
  SELF_SUBJECT_ACCESS_REVIEW_KIND,
  SELF_SUBJECT_REVIEW_KIND,
  SELF_SUBJECT_RULES_REVIEW_KIND,
  SUBJECT_ACCESS_REVIEW_KIND,
  TOKEN_REVIEW_KIND,
} from './kinds/reviews.ts';
import { ROLE_KIND } from './kinds/role.ts';
import { ROLE_BINDING_KIND } from './kinds/rolebinding.ts';
import { SECRET_KIND } from './kinds/secret.ts';
import { SERVICE_KIND } from './kinds/service.ts';
import { SERVICE_ACCOUNT_KIND } from './kinds/serviceaccount.ts';
import type { KubeObject, ResourceName } from './object.ts';

/** A descriptor whose object type is not known to the reader. */
export type AnyResource = ResourceDescriptor<KubeObject>;

// Each descriptor takes its own kind; whoever looks one up by name gives it objects of that kind.
const LISTED: readonly unknown[] = [
  CONFIG_MAP_KIND,
  ENDPOINTS_KIND,
  EVENT_KIND,
  NAMESPACE_KIND,
  NODE_KIND,
  POD_KIND,
  SECRET_KIND,
  SERVICE_ACCOUNT_KIND,
  SERVICE_KIND,
  DEPLOYMENT_KIND,
  REPLICA_SET_KIND,
  SELF_SUBJECT_REVIEW_KIND,
  TOKEN_REVIEW_KIND,
  LOCAL_SUBJECT_ACCESS_REVIEW_KIND,
  SELF_SUBJECT_ACCESS_REVIEW_KIND,
  SELF_SUBJECT_RULES_REVIEW_KIND,
  SUBJECT_ACCESS_REVIEW_KIND,
  LEASE_KIND,
  ENDPOINT_SLICE_KIND,
  EVENTS_EVENT_KIND,
  CLUSTER_ROLE_BINDING_KIND,
  CLUSTER_ROLE_KIND,
  ROLE_BINDING_KIND,
  ROLE_KIND,
  PRIORITY_CLASS_KIND,
];

export const RESOURCES: readonly AnyResource[] = LISTED as readonly AnyResource[];

const BY_NAME: ReadonlyMap<string, AnyResource> = new Map(
  RESOURCES.map((each) => [`${each.group}/${each.version}/${each.resource}`, each]),
);
const BY_KIND: ReadonlyMap<string, AnyResource> = new Map(
  RESOURCES.map((each) => [`${each.group}/${each.version}/${each.kind}`, each]),
);

/** The descriptor of a group, version and plural, or undefined. */
export function resourceFor(name: ResourceName): AnyResource | undefined {
  return BY_NAME.get(`${name.group}/${name.version}/${name.resource}`);
}

/** The descriptor of a kind: `resourceForKind('apps/v1', 'Deployment')`. */
export function resourceForKind(apiVersion: string, kind: string): AnyResource | undefined {
  const text = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`;
  return BY_KIND.get(`${text}/${kind}`);
}

/**
 * What a person may type for a resource: plural, singular, kind or short name in any case, with or
 * without `.group` or `.version.group`. In the order of discovery, so the first is kubectl's choice.
 */
export function resourcesNamed(text: string): readonly AnyResource[] {
  const lower = text.toLowerCase();
  const dot = lower.indexOf('.');
  const name = dot < 0 ? lower : lower.slice(0, dot);
  const group = dot < 0 ? undefined : lower.slice(dot + 1);
  return RESOURCES.filter((each) => {
    const named =
      each.resource === name || each.singular === name || each.shortNames.includes(name);
    if (!named || group === undefined) return named;
    return group === each.group || group === `${each.version}.${each.group}`;
  });
}
