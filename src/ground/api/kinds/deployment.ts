/**
 * Deployment (pkg/apis/apps, pkg/registry/apps/deployment, 1.34): a template of pods, how many, and
 * how to change them to a new template.
 */
import type { Unsupported } from '../descriptor.ts';
import { sameValue, withFields } from '../edit.ts';
import {
  type FieldError,
  forbiddenField,
  invalidField,
  requiredField,
  unsupportedField,
} from '../field-error.ts';
import { percentOf } from '../int-or-string.ts';
import { withMeta } from '../meta.ts';
import type { Deployment } from '../types.ts';
import { metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import { isDns1123Subdomain, isPercent } from '../validation/names.ts';
import { templateErrors } from '../validation/pod-spec.ts';
import {
  ageColumn,
  describeKind,
  integerColumn,
  nameColumn,
  preparedForStatusUpdate,
  preparedForUpdate,
  SCALE,
  statusSubresource,
  textColumn,
} from './describe.ts';
import { defaultedTemplate } from './pod-defaults.ts';
import { podUnsupported } from './pod-support.ts';
import {
  notNegative,
  selectorChangeErrors,
  templateColumns,
  workloadSelectorErrors,
} from './workload.ts';

type Spec = NonNullable<Deployment['spec']>;
type Strategy = NonNullable<Spec['strategy']>;

const EMPTY = Object.freeze({});
const UNSUPPORTED: readonly Unsupported[] = podUnsupported('spec.template.spec');

export const DEPLOYMENT_KIND = describeKind<Deployment>({
  group: 'apps',
  resource: 'deployments',
  kind: 'Deployment',
  namespaced: true,
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: [SCALE, statusSubresource('apps', 'Deployment')],
  defaults: defaulted,
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
      status: EMPTY as NonNullable<Deployment['status']>,
    }),
  prepareForUpdate: prepared,
  // Annotations may change with the status: so the controller notes the revision.
  prepareForStatusUpdate: (object, old) =>
    withMeta(preparedForStatusUpdate(object, old), { annotations: object.metadata.annotations }),
  columns: [
    nameColumn(),
    textColumn(
      'Ready',
      'Ready pods, of those wanted.',
      (object) => `${object.status?.readyReplicas ?? 0}/${object.spec?.replicas ?? 0}`,
    ),
    integerColumn(
      'Up-to-date',
      'Pods of the newest template.',
      (object) => object.status?.updatedReplicas ?? 0,
    ),
    integerColumn(
      'Available',
      'Pods ready for at least minReadySeconds.',
      (object) => object.status?.availableReplicas ?? 0,
    ),
    ageColumn(),
    ...templateColumns<Deployment>(),
  ],
  unsupported: UNSUPPORTED,
});

/** Annotations count for the generation too, because they carry the rollout's history. */
function prepared(object: Deployment, old: Deployment): Deployment {
  const next = preparedForUpdate(object, old, ['status'], ['spec']);
  if (next.metadata.generation !== old.metadata.generation) return next;
  if (sameValue(object.metadata.annotations, old.metadata.annotations)) return next;
  const generation = (old.metadata.generation ?? 0) + 1;
  return withFields(next, { metadata: withFields(next.metadata, { generation }) });
}

function defaulted(object: Deployment): Deployment {
  const spec = object.spec ?? (EMPTY as Spec);
  return withFields(object, {
    spec: withFields(spec, {
      replicas: spec.replicas ?? 1,
      template: defaultedTemplate(spec.template),
      strategy: defaultedStrategy(spec.strategy),
      revisionHistoryLimit: spec.revisionHistoryLimit ?? 10,
      progressDeadlineSeconds: spec.progressDeadlineSeconds ?? 600,
    }),
  });
}

