/**
 * What the files of kinds are made with: the parts of a resource descriptor that follow from a few
 * facts. A kind says what is its own; the rest is upstream's generic registry
 * (k8s.io/apiserver/pkg/registry): status is dropped on create and kept on update of the main
 * resource, and `metadata.generation` counts changes of everything else.
 */
import { humanDuration, parseRfc3339, type WallTime } from '../../base/time.ts';
import type { Column, ResourceDescriptor, Subresource } from '../descriptor.ts';
import { sameValue, withFields } from '../edit.ts';
import type { KubeObject } from '../object.ts';
import { packageOf } from '../schema.ts';

export const ALL_VERBS: readonly string[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

type Own = 'group' | 'resource' | 'kind' | 'namespaced';

/** What a kind must and may say; everything else has the usual form. */
export type KindFacts<T extends KubeObject> = Pick<ResourceDescriptor<T>, Own> &
  Partial<Omit<ResourceDescriptor<T>, Own>> & {
    /** The kind has a status that only /status writes. */
    readonly hasStatus?: boolean;
    /** `metadata.generation` counts the changes of these fields. */
    readonly generationOf?: readonly string[];
  };

/** A complete descriptor of a kind's own facts. */
export function describeKind<T extends KubeObject>(facts: KindFacts<T>): ResourceDescriptor<T> {
  const version = facts.version ?? 'v1';
  const { hasStatus = false, generationOf = [], ...given } = facts;
  const statusFields: readonly string[] = hasStatus ? ['status'] : [];
  return {
    version,
    singular: facts.kind.toLowerCase(),
    listKind: `${facts.kind}List`,
    shortNames: [],
    categories: [],
    verbs: ALL_VERBS,
    subresources: [],
    storagePrefix: facts.resource,
    schema: `${packageOf({ group: facts.group, version })}.${facts.kind}`,
    defaults: (object) => object,
    validateCreate: () => [],
    validateUpdate: () => [],
    prepareForCreate: (object) => preparedForCreate(object, statusFields, generationOf),
    prepareForUpdate: (object, old) => preparedForUpdate(object, old, statusFields, generationOf),
    prepareForStatusUpdate: preparedForStatusUpdate,
    unconditionalUpdate: true,
    createOnUpdate: false,
    columns: [nameColumn(), createdAtColumn()],
    fields: NO_FIELDS,
    unsupported: [],
    ...given,
  };
}

const NO_FIELDS: ReadonlyMap<string, () => string> = new Map();

type Loose = KubeObject & Record<string, unknown>;

/** Drops what only /status may write and starts the generation at 1. */
function preparedForCreate<T extends KubeObject>(
  object: T,
  statusFields: readonly string[],
  generationOf: readonly string[],
): T {
  let result = object as unknown as Loose;
  for (const field of statusFields) result = withFields(result, { [field]: undefined });
  if (generationOf.length > 0) {
    result = withFields(result, { metadata: withFields(result.metadata, { generation: 1 }) });
  }
  return result as unknown as T;
}

/** Keeps the old status, and counts a change of what the generation counts. */
export function preparedForUpdate<T extends KubeObject>(
  object: T,
  old: T,
  statusFields: readonly string[],
  generationOf: readonly string[],
): T {
  let result = object as unknown as Loose;
  const before = old as unknown as Loose;
  for (const field of statusFields) result = withFields(result, { [field]: before[field] });
  const generation = before.metadata.generation;
  const moved = generationOf.some((field) => !sameValue(result[field], before[field]));
  const next = moved ? (generation ?? 0) + 1 : generation;
  const metadata = withFields(result.metadata, { generation: next });
  return withFields(result, { metadata }) as unknown as T;
}

/** The old object with the new status (and the new managed fields and resource version). */
export function preparedForStatusUpdate<T extends KubeObject>(object: T, old: T): T {
  const { status } = object as unknown as Loose;
  const metadata = withFields(old.metadata, {
    resourceVersion: object.metadata.resourceVersion,
    managedFields: object.metadata.managedFields,
  });
  return withFields(old as unknown as Loose, { metadata, status }) as unknown as T;
}

/** NAME, the first column of all tables. */
export function nameColumn<T extends KubeObject>(): Column<T> {
  return {
    name: 'Name',
    type: 'string',
    format: 'name',
    description: 'The name of the object, unique among its kind in its namespace.',
    priority: 0,
    cell: (object) => object.metadata.name,
  };
}

/** AGE: time since creation. */
export function ageColumn<T extends KubeObject>(): Column<T> {
  return {
    name: 'Age',
    type: 'string',
    format: '',
    description: 'Time since the object was created.',
    priority: 0,
    cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
  };
}

/** CREATED AT, of kinds without a printer of their own. */
function createdAtColumn<T extends KubeObject>(): Column<T> {
  return {
    name: 'Created At',
    type: 'date',
    format: '',
    description: 'When the object was created.',
    priority: 0,
    cell: (object) => object.metadata.creationTimestamp ?? '<unknown>',
  };
}

export function textColumn<T extends KubeObject>(
  name: string,
  description: string,
  cell: (object: T, now: WallTime) => string | number,
  wide = false,
): Column<T> {
  return { name, type: 'string', format: '', description, priority: wide ? 1 : 0, cell };
}

export function integerColumn<T extends KubeObject>(
  name: string,
  description: string,
  cell: (object: T) => number,
): Column<T> {
  return { name, type: 'integer', format: '', description, priority: 0, cell };
}

/** The age of a timestamp as tables print it: `<unknown>` when there is none. */
export function ageOf(timestamp: string | undefined, now: WallTime): string {
  const wall = timestamp === undefined ? undefined : parseRfc3339(timestamp);
  return wall === undefined ? '<unknown>' : humanDuration(now - wall);
}

/** A `status` subresource of the kind itself. */
export function statusSubresource(group: string, kind: string): Subresource {
  return { name: 'status', group, version: 'v1', kind, verbs: ['get', 'patch', 'update'] };
}

/** A `scale` subresource. */
export const SCALE: Subresource = {
  name: 'scale',
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  verbs: ['get', 'patch', 'update'],
};
