/** The objects that a scenario's checks speak of: by kind and name, read from the past's newest values. */
import type { AnyResource } from '../../ground/api/resources.ts';
import { RESOURCES } from '../../ground/api/resources.ts';
import { matchesMap } from '../../ground/api/selector.ts';
import type { KubeObject } from '../../ground/api/object.ts';
import type { History } from '../../ground/trace/history.ts';
import type { ObjectCheck } from './format.ts';

/** The stored resource of a kind; a kind that two groups have is the first one's. */
export function resourceOfKind(kind: string): AnyResource | undefined {
  return RESOURCES.find((one) => one.kind === kind && one.virtual !== true);
}

/** The objects that a check is about, conditions not yet applied: one or none by name, or a list. */
export function objectsOf(
  check: ObjectCheck,
  history: History,
  time: number,
): readonly KubeObject[] {
  const resource = resourceOfKind(check.kind);
  if (resource === undefined) return [];
  const prefix = `/registry/${resource.storagePrefix}/${check.namespace === '' ? '' : `${check.namespace}/`}`;
  if (check.name !== '*') {
    const value = history.of(`${prefix}${check.name}`).at(-1)?.value;
    return value === undefined ? [] : [value as KubeObject];
  }
  const everyone = Object.keys(check.labels).length === 0;
  return history
    .list(prefix, time)
    .map((entry) => entry.moment.value as KubeObject)
    .filter((object) => everyone || matchesMap(check.labels, object.metadata.labels));
}