function defaultedStrategy(given: Strategy | undefined): Strategy {
  const strategy = given ?? (EMPTY as Strategy);
  const type = strategy.type ?? 'RollingUpdate';
  if (type !== 'RollingUpdate') return withFields(strategy, { type });
  const rolling = strategy.rollingUpdate ?? EMPTY;
  return withFields(strategy, {
    type,
    rollingUpdate: withFields(rolling as NonNullable<Strategy['rollingUpdate']>, {
      maxUnavailable: strategy.rollingUpdate?.maxUnavailable ?? '25%',
      maxSurge: strategy.rollingUpdate?.maxSurge ?? '25%',
    }),
  });
}

function specErrors(object: Deployment): FieldError[] {
  const spec = object.spec;
  const errors = [
    ...notNegative(spec?.replicas, 'spec.replicas'),
    ...workloadSelectorErrors(spec?.selector, 'deployment'),
    ...templateErrors(spec?.template, spec?.selector, 'spec.template'),
    ...strategyErrors(spec?.strategy),
    ...notNegative(spec?.minReadySeconds, 'spec.minReadySeconds'),
    ...notNegative(spec?.revisionHistoryLimit, 'spec.revisionHistoryLimit'),
    ...notNegative(spec?.progressDeadlineSeconds, 'spec.progressDeadlineSeconds'),
  ];
  const deadline = spec?.progressDeadlineSeconds;
  if (deadline !== undefined && deadline <= (spec?.minReadySeconds ?? 0)) {
    const detail = 'must be greater than minReadySeconds';
    errors.push(invalidField('spec.progressDeadlineSeconds', deadline, detail));
  }
  return errors;
}

function strategyErrors(strategy: Strategy | undefined): FieldError[] {
  const type = strategy?.type ?? '';
  if (type === 'Recreate') {
    if (strategy?.rollingUpdate === undefined) return [];
    const detail = "may not be specified when strategy `type` is 'Recreate'";
    return [forbiddenField('spec.strategy.rollingUpdate', detail)];
  }
  if (type !== 'RollingUpdate') {
    // The internal type is shown, which has no JSON names of its own.
    const shown = { Type: type, RollingUpdate: strategy?.rollingUpdate ?? null };
    return [unsupportedField('spec.strategy', shown, ['Recreate', 'RollingUpdate'])];
  }
  const rolling = strategy?.rollingUpdate;
  const field = 'spec.strategy.rollingUpdate';
  if (rolling === undefined) {
    return [requiredField(field, 'this should be defaulted and never be nil')];
  }
  const errors = [
    ...amountErrors(rolling.maxUnavailable, `${field}.maxUnavailable`),
    ...amountErrors(rolling.maxSurge, `${field}.maxSurge`),
  ];
  if (percentOf(rolling.maxUnavailable) === 0 && percentOf(rolling.maxSurge) === 0) {
    const detail = 'may not be 0 when `maxSurge` is 0';
    errors.push(invalidField(`${field}.maxUnavailable`, rolling.maxUnavailable, detail));
  }
  const share = rolling.maxUnavailable;
  if (typeof share === 'string' && percentOf(share) > 100) {
    errors.push(invalidField(`${field}.maxUnavailable`, share, 'must not be greater than 100%'));
  }
  return errors;
}

/** A whole number, not negative, or a percentage. */
function amountErrors(amount: number | string | undefined, field: string): FieldError[] {
  if (typeof amount === 'string') {
    return isPercent(amount).map((text) => invalidField(field, amount, text));
  }
  return notNegative(amount, field);
}

function statusErrors(object: Deployment, old: Deployment): FieldError[] {
  const status = object.status;
  const errors = metaUpdateErrors(object, old);
  for (const part of [
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
  ] as const) {
    errors.push(...notNegative(status?.[part], `status.${part}`));
  }
  const total = status?.replicas ?? 0;
  const detail = 'cannot be greater than status.replicas';
  for (const part of ['updatedReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    const count = status?.[part] ?? 0;
    if (count > total) errors.push(invalidField(`status.${part}`, count, detail));
  }
  return errors;
}
