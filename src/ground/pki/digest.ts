/**
 * Cryptographic digests, by @noble/hashes (imported nowhere else but here and in `keys`): SHA-256 for
 * certificates and chain names, SHA-512 for the chain names of CNI plugins, SHA-1 for key identifiers,
 * and Go's base32.
 */
import { sha1 as nobleSha1 } from '@noble/hashes/legacy.js';
import { sha256 as nobleSha256, sha512 as nobleSha512 } from '@noble/hashes/sha2.js';
import { hexOf, utf8 } from '../base/bytes.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** SHA-256 of bytes, or of the UTF-8 of a text. 32 bytes. */
export function sha256(data: Uint8Array | string): Uint8Array {
  return nobleSha256(typeof data === 'string' ? utf8(data) : data);
}

/** SHA-512, 64 bytes. */
export function sha512(data: Uint8Array): Uint8Array {
  return nobleSha512(data);
}

/** SHA-512 of a text's UTF-8, in hexadecimal digits. */
export function sha512Hex(text: string): string {
  return hexOf(nobleSha512(utf8(text)));
}

/** SHA-1, 20 bytes. Not for security. */
export function sha1(data: Uint8Array | string): Uint8Array {
  return nobleSha1(typeof data === 'string' ? utf8(data) : data);
}

/** Standard base32 with padding (RFC 4648 section 6), as Go's base32.StdEncoding. */
function base32Of(bytes: Uint8Array): string {
  let text = '';
  let word = 0;
  let bits = 0;
  for (const byte of bytes) {
    word = ((word << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(word >> bits) & 31];
    }
  }
  if (bits > 0) text += BASE32[(word << (5 - bits)) & 31];
  return text.padEnd(Math.ceil(text.length / 8) * 8, '=');
}

/**
 * The first `length` letters of base32(SHA-256(text)): the suffix of kube-proxy's chain names
 * (pkg/proxy/iptables/proxier.go portProtoHash, 16 letters).
 */
export function base32Digest(text: string, length: number): string {
  return base32Of(sha256(text)).slice(0, length);
}
