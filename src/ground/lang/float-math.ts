/**
 * Elementary functions from `+ - * /` alone, so that every engine computes them alike; for awk and jq.
 * Series after range reduction; the last digit may differ from libm's.
 */
import { ln, powInt } from '../base/math.ts';

const PI = 3.141592653589793;
const LN2 = 0.6931471805599453;

export function log(x: number): number {
  if (Number.isNaN(x) || x < 0) return Number.NaN;
  if (x === 0) return Number.NEGATIVE_INFINITY;
  return x === Number.POSITIVE_INFINITY ? x : ln(x);
}

/** Exact for whole powers of the base. */
export function logBase(x: number, base: number): number {
  const value = log(x) / ln(base);
  const whole = Math.floor(value + 0.5);
  return Math.abs(whole) < 400 && powInt(base, Math.abs(whole)) === (whole < 0 ? 1 / x : x)
    ? whole
    : value;
}

export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.8) return Number.POSITIVE_INFINITY;
  if (x < -745.2) return 0;
  const count = Math.floor(x / LN2 + 0.5);
  const rest = x - count * LN2;
  let term = 1;
  let sum = 1;
  for (let n = 1; n < 24; n += 1) {
    term = (term * rest) / n;
    sum += term;
  }
  return count >= 0
    ? sum * powInt(2, count)
    : sum / powInt(2, Math.min(-count, 1000)) / powInt(2, Math.max(0, -count - 1000));
}

export function pow(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  if (Number.isInteger(exponent) && Math.abs(exponent) < 1e6) {
    const value = powInt(base, Math.abs(exponent));
    return exponent < 0 ? 1 / value : value;
  }
  if (exponent === 0.5) return Math.sqrt(base);
  if (base < 0) return Number.NaN;
  if (base === 0) return exponent > 0 ? 0 : Number.POSITIVE_INFINITY;
  return exp(exponent * log(base));
}

export function sin(x: number): number {
  if (!Number.isFinite(x)) return Number.NaN;
  const turns = Math.floor(x / (2 * PI) + 0.5);
  let rest = x - turns * 2 * PI;
  if (rest > PI / 2) rest = PI - rest;
  else if (rest < -PI / 2) rest = -PI - rest;
  let term = rest;
  let sum = rest;
  for (let n = 1; n < 14; n += 1) {
    term = (-term * rest * rest) / (2 * n * (2 * n + 1));
    sum += term;
  }
  return sum;
}

export function cos(x: number): number {
  return x === 0 ? 1 : sin(x + PI / 2);
}

export function atan(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 0) return -atan(-x);
  if (x === Number.POSITIVE_INFINITY) return PI / 2;
  if (x > 1) return PI / 2 - atan(1 / x);
  // Halve the angle twice: the series then converges quickly.
  const half = x / (1 + Math.sqrt(1 + x * x));
  const quarter = half / (1 + Math.sqrt(1 + half * half));
  let term = quarter;
  let sum = 0;
  for (let n = 1; n < 40; n += 2) {
    sum += (n % 4 === 1 ? term : -term) / n;
    term *= quarter * quarter;
  }
  return sum * 4;
}

export function atan2(y: number, x: number): number {
  if (x > 0) return atan(y / x);
  if (x < 0) return y >= 0 ? atan(y / x) + PI : atan(y / x) - PI;
  if (y === 0) return 0;
  return y > 0 ? PI / 2 : -PI / 2;
}
