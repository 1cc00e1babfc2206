/** ReplicaSet (pkg/apis/apps, pkg/registry/apps/replicaset, 1.34): so many pods of one template. */
import { withFields } from '../edit.ts';
import { type FieldError, invalidField } from '../field-error.ts';
import type { ReplicaSet } from '../types.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isDns1123Subdomain } from '../validation/names.ts';
import { templateErrors } from '../validation/pod-spec.ts';
import {
  ageColumn,
  describeKind,
  integerColumn,
  nameColumn,
  SCALE,
  statusSubresource,
} from './describe.ts';
import { defaultedTemplate } from './pod-defaults.ts';
import { podUnsupported } from './pod-support.ts';
import {
  notNegative,
  selectorChangeErrors,
  templateColumns,
  workloadSelectorErrors,
} from './workload.ts';

const EMPTY = Object.freeze({});

export const REPLICA_SET_KIND = describeKind<ReplicaSet>({
  group: 'apps',
  resource: 'replicasets',
  kind: 'ReplicaSet',
  namespaced: true,
  shortNames: ['rs'],
  categories: ['all'],
  subresources: [SCALE, statusSubresource('apps', 'ReplicaSet')],
  hasStatus: true,
  generationOf: ['spec'],
  defaults: (object) => {
    const spec = object.spec ?? (EMPTY as NonNullable<ReplicaSet['spec']>);
    return withFields(object, {
      spec: withFields(spec, {
        replicas: spec.replicas ?? 1,
        template: defaultedTemplate(spec.template),
      }),
    });
  },
  validateCreate: (object) => [
    ...metaErrors(object, true, isDns1123Subdomain),
    ...specErrors(object),
  ],
  validateUpdate: (object, old) => [
    ...metaUpdateErrors(object, old),
    ...specErrors(object),
    ...selectorChangeErrors(object.spec?.selector, old.spec?.selector),
  ],
  validateStatusUpdate: statusErrors,
  prepareForCreate: (object) =>
    withFields(object, {
      metadata: withFields(object.metadata, { generation: 1 }),
      status: Object.freeze({ replicas: 0 }),
    }),
  columns: [
    nameColumn(),
    integerColumn('Desired', 'Pods that are wanted.', (object) => object.spec?.replicas ?? 0),
    integerColumn('Current', 'Pods that exist.', (object) => object.status?.replicas ?? 0),
    integerColumn('Ready', 'Pods that are ready.', (object) => object.status?.readyReplicas ?? 0),
    ageColumn(),
    ...templateColumns<ReplicaSet>(),
  ],
  fields: new Map([['status.replicas', (object) => String(object.status?.replicas ?? 0)]]),
  unsupported: podUnsupported('spec.template.spec'),
});

function specErrors(object: ReplicaSet): FieldError[] {
  const spec = object.spec;
  return [
    ...notNegative(spec?.replicas, 'spec.replicas'),
    ...notNegative(spec?.minReadySeconds, 'spec.minReadySeconds'),
    ...workloadSelectorErrors(spec?.selector, 'replicaset'),
    ...templateErrors(spec?.template, spec?.selector, 'spec.template'),
  ];
}

function statusErrors(object: ReplicaSet, old: ReplicaSet): FieldError[] {
  const status = object.status;
  const errors = metaUpdateErrors(object, old);
  const total = status?.replicas ?? 0;
  for (const part of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    const count = status?.[part] ?? 0;
    if (count > total) {
      errors.push(invalidField(`status.${part}`, count, 'cannot be greater than status.replicas'));
    }
  }
  return errors;
}
