/**
 * Private and public keys: ECDSA on P-256, kubeadm's own option. A key is its 32-byte scalar, drawn
 * by SHA-256 from the lab's seed and the key's name; the point and signatures (RFC 6979, no random)
 * are computed when somebody needs their bytes. Inside the model a key is known by its id: a digest
 * of the scalar, so that a key read back from its PEM is the same key. Certificates carry the id as
 * their subject key identifier.
 *
 * Curve arithmetic is @noble/curves, imported only here. RSA is not modelled.
 */
import { p256 } from '@noble/curves/nist.js';
import { assert } from '../base/assert.ts';
import { concatBytes, hexOf, utf8 } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import {
  bitString,
  element,
  formatOid,
  OCTET_STRING,
  oid,
  readAll,
  readElement,
  SEQUENCE,
} from './der.ts';
import { sha256 } from './digest.ts';
import { formatPem, parsePem } from './pem.ts';

const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const PRIME256V1 = '1.2.840.10045.3.1.7';
/**
 * A lab's start needs one point and one signature, a lesson few more: a table that is made in no time
 * serves it better than the library's, which pays after hundreds.
 */
p256.Point.BASE.precompute(2);
/** Bytes of a key's id: those of a subject key identifier. */
const ID_BYTES = 20;

export interface PublicKey {
  /** What it is known by inside the model: equal ids, equal keys. */
  readonly id: string;
  /** The uncompressed point, 65 bytes. */
  point(): Uint8Array;
  /** Checks an ECDSA signature (r and s, 64 bytes) over the SHA-256 of a message. */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

export interface PrivateKey {
  readonly id: string;
  readonly publicKey: PublicKey;
  /** The scalar, 32 bytes. */
  readonly scalar: Uint8Array;
  /** ECDSA over the SHA-256 of a message: r and s, 64 bytes, the same ones every time. */
  sign(message: Uint8Array): Uint8Array;
}

/** The key of this name in the lab of this seed. */
export function newPrivateKey(seed: number, name: string): PrivateKey {
  for (let counter = 0; ; counter += 1) {
    const scalar = sha256(`${seed}/${name}/${counter}`);
    if (p256.utils.isValidSecretKey(scalar)) return keyOf(scalar);
  }
}

/** `EC PRIVATE KEY` (RFC 5915), as kubeadm writes it. */
export function privateKeyPem(key: PrivateKey): string {
  const version = element(0x02, new Uint8Array([1]));
  const curve = element(0xa0, oid(PRIME256V1));
  const point = element(0xa1, bitString(key.publicKey.point()));
  return formatPem(
    'EC PRIVATE KEY',
    element(SEQUENCE, version, element(OCTET_STRING, key.scalar), curve, point),
  );
}

/** `PUBLIC KEY`: the subjectPublicKeyInfo of X.509. */
export function publicKeyPem(key: PublicKey): string {
  return formatPem('PUBLIC KEY', encodeSubjectKey(key));
}

/** subjectPublicKeyInfo of RFC 5480. */
export function encodeSubjectKey(key: PublicKey): Uint8Array {
  return element(
    SEQUENCE,
    element(SEQUENCE, oid(EC_PUBLIC_KEY), oid(PRIME256V1)),
    bitString(key.point()),
  );
}

/** The first private key of a PEM text (SEC 1 or PKCS #8). The error is crypto/tls's word for it. */
export function parsePrivateKey(pem: string): Result<PrivateKey, string> {
  for (const { label, bytes } of parsePem(pem)) {
    if (label === 'EC PRIVATE KEY') return parseSec1(bytes);
    if (label === 'PRIVATE KEY') {
      const inner = readAll(readElement(bytes)?.content ?? new Uint8Array(0))?.[2];
      return inner?.tag === OCTET_STRING
        ? parseSec1(inner.content)
        : err('tls: failed to parse private key');
    }
    if (label === 'RSA PRIVATE KEY') return err('tls: RSA keys are not supported by this lab');
  }
  return err('tls: failed to find any PEM data in key input');
}

/** The first public key of a PEM text; a private key or its file serves too, as in Go's keyutil. */
export function parsePublicKey(pem: string): Result<PublicKey, string> {
  for (const { label, bytes } of parsePem(pem)) {
    if (label === 'PUBLIC KEY') {
      const key = parseSubjectKey(bytes);
      return key === undefined
        ? err('data does not contain any valid RSA or ECDSA public keys')
        : ok(key);
    }
  }
  const whole = parsePrivateKey(pem);
  return whole.ok
    ? ok(whole.value.publicKey)
    : err('data does not contain any valid RSA or ECDSA public keys');
}

/** A subjectPublicKeyInfo; `id` names the key when its certificate does. */
export function parseSubjectKey(bytes: Uint8Array, id?: string): PublicKey | undefined {
  const [algorithm, key] = readAll(readElement(bytes)?.content ?? new Uint8Array(0)) ?? [];
  if (algorithm === undefined || key === undefined) return undefined;
  const [kind, curve] = readAll(algorithm.content) ?? [];
  if (kind === undefined || curve === undefined) return undefined;
  if (formatOid(kind.content) !== EC_PUBLIC_KEY || formatOid(curve.content) !== PRIME256V1)
    return undefined;
  const point = key.content.subarray(1);
  if (!p256.utils.isValidPublicKey(point)) return undefined;
  return Object.freeze(new EcPublicKey(id ?? pointId(point), () => point));
}

/** Whether two keys are one: by id, or by their points when one was read without its name. */
export function samePublicKey(a: PublicKey, b: PublicKey): boolean {
  if (a.id === b.id) return true;
  if (!a.id.startsWith('point:') && !b.id.startsWith('point:')) return false;
  return hexOf(a.point()) === hexOf(b.point());
}

/** The id of a key that is known by its point alone. */
function pointId(point: Uint8Array): string {
  return `point:${hexOf(sha256(point).subarray(0, ID_BYTES))}`;
}

class EcPublicKey implements PublicKey {
  readonly id: string;
  readonly #make: () => Uint8Array;
  #point: Uint8Array | undefined;

  constructor(id: string, make: () => Uint8Array) {
    this.id = id;
    this.#make = make;
  }

  point(): Uint8Array {
    this.#point ??= this.#make();
    return this.#point;
  }

  verify(message: Uint8Array, signature: Uint8Array): boolean {
    if (signature.length !== 64) return false;
    return p256.verify(signature, message, this.point(), {
      prehash: true,
      format: 'compact',
      lowS: false,
    });
  }
}

function keyOf(scalar: Uint8Array): PrivateKey {
  const id = hexOf(sha256(concatBytes([utf8('drydock key id'), scalar])).subarray(0, ID_BYTES));
  const publicKey = Object.freeze(new EcPublicKey(id, () => p256.getPublicKey(scalar, false)));
  const sign = (message: Uint8Array): Uint8Array =>
    p256.sign(message, scalar, { prehash: true, format: 'compact', lowS: false });
  return Object.freeze({ id, publicKey, scalar, sign });
}

function parseSec1(bytes: Uint8Array): Result<PrivateKey, string> {
  const scalar = readAll(readElement(bytes)?.content ?? new Uint8Array(0))?.[1];
  if (scalar?.tag !== OCTET_STRING || scalar.content.length !== 32)
    return err('tls: failed to parse private key');
  if (!p256.utils.isValidSecretKey(scalar.content)) return err('tls: failed to parse private key');
  const copy = scalar.content.slice();
  assert(copy.length === 32, 'a P-256 scalar has 32 bytes');
  return ok(keyOf(copy));
}
