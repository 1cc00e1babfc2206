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

/** The resources of the preferred version of every group, without subresources. */
export function* discover(client: Client): Task<Result<readonly ServedResource[], string>> {
  const resources: ServedResource[] = [];
  const core = yield* fetch(client, '/api/v1');
  if (!core.ok) return core;
  collect(resources, '', 'v1', core.value);
  const groups = yield* fetch(client, '/apis');
  if (!groups.ok) return groups;
  for (const group of (groups.value as GroupList).groups ?? []) {
    const version = group.preferredVersion?.version;
    if (version === undefined) continue;
    const list = yield* fetch(client, `/apis/${group.name}/${version}`);
    if (!list.ok) return list;
    collect(resources, group.name, version, list.value);
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

function* fetch(client: Client, target: string): Task<Result<unknown, string>> {
  const response = yield* client.raw({
    method: 'GET',
    target,
    headers: new Map(),
    body: undefined,
  });
  if (!response.ok) return err(response.error.message);
  const body = yield* response.value.whole();
  if (!body.ok || body.value === undefined || response.value.status !== 200) {
    return err(`GET ${target}: status ${response.value.status}`);
  }
  return objectOf(body.value);
}
