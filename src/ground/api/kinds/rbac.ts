/** What roles and bindings share (pkg/apis/rbac/validation, 1.34). */
import { sameValue, withFields } from '../edit.ts';
import {
  type FieldError,
  forbiddenField,
  invalidField,
  requiredField,
  unsupportedField,
} from '../field-error.ts';
import type { Column } from '../descriptor.ts';
import type { KubeObject } from '../object.ts';
import type { PolicyRule, RoleRef, Subject } from '../types.ts';
import { isDns1123Subdomain, isPathSegmentName } from '../validation/names.ts';
import { ageColumn, nameColumn, textColumn } from './describe.ts';
import { mapShared } from './pod-defaults.ts';

export const RBAC = 'rbac.authorization.k8s.io';

/** What is wrong with rules; only cluster roles may name URLs. */
export function rulesErrors(
  rules: readonly PolicyRule[] | undefined,
  namespaced: boolean,
): FieldError[] {
  return (rules ?? []).flatMap((rule, index) => ruleErrors(rule, `rules[${index}]`, namespaced));
}

function ruleErrors(rule: PolicyRule, field: string, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const urls = rule.nonResourceURLs ?? [];
  if ((rule.verbs ?? []).length === 0) {
    errors.push(requiredField(`${field}.verbs`, 'verbs must contain at least one value'));
  }
  if (urls.length > 0) {
    if (namespaced) {
      const detail = 'namespaced rules cannot apply to non-resource URLs';
      errors.push(invalidField(`${field}.nonResourceURLs`, urls, detail));
    }
    const others = [rule.apiGroups, rule.resources, rule.resourceNames];
    if (others.some((each) => (each ?? []).length > 0)) {
      const detail = 'rules cannot apply to both regular resources and non-resource URLs';
      errors.push(invalidField(`${field}.nonResourceURLs`, urls, detail));
    }
    return errors;
  }
  if ((rule.apiGroups ?? []).length === 0) {
    const detail = 'resource rules must supply at least one api group';
    errors.push(requiredField(`${field}.apiGroups`, detail));
  }
  if ((rule.resources ?? []).length === 0) {
    const detail = 'resource rules must supply at least one resource';
    errors.push(requiredField(`${field}.resources`, detail));
  }
  return errors;
}

interface Binding {
  readonly subjects?: readonly Subject[] | undefined;
  readonly roleRef: RoleRef;
}

/** The binding with API groups filled in. */
export function defaultedBinding<T extends Binding>(binding: T): T {
  const subjects = mapShared(binding.subjects, (subject) => {
    if (subject.apiGroup !== undefined || subject.kind === 'ServiceAccount') return subject;
    return withFields(subject, { apiGroup: RBAC });
  });
  const given = (binding.roleRef ?? Object.freeze({})) as RoleRef;
  const roleRef = withFields(given, {
    apiGroup: (given.apiGroup ?? '') === '' ? RBAC : given.apiGroup,
  });
  return withFields<Binding>(binding, { subjects, roleRef }) as T;
}

/** What is wrong with a binding; `roles` are the kinds that it may refer to. */
export function bindingErrors(
  binding: Binding,
  roles: readonly string[],
  namespaced: boolean,
): FieldError[] {
  const errors: FieldError[] = [];
  const ref = binding.roleRef;
  if (ref?.apiGroup !== RBAC)
    errors.push(unsupportedField('roleRef.apiGroup', ref?.apiGroup ?? '', [RBAC]));
  if (!roles.includes(ref?.kind ?? '')) {
    errors.push(unsupportedField('roleRef.kind', ref?.kind ?? '', roles));
  }
  const name = ref?.name ?? '';
  if (name === '') errors.push(requiredField('roleRef.name'));
  else
    for (const text of isPathSegmentName(name))
      errors.push(invalidField('roleRef.name', name, text));
  (binding.subjects ?? []).forEach((subject, index) => {
    errors.push(...subjectErrors(subject, `subjects[${index}]`, namespaced));
  });
  return errors;
}

function subjectErrors(subject: Subject, field: string, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  if ((subject.name ?? '') === '') errors.push(requiredField(`${field}.name`));
  const group = subject.apiGroup ?? '';
  switch (subject.kind) {
    case 'ServiceAccount':
      for (const text of (subject.name ?? '') === '' ? [] : isDns1123Subdomain(subject.name)) {
        errors.push(invalidField(`${field}.name`, subject.name, text));
      }
      if (group !== '') errors.push(unsupportedField(`${field}.apiGroup`, group, ['']));
      if (!namespaced && (subject.namespace ?? '') === '') {
        errors.push(requiredField(`${field}.namespace`));
      }
      break;
    case 'User':
    case 'Group':
      if (group !== RBAC) errors.push(unsupportedField(`${field}.apiGroup`, group, [RBAC]));
      break;
    default:
      errors.push(
        unsupportedField(`${field}.kind`, subject.kind ?? '', ['Group', 'ServiceAccount', 'User']),
      );
  }
  if (namespaced || subject.kind === 'ServiceAccount' || (subject.namespace ?? '') === '')
    return errors;
  errors.push(forbiddenField(`${field}.namespace`, 'may not be set for a non-namespaced subject'));
  return errors;
}

export function roleRefChangeErrors(binding: Binding, old: Binding): FieldError[] {
  if (sameValue(binding.roleRef, old.roleRef)) return [];
  const ref = binding.roleRef;
  // The internal type prints with Go's field names.
  const value = { APIGroup: ref.apiGroup, Kind: ref.kind, Name: ref.name };
  return [invalidField('roleRef', value, 'cannot change roleRef')];
}

/** `ClusterRole/view` */
function roleText(binding: Binding): string {
  return `${binding.roleRef?.kind ?? ''}/${binding.roleRef?.name ?? ''}`;
}

/** The names of the subjects of a kind; accounts with their namespace. */
function subjectsText(binding: Binding, kind: string): string {
  return (binding.subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map((subject) =>
      kind === 'ServiceAccount' ? `${subject.namespace ?? ''}/${subject.name}` : subject.name,
    )
    .join(', ');
}

/** What `get` shows of both kinds of binding. */
export function bindingColumns<T extends KubeObject & Binding>(): readonly Column<T>[] {
  const holders = (name: string, description: string, kind: string): Column<T> =>
    textColumn(name, description, (each) => subjectsText(each, kind), true);
  return [
    nameColumn(),
    textColumn<T>('Role', 'The role whose rules are given.', roleText),
    ageColumn(),
    holders('Users', 'Users it holds for.', 'User'),
    holders('Groups', 'Groups it holds for.', 'Group'),
    holders('ServiceAccounts', 'Service accounts it holds for.', 'ServiceAccount'),
  ];
}
