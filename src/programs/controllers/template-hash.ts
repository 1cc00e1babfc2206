/**
 * pod-template-hash: 32-bit FNV-1a over a canonical text of the pod template, with the collision count
 * when there is one, in decimal, then safe-encoded (k8s.io/apimachinery/pkg/util/rand SafeEncodeString).
 * Upstream hashes a dump of Go structures, so the digits differ from a real cluster's; alphabet,
 * length, stability and the retry on collision are the same.
 */
import { fnv1a } from '../../ground/base/hash.ts';
import { sortedText } from '../../ground/base/text.ts';

const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/** The hash of a template. Fields that are absent, whatever their order, do not count. */
export function templateHash(template: unknown, collisionCount: number | undefined): string {
  let hash = hashValue(template, 0x811c9dc5);
  if (collisionCount !== undefined) hash = fnv1a(`#${collisionCount}`, hash);
  return safeEncode(`${hash}`);
}

function hashValue(value: unknown, start: number): number {
  if (Array.isArray(value)) {
    let hash = fnv1a('[', start);
    for (const item of value) hash = hashValue(item, hash);
    return fnv1a(']', hash);
  }
  if (typeof value === 'object' && value !== null) {
    let hash = fnv1a('{', start);
    for (const key of sortedText(Object.keys(value))) {
      const part = (value as Record<string, unknown>)[key];
      if (part !== undefined) hash = hashValue(part, fnv1a(`${key}:`, hash));
    }
    return fnv1a('}', hash);
  }
  return fnv1a(`${typeof value}=${String(value)};`, start);
}

/** Each byte of a text as a letter of the safe alphabet. */
export function safeEncode(text: string): string {
  let out = '';
  for (let index = 0; index < text.length; index += 1) {
    out += ALPHABET[text.charCodeAt(index) % ALPHABET.length];
  }
  return out;
}
