/**
 * Validation of metadata, labels and selectors, common to all kinds
 * (k8s.io/apimachinery/pkg/api/validation/objectmeta.go and
 * pkg/apis/meta/v1/validation/validation.go, v0.34).
 */
import { utf8Length } from '../../base/bytes.ts';
import { quote, sortedText } from '../../base/text.ts';
import {
  type FieldError,
  forbiddenField,
  invalidField,
  requiredField,
  tooLongField,
} from '../field-error.ts';
import type { KubeObject } from '../object.ts';
import type { LabelSelector, ObjectMeta } from '../types.ts';
import { isDns1123Label, isLabelValue, isQualifiedName } from './names.ts';

export type NameCheck = (name: string) => readonly string[];

type Texts = Readonly<Record<string, string>>;

export const IMMUTABLE = 'field is immutable';
const ANNOTATIONS_BYTES_MAX = 256 * 1024;

/** What is wrong with an object's metadata when it is created. */
export function metaErrors(
  object: KubeObject,
  namespaced: boolean,
  nameCheck: NameCheck,
): FieldError[] {
  const meta = object.metadata as ObjectMeta | undefined;
  const errors: FieldError[] = [];
  const generateName = meta?.generateName ?? '';
  if (generateName !== '') {
    // The prefix is checked as if the random letters stood behind it.
    const prefix = generateName.endsWith('-') ? `${generateName.slice(0, -1)}a` : generateName;
    for (const text of nameCheck(prefix)) {
      errors.push(invalidField('metadata.generateName', generateName, text));
    }
  }
  const name = meta?.name ?? '';
  if (name === '') {
    errors.push(requiredField('metadata.name', 'name or generateName is required'));
  } else {
    for (const text of nameCheck(name)) errors.push(invalidField('metadata.name', name, text));
  }
  const namespace = meta?.namespace ?? '';
  if (!namespaced) {
    if (namespace !== '') {
      errors.push(forbiddenField('metadata.namespace', 'not allowed on this type'));
    }
  } else if (namespace === '') errors.push(requiredField('metadata.namespace'));
  else {
    for (const text of isDns1123Label(namespace)) {
      errors.push(invalidField('metadata.namespace', namespace, text));
    }
  }
  errors.push(...sharedMetaErrors(meta));
  return errors;
}

/** What is wrong with the metadata of an update; the registry has checked name and version. */
export function metaUpdateErrors(object: KubeObject, old: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const { metadata } = object;
  const before = old.metadata;
  if (before.deletionTimestamp !== undefined) {
    const known = new Set(before.finalizers ?? []);
    const added = [...new Set(metadata.finalizers ?? [])].filter((each) => !known.has(each));
    if (added.length > 0) {
      const list = sortedText(added).map(quote).join(', ');
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
      errors.push(forbiddenField('metadata.finalizers', detail));
    }
  }
  const immutable = ['name', 'namespace', 'uid', 'creationTimestamp'] as const;
  for (const field of immutable) {
    const value = metadata[field];
    if (value !== undefined && value !== before[field]) {
      errors.push(invalidField(`metadata.${field}`, value, IMMUTABLE));
    }
  }
  errors.push(...sharedMetaErrors(metadata));
  return errors;
}

function sharedMetaErrors(meta: ObjectMeta | undefined): FieldError[] {
  return [
    ...labelsErrors(meta?.labels, 'metadata.labels'),
    ...annotationsErrors(meta?.annotations, 'metadata.annotations'),
    ...ownerErrors(meta),
    ...finalizerErrors(meta?.finalizers),
  ];
}

export function labelsErrors(labels: Texts | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(labels ?? {})) {
    for (const text of isQualifiedName(key)) errors.push(invalidField(field, key, text));
    for (const text of isLabelValue(value)) errors.push(invalidField(field, value, text));
  }
  return errors;
}

export function annotationsErrors(annotations: Texts | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const text of isQualifiedName(key.toLowerCase())) {
      errors.push(invalidField(field, key, text));
    }
    size += utf8Length(key) + utf8Length(value);
  }
  if (size > ANNOTATIONS_BYTES_MAX) errors.push(tooLongField(field, ANNOTATIONS_BYTES_MAX));
  return errors;
}

function ownerErrors(meta: ObjectMeta | undefined): FieldError[] {
  const errors: FieldError[] = [];
  let controller: string | undefined;
  for (const owner of meta?.ownerReferences ?? []) {
    const field = 'metadata.ownerReferences';
    const version = (owner.apiVersion ?? '').split('/').pop() ?? '';
    if (version === '') {
      errors.push(
        invalidField(`${field}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'),
      );
    }
    for (const part of ['kind', 'name', 'uid'] as const) {
      if ((owner[part] ?? '') === '') {
        errors.push(invalidField(`${field}.${part}`, owner[part] ?? '', 'must not be empty'));
      }
    }
    if (owner.controller !== true) continue;
    const me = `${owner.kind}/${owner.name}`;
    if (controller !== undefined) {
      errors.push(
        invalidField(
          field,
          meta?.ownerReferences,
          `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${me}`,
        ),
      );
    }
    controller = me;
  }
  return errors;
}

function finalizerErrors(finalizers: readonly string[] | undefined): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of finalizers ?? []) {
    for (const text of isQualifiedName(name)) {
      errors.push(invalidField('metadata.finalizers', name, text));
    }
    if (!name.includes('/') && !STANDARD_FINALIZERS.has(name)) {
      errors.push(
        invalidField(
          'metadata.finalizers',
          name,
          'name is neither a standard finalizer name nor is it fully qualified',
        ),
      );
    }
  }
  return errors;
}

const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** What is wrong with a label selector at a path. */
export function selectorErrors(selector: LabelSelector | undefined, field: string): FieldError[] {
  const errors = labelsErrors(selector?.matchLabels, `${field}.matchLabels`);
  (selector?.matchExpressions ?? []).forEach((expression, index) => {
    const at = `${field}.matchExpressions[${index}]`;
    const { operator, key } = expression;
    const values = expression.values ?? [];
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) {
        const detail = "must be specified when `operator` is 'In' or 'NotIn'";
        errors.push(requiredField(`${at}.values`, detail));
      }
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0) {
        const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
        errors.push(forbiddenField(`${at}.values`, detail));
      }
    } else {
      errors.push(invalidField(`${at}.operator`, operator ?? '', 'not a valid selector operator'));
    }
    for (const text of isQualifiedName(key ?? '')) {
      errors.push(invalidField(`${at}.key`, key ?? '', text));
    }
    values.forEach((value, position) => {
      for (const text of isLabelValue(value)) {
        errors.push(invalidField(`${at}.values[${position}]`, value, text));
      }
    });
  });
  return errors;
}

/** True when a selector selects everything. */
export function isEmptySelector(selector: LabelSelector): boolean {
  return (
    Object.keys(selector.matchLabels ?? {}).length === 0 &&
    (selector.matchExpressions ?? []).length === 0
  );
}
