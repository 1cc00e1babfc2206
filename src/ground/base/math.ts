/**
 * Logarithms and powers that every engine computes alike: only `+ - * /` and bit steps, since the
 * host's `Math.log` and `**` with fractions may differ in the last bit between browsers.
 */

const LN2 = 0.6931471805599453;

/** Natural logarithm of a positive number, by range reduction and the atanh series. */
export function ln(x: number): number {
  let exponent = 0;
  let mantissa = x;
  while (mantissa > 1.5) {
    mantissa /= 2;
    exponent += 1;
  }
  while (mantissa < 0.75) {
    mantissa *= 2;
    exponent -= 1;
  }
  const z = (mantissa - 1) / (mantissa + 1);
  const square = z * z;
  let term = z;
  let sum = 0;
  for (let n = 1; n < 60; n += 2) {
    sum += term / n;
    term *= square;
  }
  return 2 * sum + exponent * LN2;
}

/** A whole, non-negative power by repeated squaring. */
export function powInt(base: number, exponent: number): number {
  let result = 1;
  let factor = base;
  let rest = exponent;
  while (rest > 0) {
    if (rest % 2 === 1) result *= factor;
    factor *= factor;
    rest = Math.floor(rest / 2);
  }
  return result;
}

/** ⌊log₂ x⌋ of a positive number; 0 for anything below 2. */
export function log2Floor(x: number): number {
  let bits = 0;
  let rest = x;
  while (rest >= 2) {
    rest /= 2;
    bits += 1;
  }
  return bits;
}
