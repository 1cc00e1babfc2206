/**
 * Quantities: `500m`, `1.5Gi`, `1e3`. Exact, as k8s.io/apimachinery/pkg/api/resource/quantity.go
 * (v0.34): a decimal with at most nine places (finer digits round up, away from zero), kept in billionths as a
 * BigInt, and the family of its suffix. The common forms (`100m`, `2`, `64Mi`) take a fast path with
 * plain numbers. Objects hold quantities as their canonical text.
 */
import { err, ok, type Result } from '../base/result.ts';

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

export interface Quantity {
  /** The amount in billionths. */
  readonly nano: bigint;
  readonly format: QuantityFormat;
}

const NANO = 1_000_000_000n;
const MILLION = 1_000_000n;
/** Upstream caps what is larger at 2⁶³−1. */
const MAX = (2n ** 63n - 1n) * NANO;
const BAD_FORM =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const BAD_SUFFIX = "unable to parse quantity's suffix";

const DECIMAL: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
]);
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const FORM = /^([+-]?)(?:(\d+)(?:\.(\d*))?|\.(\d+))([a-zA-Z]*)([+-]?\d*)$/;

/** Reads a quantity; the error is upstream's text. */
export function parseQuantity(text: string): Result<Quantity, string> {
  const match = FORM.exec(text);
  if (match === null) return err(BAD_FORM);
  const letters = match[5] as string;
  const digits = match[6] as string;
  const fraction = match[3] ?? match[4] ?? '';
  const mantissa = BigInt(`${match[2] ?? ''}${fraction}`);
  const negative = match[1] === '-';
  let power = -fraction.length;
  let format: QuantityFormat = 'DecimalSI';
  let factor = 1n;
  if ((letters === 'e' || letters === 'E') && /\d/.test(digits)) {
    format = 'DecimalExponent';
    power += Number(digits);
  } else if (digits !== '') {
    return err(BAD_SUFFIX);
  } else if (letters.endsWith('i')) {
    const step = BINARY.indexOf(letters);
    if (step < 0) return err(BAD_SUFFIX);
    format = 'BinarySI';
    factor = 1024n ** BigInt(step);
  } else {
    const exponent = DECIMAL.get(letters);
    if (exponent === undefined) return err(BAD_SUFFIX);
    power += exponent;
  }
  const nano = scaled(mantissa * factor, power + 9);
  const capped = nano > MAX ? MAX : nano;
  return ok({ nano: negative ? -capped : capped, format });
}

/** amount × 10^power in whole units, rounded up. */
function scaled(amount: bigint, power: number): bigint {
  if (amount === 0n) return 0n;
  if (power > 40) return MAX;
  if (power >= 0) return amount * 10n ** BigInt(power);
  return ceilDivide(amount, 10n ** BigInt(Math.min(-power, 200)));
}

function ceilDivide(amount: bigint, by: bigint): bigint {
  const quotient = amount / by;
  const rest = amount % by;
  if (rest === 0n) return quotient;
  return amount > 0n ? quotient + 1n : quotient;
}

/** The canonical text: no fraction, the largest suffix that loses nothing. */
export function formatQuantity(quantity: Quantity): string {
  const nano = quantity.nano;
  if (nano === 0n) return '0';
  const small = nano > -1024n * NANO && nano < 1024n * NANO;
  if (quantity.format === 'BinarySI' && !small && nano % NANO === 0n) {
    let amount = nano / NANO;
    let step = 0;
    while (amount % 1024n === 0n && step < BINARY.length - 1) {
      amount /= 1024n;
      step += 1;
    }
    return `${amount}${BINARY[step]}`;
  }
  let amount = nano;
  let exponent = -9;
  while (amount % 1000n === 0n && exponent < 18) {
    amount /= 1000n;
    exponent += 3;
  }
  if (quantity.format === 'DecimalExponent') {
    return exponent === 0 ? `${amount}` : `${amount}e${exponent}`;
  }
  for (const [suffix, value] of DECIMAL) if (value === exponent) return `${amount}${suffix}`;
  return `${amount}`;
}

const SIMPLE = /^(\d{1,9})(m|Ki|Mi|Gi)?$/;

/** The canonical text of a quantity's text, or upstream's error. */
export function canonicalQuantity(text: string): Result<string, string> {
  const simple = SIMPLE.exec(text);
  // `128Mi`, `250m`, `2`: canonical already unless a larger suffix would do or zeros lead.
  if (simple !== null) {
    const digits = simple[1] as string;
    const suffix = simple[2];
    const amount = Number(digits);
    const binary = suffix !== undefined && suffix !== 'm';
    const roundless = binary ? amount % 1024 !== 0 : amount % 1000 !== 0;
    if (roundless && amount > 0 && digits.charCodeAt(0) !== 48) return ok(text);
  }
  const parsed = parseQuantity(text);
  return parsed.ok ? ok(formatQuantity(parsed.value)) : parsed;
}

/** Thousandths, rounded up: CPU in millicores. Text that is no quantity counts as 0. */
export function milliValue(text: string | undefined): number {
  if (text === undefined) return 0;
  const simple = SIMPLE.exec(text);
  if (simple !== null) {
    const amount = Number(simple[1]);
    if (simple[2] === 'm') return amount;
    if (simple[2] === undefined) return amount * 1000;
  }
  const parsed = parseQuantity(text);
  return parsed.ok ? Number(ceilDivide(parsed.value.nano, MILLION)) : 0;
}

/** Whole units, rounded up: bytes of memory, counts. Text that is no quantity counts as 0. */
export function wholeValue(text: string | undefined): number {
  if (text === undefined) return 0;
  const simple = SIMPLE.exec(text);
  if (simple !== null && simple[2] !== 'm') {
    const step = simple[2] === undefined ? 0 : BINARY.indexOf(simple[2]);
    return Number(simple[1]) * 1024 ** step;
  }
  const parsed = parseQuantity(text);
  return parsed.ok ? Number(ceilDivide(parsed.value.nano, NANO)) : 0;
}

/** Negative, zero or positive, as a < b, a = b, a > b. */
export function compareQuantity(a: Quantity, b: Quantity): number {
  return a.nano < b.nano ? -1 : a.nano > b.nano ? 1 : 0;
}

/** The sum, in the format of the first unless that is zero. */
export function addQuantity(a: Quantity, b: Quantity): Quantity {
  return { nano: a.nano + b.nano, format: a.nano === 0n ? b.format : a.format };
}

export const ZERO_QUANTITY: Quantity = { nano: 0n, format: 'DecimalSI' };
