/**
 * What an update of a pod may change: images, the deadline, more tolerations (ValidatePodUpdate in
 * pkg/apis/core/validation/validation.go, 1.34), and which binding may fill in. Upstream prints a
 * cmp.Diff of the two specs behind the message; ours names the fields that differ in the same shape,
 * without its elisions of equal parts.
 */
import { sortedText } from '../../base/text.ts';
import { sameValue, withFields } from '../edit.ts';
import { type FieldError, forbiddenField, invalidField } from '../field-error.ts';
import type { Container, Pod, PodSpec } from '../types.ts';

const MESSAGE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** What is wrong with an update of a pod's spec. */
export function podUpdateErrors(pod: Pod, old: Pod): FieldError[] {
  const spec = pod.spec;
  const before = old.spec;
  if (spec === undefined || before === undefined || spec === before) return [];
  const errors: FieldError[] = [];
  for (const part of ['containers', 'initContainers'] as const) {
    const count = (spec[part] ?? []).length;
    if (count === (before[part] ?? []).length) continue;
    return [forbiddenField(`spec.${part}`, 'pod updates may not add or remove containers')];
  }
  const munged = withFields(spec, {
    containers: withImagesOf(spec.containers, before.containers),
    initContainers: withImagesOf(spec.initContainers, before.initContainers),
    activeDeadlineSeconds: before.activeDeadlineSeconds,
    tolerations: before.tolerations,
    schedulingGates: before.schedulingGates,
    terminationGracePeriodSeconds:
      spec.terminationGracePeriodSeconds === 1 && (before.terminationGracePeriodSeconds ?? 0) < 0
        ? before.terminationGracePeriodSeconds
        : spec.terminationGracePeriodSeconds,
  });
  errors.push(...deadlineErrors(spec, before), ...tolerationErrors(spec, before));
  errors.push(...gateErrors(spec, before));
  if (!sameValue(munged, before)) {
    errors.push(forbiddenField('spec', `${MESSAGE}\n${specDiff(munged, before)}`));
  }
  return errors;
}

function deadlineErrors(spec: PodSpec, before: PodSpec): FieldError[] {
  const seconds = spec.activeDeadlineSeconds;
  const limit = before.activeDeadlineSeconds;
  if (seconds === limit || limit === undefined) return [];
  const field = 'spec.activeDeadlineSeconds';
  if (seconds === undefined) {
    return [invalidField(field, null, 'must not update from a positive integer to nil value')];
  }
  if (seconds < limit) return [];
  const detail = `must be less than or equal to previous value`;
  return [invalidField(field, seconds, detail)];
}

function tolerationErrors(spec: PodSpec, before: PodSpec): FieldError[] {
  const kept = (before.tolerations ?? []).every((old) =>
    (spec.tolerations ?? []).some((each) =>
      sameValue(
        withFields(each, { tolerationSeconds: undefined }),
        withFields(old, { tolerationSeconds: undefined }),
      ),
    ),
  );
  if (kept) return [];
  const detail = 'existing toleration can not be modified except its tolerationSeconds';
  return [forbiddenField('spec.tolerations', detail)];
}

/** Gates are only ever taken away. */
function gateErrors(spec: PodSpec, before: PodSpec): FieldError[] {
  const known = new Set((before.schedulingGates ?? []).map((gate) => gate.name));
  return (spec.schedulingGates ?? []).flatMap(({ name }, index) => {
    if (known.has(name)) return [];
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`;
    return [forbiddenField(`spec.schedulingGates[${index}].name`, detail)];
  });
}

function withImagesOf<L extends readonly Container[] | undefined>(list: L, images: L): L {
  if (list === undefined || images === undefined) return list;
  const munged = list.map((container, index) =>
    withFields(container, { image: images[index]?.image }),
  );
  return Object.freeze(munged) as unknown as L;
}

function specDiff(spec: PodSpec, before: PodSpec): string {
  const lines: string[] = ['  core.PodSpec{'];
  let equal = 0;
  const flush = (): void => {
    if (equal > 0) lines.push(`  \t... // ${equal} identical fields`);
    equal = 0;
  };
  const fields = new Set([...Object.keys(before), ...Object.keys(spec)]);
  for (const field of sortedText(fields)) {
    const left = before[field as keyof PodSpec];
    const right = spec[field as keyof PodSpec];
    if (sameValue(left, right)) {
      equal += 1;
      continue;
    }
    flush();
    const name = `${field[0]?.toUpperCase() ?? ''}${field.slice(1)}`;
    lines.push(`- \t${name}: ${goText(left)},`, `+ \t${name}: ${goText(right)},`);
  }
  flush();
  lines.push('  }', '');
  return lines.join('\n');
}

function goText(value: unknown): string {
  return value === undefined ? 'nil' : JSON.stringify(value);
}
