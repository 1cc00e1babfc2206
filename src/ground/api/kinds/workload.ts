/** What Deployments and ReplicaSets share: the columns of their templates, and checks of counts. */
import type { Column } from '../descriptor.ts';
import { sameValue } from '../edit.ts';
import { type FieldError, invalidField, requiredField } from '../field-error.ts';
import type { KubeObject } from '../object.ts';
import { formatLabelSelector } from '../selector.ts';
import type { LabelSelector, PodTemplateSpec } from '../types.ts';
import { NOT_NEGATIVE } from '../validation/containers.ts';
import { IMMUTABLE, isEmptySelector, selectorErrors } from '../validation/meta.ts';
import { textColumn } from './describe.ts';

interface Workload extends KubeObject {
  readonly spec?:
    | {
        readonly selector?: LabelSelector | undefined;
        readonly template?: PodTemplateSpec | undefined;
      }
    | undefined;
}

/** CONTAINERS, IMAGES and SELECTOR, for `-o wide`. */
export function templateColumns<T extends Workload>(): readonly Column<T>[] {
  const containers = (object: T) => object.spec?.template?.spec?.containers ?? [];
  return [
    textColumn(
      'Containers',
      'Names of the containers in the template.',
      (object) =>
        containers(object)
          .map((each) => each.name)
          .join(','),
      true,
    ),
    textColumn(
      'Images',
      'Images of the containers in the template.',
      (object) =>
        containers(object)
          .map((each) => each.image ?? '')
          .join(','),
      true,
    ),
    textColumn(
      'Selector',
      'Which pods belong to it.',
      (object) => formatLabelSelector(object.spec?.selector),
      true,
    ),
  ];
}

/** What is wrong with a selector that must select something; `kind` as the message says it. */
export function workloadSelectorErrors(
  selector: LabelSelector | undefined,
  kind: string,
): FieldError[] {
  if (selector === undefined) return [requiredField('spec.selector')];
  const errors = selectorErrors(selector, 'spec.selector');
  if (isEmptySelector(selector)) {
    errors.push(invalidField('spec.selector', selector, `empty selector is invalid for ${kind}`));
  }
  return errors;
}

export function selectorChangeErrors(
  selector: LabelSelector | undefined,
  old: LabelSelector | undefined,
): FieldError[] {
  if (sameValue(selector, old)) return [];
  return [invalidField('spec.selector', selector ?? null, IMMUTABLE)];
}

export function notNegative(value: number | undefined, field: string): FieldError[] {
  return value !== undefined && value < 0 ? [invalidField(field, value, NOT_NEGATIVE)] : [];
}
