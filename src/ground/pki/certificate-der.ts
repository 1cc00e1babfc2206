/** Writes certificates and their parts as DER (RFC 5280). */
import { utf8 } from '../base/bytes.ts';
import type { Certificate, DistinguishedName } from './certificate.ts';
import {
  BOOLEAN,
  bitString,
  derInteger,
  derText,
  derTime,
  element,
  OCTET_STRING,
  oid,
  PRINTABLE_STRING,
  readAll,
  readElement,
  SEQUENCE,
  SET,
  UTF8_STRING,
} from './der.ts';
import { type PrivateKey, encodeSubjectKey } from './keys.ts';

export const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
export const COMMON_NAME = '2.5.4.3';
export const ORGANIZATION = '2.5.4.10';
export const EXTENSION = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;
export const USAGE = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;

/** The whole certificate, signed. */
export function encodeCertificate(certificate: Certificate, key: PrivateKey): Uint8Array {
  const algorithm = element(SEQUENCE, oid(ECDSA_WITH_SHA256));
  const body = element(
    SEQUENCE,
    element(0xa0, derInteger(new Uint8Array([2]))),
    derInteger(fromHex(certificate.serial)),
    algorithm,
    encodeName(certificate.issuer),
    element(SEQUENCE, derTime(certificate.notBefore), derTime(certificate.notAfter)),
    encodeName(certificate.subject),
    encodeSubjectKey(certificate.publicKey),
    element(0xa3, element(SEQUENCE, ...extensionsOf(certificate))),
  );
  return element(SEQUENCE, body, algorithm, bitString(encodeSignature(key.sign(body))));
}

/** Organizations before the common name, as Go's pkix.Name.ToRDNSequence orders them. */
export function encodeName(name: DistinguishedName): Uint8Array {
  const sets: Uint8Array[] = [];
  const attribute = (type: string, value: string): Uint8Array => {
    const tag = /^[A-Za-z0-9 '()+,\-./:=?]*$/.test(value) ? PRINTABLE_STRING : UTF8_STRING;
    return element(SEQUENCE, oid(type), derText(tag, value));
  };
  if (name.organizations.length > 0) {
    sets.push(element(SET, ...name.organizations.map((value) => attribute(ORGANIZATION, value))));
  }
  if (name.commonName !== '') sets.push(element(SET, attribute(COMMON_NAME, name.commonName)));
  return element(SEQUENCE, ...sets);
}

/** subjectAltName's GeneralNames. */
export function encodeAlternativeNames(
  names: Pick<Certificate, 'dnsNames' | 'ipAddresses' | 'uris'>,
): Uint8Array {
  return element(
    SEQUENCE,
    ...names.dnsNames.map((name) => derText(0x82, name)),
    ...names.ipAddresses.map((ip) =>
      element(0x87, new Uint8Array([ip >>> 24, (ip >>> 16) & 255, (ip >>> 8) & 255, ip & 255])),
    ),
    ...names.uris.map((uri) => derText(0x86, uri)),
  );
}

export function encodeExtension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? [element(BOOLEAN, new Uint8Array([255]))] : [];
  return element(SEQUENCE, oid(id), ...flag, element(OCTET_STRING, value));
}

/** r and s as two integers. */
export function encodeSignature(signature: Uint8Array): Uint8Array {
  return element(
    SEQUENCE,
    derInteger(signature.subarray(0, 32)),
    derInteger(signature.subarray(32)),
  );
}

/** r and s, 32 bytes each, of a DER signature; undefined when it is none. */
export function signatureBytes(bytes: Uint8Array): Uint8Array | undefined {
  const parts = readAll(readElement(bytes)?.content ?? new Uint8Array(0));
  if (parts?.length !== 2) return undefined;
  const out = new Uint8Array(64);
  for (let index = 0; index < 2; index += 1) {
    const content = parts[index]?.content ?? new Uint8Array(0);
    const body = content.length === 33 && content[0] === 0 ? content.subarray(1) : content;
    if (body.length > 32) return undefined;
    out.set(body, index * 32 + 32 - body.length);
  }
  return out;
}

function extensionsOf(certificate: Certificate): Uint8Array[] {
  const { isAuthority, usages } = certificate;
  // digitalSignature and keyEncipherment; authorities also keyCertSign.
  const usage = isAuthority
    ? bitString(new Uint8Array([0xa4]), 2)
    : bitString(new Uint8Array([0xa0]), 5);
  const list = [encodeExtension(EXTENSION.keyUsage, true, usage)];
  if (usages.length > 0) {
    const value = element(SEQUENCE, ...usages.map((name) => oid(USAGE[name])));
    list.push(encodeExtension(EXTENSION.extendedKeyUsage, false, value));
  }
  const constraints = isAuthority
    ? element(SEQUENCE, element(BOOLEAN, new Uint8Array([255])))
    : element(SEQUENCE);
  list.push(encodeExtension(EXTENSION.basicConstraints, true, constraints));
  const own = element(OCTET_STRING, keyIdBytes(certificate.publicKey.id));
  list.push(encodeExtension(EXTENSION.subjectKeyId, false, own));
  const authority = element(SEQUENCE, element(0x80, keyIdBytes(certificate.signedBy)));
  list.push(encodeExtension(EXTENSION.authorityKeyId, false, authority));
  if (certificate.dnsNames.length + certificate.ipAddresses.length + certificate.uris.length > 0) {
    list.push(
      encodeExtension(EXTENSION.alternativeName, false, encodeAlternativeNames(certificate)),
    );
  }
  return list;
}

/** The id as bytes: hex digits as they are, anything else as text. */
function keyIdBytes(id: string): Uint8Array {
  const digits = id.startsWith('point:') ? id.slice(6) : id;
  return /^([0-9a-f]{2})+$/.test(digits) ? fromHex(digits) : utf8(digits);
}

function fromHex(digits: string): Uint8Array {
  const out = new Uint8Array(digits.length / 2);
  for (let index = 0; index < out.length; index += 1) {
    out[index] = Number.parseInt(digits.slice(index * 2, index * 2 + 2), 16);
  }
  return out;
}
