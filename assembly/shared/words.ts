/**
 * Arithmetic on 32-bit words that Wasm and TypeScript compute alike. Sums and bit operations are
 * written with `u32(…)` around them where they stand; products need `multiplyWords` of the memory.
 */
import { multiplyWords } from './memory.ts';

/** A bijection of words that spreads every input bit over the result (Chris Wellons' lowbias32). */
export function mixWords(word: u32): u32 {
  let x: u32 = u32(word ^ (word >>> 16));
  x = multiplyWords(x, 0x21f0aaad);
  x = u32(x ^ (x >>> 15));
  x = multiplyWords(x, 0x735a2d97);
  return u32(x ^ (x >>> 15));
}
