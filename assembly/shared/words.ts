/**
 * Arithmetic on 32-bit words that Wasm and TypeScript compute alike. Sums and bit operations are
 * written with `u32(…)` around them where they stand; products need the function below, because a
 * TypeScript product goes through a double and loses low bits above 2⁵³.
 */

/** The low 32 bits of a product: one factor is split in halves of 16 bits, so that no step reaches 2⁵³. */
export function multiplyWords(a: u32, b: u32): u32 {
  return u32(u32(u32((a >>> 16) * b) << 16) + (a & 0xffff) * b);
}

/** A bijection of words that spreads every input bit over the result (Chris Wellons' lowbias32). */
export function mixWords(word: u32): u32 {
  let x: u32 = u32(word ^ (word >>> 16));
  x = multiplyWords(x, 0x21f0aaad);
  x = u32(x ^ (x >>> 15));
  x = multiplyWords(x, 0x735a2d97);
  return u32(x ^ (x >>> 15));
}
