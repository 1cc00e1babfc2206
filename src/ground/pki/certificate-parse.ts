/** Reads certificates and their parts from DER. Errors are crypto/x509's words. */
import { hexOf, textOf } from '../base/bytes.ts';
import type { Ip } from '../base/ip.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Certificate, DistinguishedName, KeyUsage } from './certificate.ts';
import { COMMON_NAME, EXTENSION, ORGANIZATION, USAGE } from './certificate-der.ts';
import { type Element, formatOid, parseTime, readAll, readElement } from './der.ts';
import { sha1 } from './digest.ts';
import { parseSubjectKey } from './keys.ts';

/** What a certificate's bytes say, with the part that is signed. */
export interface ParsedFields extends Omit<Certificate, 'id' | 'der' | 'isSignedBy'> {
  readonly signedPart: Uint8Array;
  /** DER of r and s. */
  readonly signature: Uint8Array;
}

export interface AlternativeNames {
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly Ip[];
  readonly uris: readonly string[];
}

const NO_NAMES: AlternativeNames = { dnsNames: [], ipAddresses: [], uris: [] };
const MALFORMED = err('x509: malformed certificate');

export function parseFields(der: Uint8Array): Result<ParsedFields, string> {
  const outer = readElement(der);
  if (outer === undefined) return MALFORMED;
  if (outer.whole.length !== der.length) return err('x509: trailing data');
  const [body, , signature] = readAll(outer.content) ?? [];
  if (body === undefined || signature === undefined) return MALFORMED;
  const parts = readAll(body.content) ?? [];
  const [serial, , issuer, validity, subject, key] =
    parts[0]?.tag === 0xa0 ? parts.slice(1) : parts;
  if (serial === undefined || issuer === undefined || validity === undefined) return MALFORMED;
  if (subject === undefined || key === undefined) return MALFORMED;
  const [from, to] = readAll(validity.content) ?? [];
  const notBefore = from && parseTime(from.tag, textOf(from.content));
  const notAfter = to && parseTime(to.tag, textOf(to.content));
  if (notBefore === undefined || notAfter === undefined) return err('x509: malformed validity');
  const extensions = extensionsOf(parts.find((part) => part.tag === 0xa3));
  const keyId = readElement(extensions.get(EXTENSION.subjectKeyId) ?? new Uint8Array(0))?.content;
  const publicKey = parseSubjectKey(key.whole, ownId(keyId, key));
  if (publicKey === undefined) return err('x509: unsupported elliptic curve');
  const authority = readElement(extensions.get(EXTENSION.authorityKeyId) ?? new Uint8Array(0));
  const authorityId = authority && readAll(authority.content)?.find((part) => part.tag === 0x80);
  return ok({
    serial: hexOf(serial.content[0] === 0 ? serial.content.subarray(1) : serial.content),
    subject: parseName(subject),
    issuer: parseName(issuer),
    ...parseAlternativeNames(extensions.get(EXTENSION.alternativeName)),
    notBefore,
    notAfter,
    isAuthority: isAuthority(extensions.get(EXTENSION.basicConstraints)),
    usages: usagesOf(extensions.get(EXTENSION.extendedKeyUsage)),
    publicKey,
    signedBy: authorityId === undefined ? '' : hexOf(authorityId.content),
    signedPart: body.whole,
    signature: signature.content.subarray(1),
  });
}

export function parseName(name: Element): DistinguishedName {
  let commonName = '';
  const organizations: string[] = [];
  for (const set of readAll(name.content) ?? []) {
    for (const attribute of readAll(set.content) ?? []) {
      const [type, value] = readAll(attribute.content) ?? [];
      if (type === undefined || value === undefined) continue;
      const id = formatOid(type.content);
      if (id === COMMON_NAME) commonName = textOf(value.content);
      if (id === ORGANIZATION) organizations.push(textOf(value.content));
    }
  }
  return Object.freeze({ commonName, organizations: Object.freeze(organizations) });
}

export function parseAlternativeNames(bytes: Uint8Array | undefined): AlternativeNames {
  const list = bytes && readElement(bytes);
  if (list === undefined) return NO_NAMES;
  const dnsNames: string[] = [];
  const ipAddresses: Ip[] = [];
  const uris: string[] = [];
  for (const { tag, content } of readAll(list.content) ?? []) {
    if (tag === 0x82) dnsNames.push(textOf(content));
    if (tag === 0x86) uris.push(textOf(content));
    if (tag === 0x87 && content.length === 4) {
      ipAddresses.push(content.reduce((word, byte) => word * 256 + byte, 0));
    }
  }
  return { dnsNames, ipAddresses, uris };
}

/** Values of extensions by their identifier, from the [3] of a certificate or a request's attribute. */
export function extensionsOf(part: Element | undefined): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const list = part && readElement(part.content);
  for (const extension of (list && readAll(list.content)) ?? []) {
    const fields = readAll(extension.content) ?? [];
    const id = fields[0];
    const value = fields[fields.length - 1];
    if (id !== undefined && value !== undefined) found.set(formatOid(id.content), value.content);
  }
  return found;
}

/** The id of a key of ours; undefined for a foreign one, whose identifier is the digest of its point. */
function ownId(keyId: Uint8Array | undefined, key: Element): string | undefined {
  if (keyId === undefined) return undefined;
  const point = readAll(key.content)?.[1]?.content.subarray(1);
  const digits = hexOf(keyId);
  return point !== undefined && hexOf(sha1(point)) === digits ? undefined : digits;
}

function isAuthority(bytes: Uint8Array | undefined): boolean {
  const constraints = bytes && readElement(bytes);
  const flag = constraints && readAll(constraints.content)?.[0];
  return flag !== undefined && flag.tag === 1 && flag.content[0] === 255;
}

function usagesOf(bytes: Uint8Array | undefined): readonly KeyUsage[] {
  const list = bytes && readElement(bytes);
  const ids = ((list && readAll(list.content)) ?? []).map((part) => formatOid(part.content));
  return ids.flatMap((id): KeyUsage[] =>
    id === USAGE.server ? ['server'] : id === USAGE.client ? ['client'] : [],
  );
}
