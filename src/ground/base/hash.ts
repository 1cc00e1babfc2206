/**
 * Small non-cryptographic hashes: 32-bit FNV-1a, the hash that upstream uses for template hashes and
 * that we use for named random streams and story hashes. SHA-256 lives in `pki/digest`.
 */

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** 32-bit FNV-1a over the UTF-16 code units of a text, low byte first then high byte if any. */
export function fnv1a(text: string, start: number = FNV_OFFSET): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    hash = Math.imul(hash ^ (unit & 0xff), FNV_PRIME);
    if (unit > 0xff) hash = Math.imul(hash ^ (unit >>> 8), FNV_PRIME);
  }
  return hash >>> 0;
}

/** 32-bit FNV-1a over bytes. */
export function fnv1aBytes(bytes: Uint8Array, start: number = FNV_OFFSET): number {
  let hash = start;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash >>> 0;
}

/** Mixes one word into a hash. */
export function mixWord(hash: number, word: number): number {
  let mixed = Math.imul(hash ^ word, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  return Math.imul(mixed, 0xc2b2ae35) >>> 0;
}
