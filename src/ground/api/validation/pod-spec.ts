/**
 * Validation of pod specs and of templates (pkg/apis/core/validation/validation.go and
 * pkg/apis/apps/validation/validation.go, 1.34).
 */
import {
  duplicateField,
  type FieldError,
  forbiddenField,
  invalidField,
  requiredField,
  unsupportedField,
} from '../field-error.ts';
import { matches, selectorOf } from '../selector.ts';
import type {
  LabelSelector,
  NodeAffinity,
  NodeSelectorTerm,
  PodSpec,
  PodTemplateSpec,
  Toleration,
} from '../types.ts';
import { containerErrors, oneOf, type PodScope } from './containers.ts';
import { annotationsErrors, labelsErrors } from './meta.ts';
import { isDns1123Label, isDns1123Subdomain, isLabelValue, isQualifiedName } from './names.ts';
import { volumesErrors } from './volumes.ts';

const RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];
const DNS_POLICIES = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'];

/** What is wrong with a pod spec at a path. */
export function podSpecErrors(spec: PodSpec | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const volumes = spec?.volumes ?? [];
  errors.push(...volumesErrors(volumes, `${field}.volumes`));
  const scope: PodScope = {
    volumeNames: new Set(volumes.map((volume) => volume.name)),
    hostNetwork: spec?.hostNetwork === true,
    names: new Set(),
  };
  const containers = spec?.containers ?? [];
  if (containers.length === 0) errors.push(requiredField(`${field}.containers`));
  containers.forEach((container, index) => {
    errors.push(...containerErrors(container, `${field}.containers[${index}]`, scope, false));
  });
  (spec?.initContainers ?? []).forEach((container, index) => {
    errors.push(...containerErrors(container, `${field}.initContainers[${index}]`, scope, true));
  });
  errors.push(
    ...choice(`${field}.restartPolicy`, spec?.restartPolicy, RESTART_POLICIES),
    ...choice(`${field}.dnsPolicy`, spec?.dnsPolicy, DNS_POLICIES),
    ...labelsErrors(spec?.nodeSelector, `${field}.nodeSelector`),
  );
  if (spec === undefined) return errors;
  if (spec.dnsPolicy === 'None' && (spec.dnsConfig?.nameservers ?? []).length === 0) {
    const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
    errors.push(requiredField(`${field}.dnsConfig`, detail));
  }
  errors.push(
    ...named(spec.serviceAccountName, `${field}.serviceAccountName`, isDns1123Subdomain),
    ...named(spec.nodeName, `${field}.nodeName`, isDns1123Subdomain),
    ...named(spec.hostname, `${field}.hostname`, isDns1123Label),
    ...named(spec.subdomain, `${field}.subdomain`, isDns1123Label),
    ...named(spec.priorityClassName, `${field}.priorityClassName`, isDns1123Subdomain),
    ...nodeAffinityErrors(spec.affinity?.nodeAffinity, `${field}.affinity.nodeAffinity`),
    ...tolerationErrors(spec.tolerations ?? [], `${field}.tolerations`),
    ...userErrors(spec, field),
    ...gateErrors(spec, field),
  );
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > 2_147_483_647)) {
    const detail = 'must be between 1 and 2147483647, inclusive';
    errors.push(invalidField(`${field}.activeDeadlineSeconds`, deadline, detail));
  }
  return errors;
}

/** A text that must be there and one of a list. */
function choice(field: string, value: string | undefined, allowed: readonly string[]) {
  return (value ?? '') === '' ? [requiredField(field)] : oneOf(field, value, allowed);
}

function named(
  value: string | undefined,
  field: string,
  check: (text: string) => readonly string[],
): FieldError[] {
  if (value === undefined || value === '') return [];
  return check(value).map((text) => invalidField(field, value, text));
}

