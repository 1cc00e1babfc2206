/**
 * Service-account tokens: JSON Web Tokens signed with ES256 (RFC 7515, 7518). A token is its claims
 * and its key; the text with the signature is made when somebody reads it, and one that is handed
 * over by reference is checked without arithmetic. A `TokenVerifier` remembers texts it has checked.
 */
import { base64UrlOf, parseBase64, textOf, utf8 } from '../base/bytes.ts';
import { type PrivateKey, type PublicKey, encodeSubjectKey, samePublicKey } from './keys.ts';
import { sha256 } from './digest.ts';

/** Texts that a verifier remembers. */
const REMEMBERED_MAX = 10_000;

/** A token whose text is made when it is read. */
export interface SignedToken {
  /** The payload, JSON. */
  readonly payload: string;
  /** Id of the key that signs. */
  readonly keyId: string;
  readonly publicKey: PublicKey;
  /** Length of the text, known before it is made. */
  readonly length: number;
  /** header.payload.signature */
  text(): string;
}

/** Where a value that shows a token's text keeps the token itself. */
const TOKEN: unique symbol = Symbol('token');

/** A value with a field `token`, made when it is read; who passes the token on takes it by reference. */
export function withToken<T extends object>(
  token: SignedToken,
  fields: T,
): Readonly<T> & { readonly token: string } {
  const shown = {
    get token(): string {
      return token.text();
    },
    ...fields,
  };
  Object.defineProperty(shown, TOKEN, { value: token });
  return Object.freeze(shown);
}

/** The token of a value that `withToken` has made. */
export function tokenIn(value: unknown): SignedToken | undefined {
  return typeof value === 'object' && value !== null
    ? (value as { readonly [TOKEN]?: SignedToken })[TOKEN]
    : undefined;
}

/** A parsed token; its payload is JSON text that nobody has vouched for until it is verified. */
interface ParsedToken {
  readonly header: string;
  readonly payload: string;
  readonly signedPart: string;
  readonly signature: Uint8Array;
}

/** Bytes of `{"alg":"ES256","kid":"…"}` and of a signature. */
const HEADER_BYTES = 67;
const SIGNATURE_BYTES = 64;

/**
 * Signs a JSON payload: `{"alg":"ES256","kid":"…"}`. `onText` is told of the text when it is made:
 * who signed it need not check it.
 */
export function signToken(
  key: PrivateKey,
  payload: string,
  onText?: (text: string) => void,
): SignedToken {
  let text: string | undefined;
  return Object.freeze({
    payload,
    keyId: key.id,
    publicKey: key.publicKey,
    length:
      2 + base64Length(HEADER_BYTES) + base64Length(payload.length) + base64Length(SIGNATURE_BYTES),
    text(): string {
      if (text === undefined) {
        const header = `{"alg":"ES256","kid":"${jsonWebKeyId(key.publicKey)}"}`;
        const signedPart = `${base64UrlOf(utf8(header))}.${base64UrlOf(utf8(payload))}`;
        text = `${signedPart}.${base64UrlOf(key.sign(utf8(signedPart)))}`;
        onText?.(text);
      }
      return text;
    },
  });
}

/** Letters of base64url without padding. */
function base64Length(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/** The parts of a token's text; undefined when it is none. */
function parseToken(text: string): ParsedToken | undefined {
  const parts = text.split('.');
  const [header, payload, signature] = parts.map((part) => parseBase64(part));
  if (parts.length !== 3 || header === undefined || payload === undefined) return undefined;
  if (signature === undefined) return undefined;
  const signedPart = text.slice(0, text.lastIndexOf('.'));
  return { header: textOf(header), payload: textOf(payload), signedPart, signature };
}

/** Checks tokens against a set of keys; remembers what it has checked. One per server. */
export class TokenVerifier {
  readonly #keys: readonly PublicKey[];
  readonly #checked = new Map<string, string | undefined>();

  constructor(keys: readonly PublicKey[]) {
    this.#keys = keys;
  }

  /** The payload of a token that one of the keys has signed, else undefined. */
  verify(token: string | SignedToken): string | undefined {
    if (typeof token !== 'string') {
      return this.#keys.some((key) => samePublicKey(key, token.publicKey))
        ? token.payload
        : undefined;
    }
    if (this.#checked.has(token)) return this.#checked.get(token);
    const payload = this.#check(token);
    this.#remember(token, payload);
    return payload;
  }

  /** Takes a text that was made of this token as checked. */
  vouch(text: string, token: SignedToken): void {
    this.#remember(text, this.verify(token));
  }

  #remember(text: string, payload: string | undefined): void {
    if (this.#checked.size >= REMEMBERED_MAX) this.#checked.clear();
    this.#checked.set(text, payload);
  }

  #check(text: string): string | undefined {
    const parsed = parseToken(text);
    if (parsed === undefined || !/"alg"\s*:\s*"ES256"/.test(parsed.header)) return undefined;
    const message = utf8(parsed.signedPart);
    const good = this.#keys.some((key) => key.verify(message, parsed.signature));
    return good ? parsed.payload : undefined;
  }
}

/** base64url(SHA-256(subjectPublicKeyInfo)), as pkg/serviceaccount/jwt.go keyIDFromPublicKey. */
export function jsonWebKeyId(key: PublicKey): string {
  return base64UrlOf(sha256(encodeSubjectKey(key)));
}
