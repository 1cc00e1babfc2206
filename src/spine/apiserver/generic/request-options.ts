/**
 * The options that stand in a request's query, checked before anything is done
 * (k8s.io/apimachinery/pkg/apis/meta/v1/validation and meta/internalversion/validation, v0.34): what is
 * no number is 400, what is not allowed is 422 of the options' own kind.
 */
import {
  type FieldError,
  forbiddenField,
  invalidField,
  tooLongField,
  unsupportedField,
  unsupportedOf,
} from '../../../ground/api/field-error.ts';
import type { DeleteOptions } from '../../../ground/api/types.ts';
import { utf8 } from '../../../ground/base/bytes.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import { quote } from '../../../ground/base/text.ts';
import type { Query } from './query.ts';
import { badRequest, type Failure, invalid } from './status.ts';

const VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn'];
const MANAGER_BYTES_MAX = 128;
const POLICIES = ['Foreground', 'Background', 'Orphan'];

function refused(kind: string, errors: readonly FieldError[]): Result<void, Failure> {
  return errors.length === 0 ? ok(undefined) : invalid('meta.k8s.io', kind, '', errors);
}

/** Options of a create, update or patch. */
export function checkWriteOptions(
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  query: Query,
): Result<void, Failure> {
  if (query.text === '') return ok(undefined);
  const errors: FieldError[] = [];
  if (kind === 'PatchOptions' && query.has('force')) {
    errors.push(forbiddenField('force', 'may not be specified for non-apply patch'));
  }
  errors.push(...managerErrors(query.get('fieldManager') ?? ''));
  errors.push(...dryRunErrors(query.all('dryRun')));
  const validation = query.get('fieldValidation') ?? '';
  if (!VALIDATIONS.includes(validation)) {
    errors.push(unsupportedField('fieldValidation', validation, VALIDATIONS));
  }
  return refused(kind, errors);
}

function managerErrors(manager: string): FieldError[] {
  const errors: FieldError[] = [];
  if (manager.length > MANAGER_BYTES_MAX || utf8(manager).length > MANAGER_BYTES_MAX) {
    errors.push(tooLongField('fieldManager', MANAGER_BYTES_MAX));
  }
  let position = 0;
  for (const char of manager) {
    const code = char.codePointAt(0) ?? 0;
    if (code < 0x20 || (code >= 0x7f && code <= 0xa0)) {
      const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
      const why = `invalid character ${name} (at position ${position})`;
      errors.push(invalidField('fieldManager', manager, why));
    }
    position += utf8(char).length;
  }
  return errors;
}

function dryRunErrors(values: readonly string[]): FieldError[] {
  const known = values.every((each) => each === 'All');
  return known ? [] : [unsupportedField('dryRun', values, ['All'])];
}

/** Options of a delete, wherever they came from. */
export function checkDeleteOptions(options: Partial<DeleteOptions>): Result<void, Failure> {
  const { propagationPolicy: policy, orphanDependents, dryRun } = options;
  const errors: FieldError[] = [];
  if (policy !== undefined && orphanDependents !== undefined) {
    const why = 'orphanDependents and deletionPropagation cannot be both set';
    errors.push(invalidField('propagationPolicy', policy, why));
  }
  if (policy !== undefined && !POLICIES.includes(policy)) {
    errors.push(unsupportedOf('propagationPolicy', policy, [...POLICIES, 'nil']));
  }
  errors.push(...dryRunErrors(dryRun ?? []));
  return refused('DeleteOptions', errors);
}

/** A number of the query; undefined when it is absent or empty. */
export function numberOf(query: Query, name: string): Result<number | undefined, Failure> {
  const text = query.get(name);
  if (text === undefined || text === '') return ok(undefined);
  if (/^[+-]?\d{1,15}$/.test(text)) return ok(Number(text));
  return badRequest(`strconv.ParseInt: parsing ${quote(text)}: invalid syntax`);
}

const MATCH = 'resourceVersionMatch';

/** Options of a list. */
export function checkListOptions(query: Query): Result<void, Failure> {
  if (query.text === '') return ok(undefined);
  const numbers = checkNumbers(query);
  if (!numbers.ok) return numbers;
  const match = query.get(MATCH) ?? '';
  const revision = query.get('resourceVersion') ?? '';
  const errors: FieldError[] = [];
  const forbid = (why: string): void => {
    errors.push(forbiddenField(MATCH, why));
  };
  if (match !== '') {
    if (revision === '') forbid(`${MATCH} is forbidden unless resourceVersion is provided`);
    if ((query.get('continue') ?? '') !== '') {
      forbid(`${MATCH} is forbidden when continue is provided`);
    }
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(unsupportedOf(MATCH, match, ['Exact', 'NotOlderThan', '']));
    }
    if (match === 'Exact' && revision === '0') {
      forbid(`${MATCH} "exact" is forbidden for resourceVersion "0"`);
    }
  }
  if (query.has('sendInitialEvents')) {
    errors.push(forbiddenField('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  }
  return refused('ListOptions', errors);
}

/** Options of a watch. */
export function checkWatchOptions(query: Query): Result<void, Failure> {
  const numbers = checkNumbers(query);
  if (!numbers.ok) return numbers;
  const match = query.get(MATCH) ?? '';
  const initial = query.has('sendInitialEvents');
  const errors: FieldError[] = [];
  if (initial && match !== 'NotOlderThan') {
    const why = `sendInitialEvents requires setting ${MATCH} to NotOlderThan`;
    errors.push(forbiddenField(MATCH, why));
  }
  if (match !== '') {
    if (!initial) {
      const why = `${MATCH} is forbidden for watch unless sendInitialEvents is provided`;
      errors.push(forbiddenField(MATCH, why));
    }
    if (match !== 'NotOlderThan') {
      errors.push(unsupportedField(MATCH, match, ['NotOlderThan']));
    }
    if ((query.get('continue') ?? '') !== '') {
      errors.push(forbiddenField(MATCH, `${MATCH} is forbidden when continue is provided`));
    }
  }
  return refused('ListOptions', errors);
}

function checkNumbers(query: Query): Result<void, Failure> {
  for (const name of ['limit', 'timeoutSeconds']) {
    const number = numberOf(query, name);
    if (!number.ok) return number;
  }
  return ok(undefined);
}
