/**
 * What the server serves, asked over the API (k8s.io/client-go/discovery, v0.34): the garbage collector
 * and the namespace controller work on every resource that can be listed and deleted, known to them by
 * discovery alone.
 */
import type { ResourceName } from '../../ground/api/object.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import { objectOf } from '../../spine/client/api-body.ts';
import type { Client } from '../../spine/client/types.ts';

export interface ServedResource extends ResourceName {
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

interface ApiResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly group?: string;
  readonly version?: string;
}

interface GroupList {
  readonly groups?: readonly {
    readonly name: string;
    readonly preferredVersion?: { readonly groupVersion: string; readonly version: string };
  }[];
}

/** The aggregated document (apidiscovery.k8s.io/v2). */
interface GroupDiscoveryList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind: { readonly kind: string };
        readonly scope: string;
        readonly verbs: readonly string[];
      }[];
    }[];
  }[];
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/**
 * The resources of the preferred version of every group, without subresources: two requests, or one
 * for each group when the server has no aggregated document.
 */
export function* discover(client: Client): Task<Result<readonly ServedResource[], string>> {
  const resources: ServedResource[] = [];
  const core = yield* fetch(client, '/api', AGGREGATED);
  if (core.ok && core.value.aggregated) {
    collectGroups(resources, core.value.object as GroupDiscoveryList);
    const named = yield* fetch(client, '/apis', AGGREGATED);
    if (!named.ok) return named;
    collectGroups(resources, named.value.object as GroupDiscoveryList);
    return ok(resources);
  }
  return yield* discoverOneByOne(client);
}

function collectGroups(into: ServedResource[], list: GroupDiscoveryList): void {
  for (const { metadata, versions } of list.items ?? []) {
    const [preferred] = versions;
    for (const each of preferred?.resources ?? []) {
      into.push({
        group: metadata?.name ?? '',
        version: preferred?.version ?? '',
        resource: each.resource,
        kind: each.responseKind.kind,
        namespaced: each.scope === 'Namespaced',
        verbs: each.verbs,
      });
    }
  }
}

function* discoverOneByOne(client: Client): Task<Result<readonly ServedResource[], string>> {
  const resources: ServedResource[] = [];
  const core = yield* fetch(client, '/api/v1');
  if (!core.ok) return core;
  collect(resources, '', 'v1', core.value.object);
  const groups = yield* fetch(client, '/apis');
  if (!groups.ok) return groups;
  for (const group of (groups.value.object as GroupList).groups ?? []) {
    const version = group.preferredVersion?.version;
    if (version === undefined) continue;
    const list = yield* fetch(client, `/apis/${group.name}/${version}`);
    if (!list.ok) return list;
    collect(resources, group.name, version, list.value.object);
  }
  return ok(resources);
}

function collect(into: ServedResource[], group: string, version: string, list: unknown): void {
  const { resources = [] } = list as { readonly resources?: readonly ApiResource[] };
  for (const each of resources) {
    if (each.name.includes('/')) continue;
    const { kind, namespaced, verbs } = each;
    into.push({ group, version, resource: each.name, kind, namespaced, verbs });
  }
}

interface Document {
  readonly object: unknown;
  readonly aggregated: boolean;
}

function* fetch(
  client: Client,
  target: string,
  accept = 'application/json',
): Task<Result<Document, string>> {
  const response = yield* client.raw({
    method: 'GET',
    target,
    headers: new Map([
      ['accept', accept === AGGREGATED ? `${AGGREGATED},application/json` : accept],
    ]),
    body: undefined,
  });
  if (!response.ok) return err(response.error.message);
  const { status, headers } = response.value;
  const body = yield* response.value.whole();
  if (!body.ok || body.value === undefined || status !== 200) {
    return err(`GET ${target}: status ${status}`);
  }
  const object = objectOf(body.value);
  if (!object.ok) return object;
  const type = headers.get('content-type') ?? '';
  return ok({ object: object.value, aggregated: type.includes('APIGroupDiscoveryList') });
}