function userErrors(spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const contexts: [string, { readonly [part: string]: unknown } | undefined][] = [
    [`${field}.securityContext`, spec.securityContext as Record<string, unknown> | undefined],
  ];
  (spec.containers ?? []).forEach((container, index) => {
    const context = container.securityContext as Record<string, unknown> | undefined;
    contexts.push([`${field}.containers[${index}].securityContext`, context]);
  });
  for (const [at, context] of contexts) {
    for (const part of ['runAsUser', 'runAsGroup', 'fsGroup']) {
      const id = context?.[part];
      if (typeof id !== 'number' || (id >= 0 && id <= 2_147_483_647)) continue;
      const detail = 'must be between 0 and 2147483647, inclusive';
      errors.push(invalidField(`${at}.${part}`, id, detail));
    }
  }
  return errors;
}

function gateErrors(spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  const gates = spec.schedulingGates ?? [];
  gates.forEach(({ name }, index) => {
    const at = `${field}.schedulingGates[${index}]`;
    errors.push(...isQualifiedName(name).map((text) => invalidField(at, name, text)));
    if (seen.has(name)) errors.push(duplicateField(at, name));
    seen.add(name);
  });
  if (gates.length > 0 && (spec.nodeName ?? '') !== '') {
    const detail = 'cannot be set until all schedulingGates have been cleared';
    errors.push(forbiddenField(`${field}.nodeName`, detail));
  }
  return errors;
}

const EFFECTS = ['NoExecute', 'NoSchedule', 'PreferNoSchedule'];

function tolerationErrors(tolerations: readonly Toleration[], field: string): FieldError[] {
  const errors: FieldError[] = [];
  tolerations.forEach((toleration, index) => {
    const at = `${field}[${index}]`;
    const key = toleration.key ?? '';
    const operator = toleration.operator ?? '';
    const value = toleration.value ?? '';
    if (key !== '') {
      for (const text of isQualifiedName(key)) errors.push(invalidField(`${at}.key`, key, text));
    } else if (operator !== 'Exists') {
      const detail =
        'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalidField(`${at}.operator`, operator, detail));
    }
    if (toleration.tolerationSeconds !== undefined && toleration.effect !== 'NoExecute') {
      const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push(invalidField(`${at}.effect`, toleration.effect ?? '', detail));
    }
    if (operator === 'Equal' || operator === '') {
      const texts = isLabelValue(value);
      if (texts.length > 0) errors.push(invalidField(`${at}.operator`, value, texts.join(';')));
    } else if (operator === 'Exists') {
      if (value !== '') {
        const detail = "value must be empty when `operator` is 'Exists'";
        errors.push(invalidField(`${at}.operator`, goToleration(toleration), detail));
      }
    } else errors.push(unsupportedField(`${at}.operator`, operator, ['Equal', 'Exists']));
    errors.push(...oneOf(`${at}.effect`, toleration.effect, EFFECTS));
  });
  return errors;
}

/** The internal type has no JSON tags, so upstream prints it with Go's field names. */
function goToleration(toleration: Toleration): unknown {
  return {
    Key: toleration.key ?? '',
    Operator: toleration.operator ?? '',
    Value: toleration.value ?? '',
    Effect: toleration.effect ?? '',
    TolerationSeconds: toleration.tolerationSeconds ?? null,
  };
}

