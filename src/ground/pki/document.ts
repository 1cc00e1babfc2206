/**
 * Keys and certificates as contents of files: the bytes are made when somebody reads them, the value
 * is there by reference. The shape is that of the machine layer's documents.
 */
import { textOf, utf8 } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Certificate, certificatePem, parseCertificates } from './certificate.ts';
import {
  parsePrivateKey,
  parsePublicKey,
  type PrivateKey,
  privateKeyPem,
  type PublicKey,
  publicKeyPem,
} from './keys.ts';

/** A document as the machine layer has it. */
export interface PkiDocument<T> {
  readonly kind: string;
  readonly value: T;
  render(): Uint8Array;
}

const CERTIFICATES = 'certificates';
const PRIVATE_KEY = 'private-key';
const PUBLIC_KEY = 'public-key';

/** A `.crt` file: one certificate, or a bundle, leaf first. */
export function certificateFile(
  ...certificates: readonly Certificate[]
): PkiDocument<readonly Certificate[]> {
  const value = Object.freeze([...certificates]);
  return document(CERTIFICATES, value, () => certificatePem(...value));
}

/** A `.key` file. */
export function keyFile(key: PrivateKey): PkiDocument<PrivateKey> {
  return document(PRIVATE_KEY, key, () => privateKeyPem(key));
}

/** A `.pub` file. */
export function publicKeyFile(key: PublicKey): PkiDocument<PublicKey> {
  return document(PUBLIC_KEY, key, () => publicKeyPem(key));
}

/** The certificates of a file's content: by reference from a document of ours, else parsed. */
export function certificatesFromContent(content: unknown): Result<readonly Certificate[], string> {
  const value = payloadOf(content, CERTIFICATES);
  if (value !== undefined) return ok(value as readonly Certificate[]);
  return parseCertificates(pemOf(content));
}

export function keyFromContent(content: unknown): Result<PrivateKey, string> {
  const value = payloadOf(content, PRIVATE_KEY);
  return value === undefined ? parsePrivateKey(pemOf(content)) : ok(value as PrivateKey);
}

/** A `.pub` or a `.key` file. */
export function publicKeyFromContent(content: unknown): Result<PublicKey, string> {
  const value = payloadOf(content, PUBLIC_KEY);
  if (value !== undefined) return ok(value as PublicKey);
  const key = payloadOf(content, PRIVATE_KEY);
  if (key !== undefined) return ok((key as PrivateKey).publicKey);
  const text = pemOf(content);
  return text === ''
    ? err('data does not contain any valid RSA or ECDSA public keys')
    : parsePublicKey(text);
}

function document<T>(kind: string, value: T, text: () => string): PkiDocument<T> {
  let bytes: Uint8Array | undefined;
  return Object.freeze({
    kind,
    value,
    render(): Uint8Array {
      bytes ??= utf8(text());
      return bytes;
    },
  });
}

function payloadOf(content: unknown, kind: string): unknown {
  if (typeof content !== 'object' || content === null || !('kind' in content)) return undefined;
  return content.kind === kind && 'value' in content ? content.value : undefined;
}

function pemOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (content instanceof Uint8Array) return textOf(content);
  if (typeof content === 'object' && content !== null && 'render' in content) {
    if (typeof content.render === 'function') return textOf(content.render() as Uint8Array);
  }
  return '';
}
