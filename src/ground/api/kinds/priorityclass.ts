/** PriorityClass (pkg/apis/scheduling, 1.34): a number by which waiting pods are ordered. */
import { withFields } from '../edit.ts';
import { type FieldError, forbiddenField } from '../field-error.ts';
import type { PriorityClass } from '../types.ts';
import { oneOf } from '../validation/containers.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isDns1123Subdomain } from '../validation/names.ts';
import { ageColumn, describeKind, nameColumn, textColumn } from './describe.ts';

const USER_MAX = 1_000_000_000;
const POLICIES = ['Never', 'PreemptLowerPriority'];
const SYSTEM: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
]);

export const PRIORITY_CLASS_KIND = describeKind<PriorityClass>({
  group: 'scheduling.k8s.io',
  resource: 'priorityclasses',
  kind: 'PriorityClass',
  namespaced: false,
  shortNames: ['pc'],
  generationOf: ['value', 'globalDefault', 'description', 'preemptionPolicy'],
  defaults: (each) =>
    withFields(each, { preemptionPolicy: each.preemptionPolicy ?? 'PreemptLowerPriority' }),
  validateCreate: (each) => [...metaErrors(each, false, isDns1123Subdomain), ...valueErrors(each)],
  validateUpdate: (each, old) => [
    ...metaUpdateErrors(each, old),
    ...(each.value === old.value
      ? []
      : [forbiddenField('value', 'may not be changed in an update.')]),
    ...(each.preemptionPolicy === old.preemptionPolicy
      ? []
      : [forbiddenField('preemptionPolicy', 'may not be changed in an update.')]),
  ],
  columns: [
    nameColumn(),
    { ...textColumn<PriorityClass>('Value', 'The number.', (each) => each.value), type: 'integer' },
    textColumn('Global-Default', 'Whether pods without a class get it.', (each) =>
      String(each.globalDefault ?? false),
    ),
    ageColumn(),
    textColumn(
      'PreemptionPolicy',
      'Whether its pods may push others out.',
      (each) => each.preemptionPolicy ?? '<unset>',
    ),
  ],
  warnings: (each) =>
    SYSTEM.has(each.metadata.name)
      ? []
      : ['preemptionPolicy: has no effect here: the scheduler of this lab pushes nobody out yet'],
});

function valueErrors(each: PriorityClass): FieldError[] {
  const errors = oneOf('preemptionPolicy', each.preemptionPolicy, POLICIES);
  const name = each.metadata.name;
  if (name.startsWith('system-')) {
    if (SYSTEM.get(name) !== each.value || each.globalDefault === true) {
      const detail =
        "priority class names with 'system-' prefix are reserved for system use only. error: only system-cluster-critical and system-node-critical are known";
      errors.push(forbiddenField('metadata.name', detail));
    }
  } else if (each.value > USER_MAX) {
    const detail = `maximum allowed value of a user defined priority is ${USER_MAX}`;
    errors.push(forbiddenField('value', detail));
  }
  return errors;
}
