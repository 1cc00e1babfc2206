/**
 * The mirror's rows: one small value per object, made from the store's newest values when a page asks,
 * never by a request in the lab. Follows every write; hands out only what changed since it was last
 * asked. The same rows of a past moment are made from the store's history.
 */
import { controllerOf } from '../../ground/api/meta.ts';
import type { KubeObject } from '../../ground/api/object.ts';
import type { resourceForKind } from '../../ground/api/resources.ts';
import type { EndpointSlice, Node, Pod, Service } from '../../ground/api/types.ts';
import { parseRfc3339 } from '../../ground/base/time.ts';
import type { History } from '../../ground/trace/history.ts';
import type { Cluster } from '../cluster-builder.ts';
import type { ObjectRow } from '../view-types.ts';
import { isObject, viewKeyOf } from './keys.ts';
import { stateOf } from './state.ts';

/** Kinds that the page lists and draws; events, leases and the like are asked for one by one. */
const SHOWN: ReadonlySet<string> = new Set([
  'Pod',
  'Node',
  'Service',
  'Deployment',
  'ReplicaSet',
  'Namespace',
  'Endpoints',
  'EndpointSlice',
  'ConfigMap',
  'Secret',
  'ServiceAccount',
]);

const SLICE_SERVICE = 'kubernetes.io/service-name';

/** Finds a kind's descriptor: its code comes with the components, before the first object. */
export type KindFinder = typeof resourceForKind;

export class RowTable {
  readonly #cluster: Cluster;
  readonly #history: History;
  readonly #epoch: number;
  readonly #kindOf: KindFinder;
  readonly #changed = new Map<string, KubeObject | undefined>();
  /** Etcd key → view key, to name what was deleted, and back. */
  readonly #names = new Map<string, string>();
  readonly #stored = new Map<string, string>();

  constructor(cluster: Cluster, history: History, epoch: number, kindOf: KindFinder) {
    this.#cluster = cluster;
    this.#history = history;
    this.#epoch = epoch;
    this.#kindOf = kindOf;
    for (const key of history.keys()) this.#note(key, history.of(key).at(-1)?.value);
    history.onPut = (key, moment) => this.#note(key, moment.value);
  }

  /** What changed since the last call. */
  take(): { readonly set: readonly ObjectRow[]; readonly removed: readonly string[] } {
    const set: ObjectRow[] = [];
    const removed: string[] = [];
    for (const [key, object] of this.#changed) {
      if (object === undefined) removed.push(key);
      else set.push(this.rowOf(object));
    }
    this.#changed.clear();
    return { set, removed };
  }

  /** Counts every object as changed: a page that begins anew. */
  touchAll(): void {
    for (const key of this.#history.keys()) this.#note(key, this.#history.of(key).at(-1)?.value);
  }

  /** Marks one object as changed although the store did not: its host lost power. */
  touch(object: KubeObject): void {
    if (SHOWN.has(object.kind)) this.#changed.set(viewKeyOf(object), object);
  }

  /** All rows as they were at a time of the lab. */
  at(time: number): readonly ObjectRow[] {
    return this.#history
      .list('/registry/', time)
      .map((entry) => entry.moment.value)
      .filter(isObject)
      .filter((object) => SHOWN.has(object.kind))
      .map((object) => this.rowOf(object));
  }

  /** The etcd key of an object that is or was there. */
  storageKeyOf(key: string): string | undefined {
    return this.#stored.get(key);
  }

  rowOf(object: KubeObject): ObjectRow {
    const key = viewKeyOf(object);
    const descriptor = this.#kindOf(object.apiVersion, object.kind);
    const columns = descriptor?.columns.filter((column) => column.priority === 0) ?? [];
    // Ages tick on their own: the page works them out from `created`.
    const created = parseRfc3339(object.metadata.creationTimestamp ?? '') ?? this.#epoch;
    const cells = columns.map((column) =>
      column.name === 'Age' ? '' : withoutAge(column.cell(object, created)),
    );
    const statusAt = columns.findIndex((column) => column.name === 'Status');
    const status = statusAt < 0 ? '' : String(cells[statusAt]);
    const owner = controllerOf(object);
    const host = object.kind === 'Node' ? this.#cluster.hosts.get(object.metadata.name) : undefined;
    return {
      key,
      kind: object.kind,
      namespace: object.metadata.namespace ?? '',
      name: object.metadata.name,
      state: stateOf(object, status, host?.powered ?? true),
      status,
      cells,
      created: created - this.#epoch,
      revision: Number(object.metadata.resourceVersion ?? 0),
      owner:
        owner === undefined ? '' : `${owner.kind}/${object.metadata.namespace ?? ''}/${owner.name}`,
      node: object.kind === 'Pod' ? ((object as Pod).spec?.nodeName ?? '') : '',
      ip: addressOf(object),
      labels: object.metadata.labels ?? {},
      ...backendsOf(object),
      extra: extraOf(object),
    };
  }

  #note(key: string, value: unknown): void {
    if (isObject(value)) {
      const name = viewKeyOf(value);
      this.#stored.set(name, key);
      if (!SHOWN.has(value.kind)) return;
      this.#names.set(key, name);
      this.#changed.set(name, value);
    } else {
      const name = this.#names.get(key);
      if (name !== undefined) this.#changed.set(name, undefined);
    }
  }
}

/** `3 (12s ago)` of the restarts goes without what ticks. */
function withoutAge(cell: string | number): string | number {
  return typeof cell === 'string' ? cell.replace(/ \(\S+ ago\)$/, '') : cell;
}

function addressOf(object: KubeObject): string {
  if (object.kind === 'Pod') return (object as Pod).status?.podIP ?? '';
  if (object.kind === 'Service') return (object as Service).spec?.clusterIP ?? '';
  if (object.kind === 'Node')
    return (
      (object as Node).status?.addresses?.find((one) => one.type === 'InternalIP')?.address ?? ''
    );
  return '';
}

/** Keys of the pods that an EndpointSlice names, ready ones and others; none for other kinds. */
function backendsOf(object: KubeObject): Pick<ObjectRow, 'links' | 'unready'> {
  const links: string[] = [];
  const unready: string[] = [];
  if (object.kind === 'EndpointSlice') {
    for (const endpoint of (object as EndpointSlice).endpoints ?? []) {
      if (endpoint.targetRef?.kind !== 'Pod') continue;
      const list = endpoint.conditions?.ready === false ? unready : links;
      list.push(`Pod/${object.metadata.namespace ?? ''}/${endpoint.targetRef.name}`);
    }
  }
  return { links, unready };
}

function extraOf(object: KubeObject): Readonly<Record<string, string>> {
  if (object.kind === 'Service') {
    const spec = (object as Service).spec;
    return {
      type: spec?.type ?? 'ClusterIP',
      ports: (spec?.ports ?? []).map((port) => `${port.port}`).join(','),
    };
  }
  if (object.kind === 'EndpointSlice') {
    return { service: object.metadata.labels?.[SLICE_SERVICE] ?? '' };
  }
  if (object.kind === 'Pod') {
    const images = (object as Pod).spec?.containers.map((one) => one.image ?? '') ?? [];
    return { images: images.join(','), app: object.metadata.labels?.['app'] ?? '' };
  }
  if (object.kind === 'Node') {
    const labels = object.metadata.labels ?? {};
    return {
      role: Object.hasOwn(labels, 'node-role.kubernetes.io/control-plane') ? 'control-plane' : '',
    };
  }
  return {};
}
