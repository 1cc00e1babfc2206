/** The PodDisruptionBudget and the ResourceQuota of `kubectl create` (create_pdb.go, create_quota.go, v0.34). */
import { canonicalQuantity } from '../../../../ground/api/quantity.ts';
import { parseSelector, structureOf } from '../../../../ground/api/selector.ts';
import { ok } from '../../../../ground/base/result.ts';
import { quote } from '../../../../ground/base/text.ts';
import type { Task } from '../../../../ground/base/task.ts';
import { fail, type Outcome } from '../failure.ts';
import type { Session } from '../session.ts';

const AMOUNT = /^[0-9]+%?$/;

export function* generatedBudget(session: Session, name: string): Task<Outcome<object>> {
  const { flags } = session;
  const [min, max] = [flags.text('min-available'), flags.text('max-unavailable')];
  const text = flags.text('selector');
  if (text === '') return fail('a selector must be specified');
  if (min === '' && max === '')
    return fail('one of min-available or max-unavailable must be specified');
  if (min !== '' && max !== '')
    return fail('min-available and max-unavailable cannot be both specified');
  if (min !== '' && !AMOUNT.test(min)) return fail('invalid format specified for min-available');
  if (max !== '' && !AMOUNT.test(max)) return fail('invalid format specified for max-unavailable');
  const selector = parseSelector(text);
  if (!selector.ok)
    return fail(`couldn't parse the selector string ${quote(text)}: ${selector.error}`);
  if (selector.value.requirements.some(({ operator }) => operator === '!='))
    return fail('"!=" is not a valid label selector operator');
  return ok({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name },
    spec: {
      ...(min === '' ? {} : { minAvailable: amount(min) }),
      selector: structureOf(selector.value),
      ...(max === '' ? {} : { maxUnavailable: amount(max) }),
    },
    status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  });
}

function amount(text: string): number | string {
  return text.endsWith('%') ? text : Number(text);
}

export function* generatedQuota(session: Session, name: string): Task<Outcome<object>> {
  const { flags } = session;
  const hard: Record<string, string> = {};
  for (const pair of flags.text('hard').split(',')) {
    if (flags.text('hard') === '') break;
    const parts = pair.split('=');
    if (parts.length !== 2)
      return fail(`Invalid argument syntax ${pair}, expected <resource>=<value>`);
    const value = canonicalQuantity(parts[1] as string);
    if (!value.ok) return fail(value.error);
    hard[parts[0] as string] = value.value;
  }
  const scopes = flags.text('scopes') === '' ? [] : flags.text('scopes').split(',');
  return ok({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name },
    spec: {
      ...(Object.keys(hard).length > 0 ? { hard } : {}),
      ...(scopes.length > 0 ? { scopes } : {}),
    },
    status: {},
  });
}
