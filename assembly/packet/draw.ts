/**
 * The stream of random draws of a namespace: sfc32 with its state in memory, as `base/random`. One
 * draw is taken per statistic rule reached, and one per port that NAT has to choose, in the order of
 * the walk; so every form of walking draws alike.
 */
import { loadWord, storeWord } from '../shared/memory.ts';
import { S_DRAW } from './layout.ts';

/** A uniform 32-bit word. */
export function drawWord(space: u32): u32 {
  const at: u32 = u32(space + S_DRAW);
  const a: u32 = loadWord(at);
  const b: u32 = loadWord(u32(at + 4));
  const c: u32 = loadWord(u32(at + 8));
  const counter: u32 = loadWord(u32(at + 12));
  const sum: u32 = u32(u32(a + b) + counter);
  storeWord(u32(at + 12), u32(counter + 1));
  storeWord(at, u32(b ^ (b >>> 9)));
  storeWord(u32(at + 4), u32(c + u32(c << 3)));
  storeWord(u32(at + 8), u32(u32(u32(c << 21) | (c >>> 11)) + sum));
  return sum;
}

/** A uniform number of 31 bits, what xt_statistic compares with its threshold. */
export function drawBits(space: u32): u32 {
  return drawWord(space) >>> 1;
}
