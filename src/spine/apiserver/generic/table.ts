/**
 * Tables: rows of printer columns for `kubectl get` (k8s.io/apiserver/pkg/registry/rest/table.go and
 * pkg/printers, v0.34). Cells come from the descriptor; `includeObject` says what stands behind a row.
 */
import { freezeDeep } from '../../../ground/api/edit.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import type { WallTime } from '../../../ground/base/time.ts';
import type { Registry } from './registry.ts';

export function tableOf(
  registry: Registry,
  objects: readonly KubeObject[],
  metadata: object,
  include: string,
  now: WallTime,
  withColumns: boolean,
): KubeObject {
  const { columns } = registry.descriptor;
  const rows = objects.map((object) => ({
    cells: columns.map((column) => column.cell(object, now)),
    ...(include === 'None' ? {} : { object: include === 'Object' ? object : partialOf(object) }),
  }));
  const columnDefinitions = withColumns
    ? columns.map(({ name, type, format, description, priority }) => ({
        name,
        // Dates are printed by the client from the object; everything else is text or a number.
        type: type === 'date' ? 'string' : type,
        format,
        description,
        priority,
      }))
    : [];
  const table = { kind: 'Table', apiVersion: 'meta.k8s.io/v1', metadata, columnDefinitions, rows };
  return freezeDeep(table) as unknown as KubeObject;
}

/** An object without anything but its metadata. */
export function partialOf(object: KubeObject): KubeObject {
  const { metadata } = object;
  return Object.freeze({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata });
}