function nodeAffinityErrors(affinity: NodeAffinity | undefined, field: string): FieldError[] {
  if (affinity === undefined) return [];
  const errors: FieldError[] = [];
  const hard = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  if (hard !== undefined) {
    const at = `${field}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`;
    const terms = hard.nodeSelectorTerms ?? [];
    if (terms.length === 0) {
      errors.push(requiredField(at, 'must have at least one node selector term'));
    }
    terms.forEach((term, index) => {
      errors.push(...termErrors(term, `${at}[${index}]`));
    });
  }
  const soft = affinity.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  soft.forEach((term, index) => {
    const at = `${field}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
    const weight = term.weight ?? 0;
    if (weight <= 0 || weight > 100) {
      errors.push(invalidField(`${at}.weight`, weight, 'must be in the range 1-100'));
    }
    errors.push(...termErrors(term.preference ?? {}, `${at}.preference`));
  });
  return errors;
}

/** Fields of a node that terms may ask for: its name. */
function nodeFieldErrors(term: NodeSelectorTerm, field: string): FieldError[] {
  const errors: FieldError[] = [];
  (term.matchFields ?? []).forEach((each, index) => {
    const at = `${field}.matchFields[${index}]`;
    const values = each.values ?? [];
    if (each.operator !== 'In' && each.operator !== 'NotIn') {
      errors.push(invalidField(`${at}.operator`, each.operator, 'not a valid selector operator'));
    } else if (values.length !== 1) {
      const detail =
        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
      errors.push(requiredField(`${at}.values`, detail));
    }
    if (each.key !== 'metadata.name') {
      errors.push(invalidField(`${at}.key`, each.key, 'not a valid field selector key'));
      return;
    }
    values.forEach((value, position) => {
      errors.push(...named(value, `${at}.values[${position}]`, isDns1123Subdomain));
    });
  });
  return errors;
}

function termErrors(term: NodeSelectorTerm, field: string): FieldError[] {
  const errors: FieldError[] = nodeFieldErrors(term, field);
  (term.matchExpressions ?? []).forEach((each, index) => {
    const at = `${field}.matchExpressions[${index}]`;
    const values = each.values ?? [];
    switch (each.operator) {
      case 'In':
      case 'NotIn':
        if (values.length === 0) {
          const detail = "must be specified when `operator` is 'In' or 'NotIn'";
          errors.push(requiredField(`${at}.values`, detail));
        }
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0) {
          const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
          errors.push(forbiddenField(`${at}.values`, detail));
        }
        break;
      case 'Gt':
      case 'Lt':
        if (values.length !== 1) {
          const detail = "must be specified single value when `operator` is 'Lt' or 'Gt'";
          errors.push(requiredField(`${at}.values`, detail));
        }
        break;
      default:
        errors.push(
          invalidField(`${at}.operator`, each.operator ?? '', 'not a valid selector operator'),
        );
    }
    for (const text of isQualifiedName(each.key ?? '')) {
      errors.push(invalidField(`${at}.key`, each.key ?? '', text));
    }
  });
  return errors;
}

/** What is wrong with the template of a workload whose pods run for ever. */
export function templateErrors(
  template: PodTemplateSpec | undefined,
  selector: LabelSelector | undefined,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const labels = template?.metadata?.labels;
  const parsed = selectorOf(selector);
  if (!parsed.ok) {
    const at = field.replace(/template$/, 'selector');
    return [invalidField(at, selector ?? null, 'invalid label selector')];
  }
  // Without a selector nothing is selected, so no labels match either.
  if (selector === undefined || !matches(parsed.value, labels)) {
    const detail = '`selector` does not match template `labels`';
    errors.push(invalidField(`${field}.metadata.labels`, labels ?? null, detail));
  }
  errors.push(
    ...labelsErrors(labels, `${field}.labels`),
    ...annotationsErrors(template?.metadata?.annotations, `${field}.annotations`),
    ...podSpecErrors(template?.spec, `${field}.spec`),
  );
  const policy = template?.spec?.restartPolicy;
  if (policy !== undefined && policy !== 'Always' && RESTART_POLICIES.includes(policy)) {
    errors.push(unsupportedField(`${field}.spec.restartPolicy`, policy, ['Always']));
  }
  if (template?.spec?.activeDeadlineSeconds !== undefined) {
    const detail = 'activeDeadlineSeconds in ReplicaSet is not Supported';
    errors.push(forbiddenField(`${field}.spec.activeDeadlineSeconds`, detail));
  }
  return errors;
}
