/**
 * Errors about one field of an object, in upstream's types and words
 * (k8s.io/apimachinery/pkg/util/validation/field/errors.go, v0.34).
 */
import { quote, sortedText } from '../base/text.ts';

export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError'
  | 'FieldValueTypeInvalid';

export interface FieldError {
  readonly type: FieldErrorType;
  /** `spec.containers[0].name` */
  readonly field: string;
  /** Text behind the path: `Required value`, `Invalid value: "x": must be …`. */
  readonly message: string;
}

/** `spec.replicas: Invalid value: -1: must be greater than or equal to 0` */
export function formatFieldError(error: FieldError): string {
  return `${error.field}: ${error.message}`;
}

function detailed(head: string, detail: string): string {
  return detail === '' ? head : `${head}: ${detail}`;
}

/** How upstream prints a bad value: strings quoted, numbers and booleans bare, structures as JSON. */
function formatValue(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (typeof value === 'string') return quote(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

export function requiredField(field: string, detail = ''): FieldError {
  return { type: 'FieldValueRequired', field, message: detailed('Required value', detail) };
}

export function invalidField(field: string, value: unknown, detail: string): FieldError {
  const head = `Invalid value: ${formatValue(value)}`;
  return { type: 'FieldValueInvalid', field, message: detailed(head, detail) };
}

export function unsupportedField(
  field: string,
  value: unknown,
  supported: readonly string[],
): FieldError {
  return unsupportedOf(field, value, sortedText(supported));
}

/** The same where upstream names the values in an order of its own. */
export function unsupportedOf(
  field: string,
  value: unknown,
  supported: readonly string[],
): FieldError {
  const list = supported.map(quote).join(', ');
  const head = `Unsupported value: ${formatValue(value)}`;
  return {
    type: 'FieldValueNotSupported',
    field,
    message: list === '' ? head : `${head}: supported values: ${list}`,
  };
}

export function duplicateField(field: string, value: unknown): FieldError {
  return { type: 'FieldValueDuplicate', field, message: `Duplicate value: ${formatValue(value)}` };
}

export function forbiddenField(field: string, detail: string): FieldError {
  return { type: 'FieldValueForbidden', field, message: detailed('Forbidden', detail) };
}

export function tooLongField(field: string, bytesMax: number): FieldError {
  const message = `Too long: may not be more than ${bytesMax} bytes`;
  return { type: 'FieldValueTooLong', field, message };
}

export function tooManyField(field: string, count: number, countMax: number): FieldError {
  const message = `Too many: ${count}: must have at most ${countMax} items`;
  return { type: 'FieldValueTooMany', field, message };
}

export function notFoundField(field: string, value: unknown): FieldError {
  return { type: 'FieldValueNotFound', field, message: `Not found: ${formatValue(value)}` };
}
