/**
 * Validation of what containers request and may use (pkg/apis/core/validation/validation.go
 * ValidateResourceRequirements, 1.34).
 */
import { type FieldError, forbiddenField, invalidField, requiredField } from '../field-error.ts';
import { compareQuantity, parseQuantity } from '../quantity.ts';
import type { ResourceRequirements } from '../types.ts';
import { isQualifiedName } from './names.ts';

const NOT_NEGATIVE = 'must be greater than or equal to 0';
const STANDARD = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** What is wrong with the names, amounts and limits of a container. */
export function resourceErrors(
  resources: ResourceRequirements | undefined,
  field: string,
): FieldError[] {
  const errors: FieldError[] = [];
  const limits = resources?.limits ?? {};
  for (const part of ['limits', 'requests'] as const) {
    for (const [name, text] of Object.entries(resources?.[part] ?? {})) {
      const at = `${field}.${part}[${name}]`;
      errors.push(...resourceNameErrors(name, at));
      const amount = parseQuantity(text);
      if (!amount.ok) continue;
      if (amount.value.nano < 0n) errors.push(invalidField(at, text, NOT_NEGATIVE));
      if (isExtended(name) && amount.value.nano % NANO_PER_UNIT !== 0n) {
        errors.push(invalidField(at, text, 'must be an integer'));
      }
      const limit = Object.hasOwn(limits, name) ? parseQuantity(limits[name] as string) : undefined;
      if (part !== 'requests') continue;
      if (limit === undefined) {
        const detail = 'Limit must be set for non overcommitable resources';
        if (!mayOvercommit(name)) errors.push(requiredField(`${field}.limits`, detail));
      } else if (limit.ok) {
        const difference = compareQuantity(amount.value, limit.value);
        const rule = mayOvercommit(name) ? 'less than or equal to' : 'equal to';
        if (difference > 0 || (difference < 0 && !mayOvercommit(name))) {
          const detail = `must be ${rule} ${name} limit of ${limits[name] as string}`;
          errors.push(invalidField(`${field}.requests`, text, detail));
        }
      }
    }
  }
  errors.push(...hugePageErrors(resources, field));
  return errors;
}

const NANO_PER_UNIT = 1_000_000_000n;

/** Resources of somebody else's: counted in whole units. */
function isExtended(name: string): boolean {
  return name.includes('/') && !name.includes('kubernetes.io/');
}

/** Only what the kernel shares out may be promised to more than have it. */
function mayOvercommit(name: string): boolean {
  return !isExtended(name) && !name.startsWith('hugepages-');
}

function hugePageErrors(resources: ResourceRequirements | undefined, field: string): FieldError[] {
  const names = new Set([
    ...Object.keys(resources?.limits ?? {}),
    ...Object.keys(resources?.requests ?? {}),
  ]);
  const huge = [...names].some((name) => name.startsWith('hugepages-'));
  if (!huge || names.has('cpu') || names.has('memory')) return [];
  return [forbiddenField(field, 'HugePages require cpu or memory')];
}

function resourceNameErrors(name: string, field: string): FieldError[] {
  const errors = isQualifiedName(name).map((text) => invalidField(field, name, text));
  if (errors.length > 0) return errors;
  if (name.includes('/') || STANDARD.has(name) || name.startsWith('hugepages-')) return [];
  return [
    invalidField(field, name, 'must be a standard resource type or fully qualified'),
    invalidField(field, name, 'must be a standard resource for containers'),
  ];
}
