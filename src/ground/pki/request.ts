/** Certificate signing requests (PKCS #10, RFC 2986): what a kubelet or a person asks an authority for. */
import { utf8 } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Certificate, DistinguishedName } from './certificate.ts';
import {
  ECDSA_WITH_SHA256,
  EXTENSION,
  encodeAlternativeNames,
  encodeExtension,
  encodeName,
  encodeSignature,
  signatureBytes,
} from './certificate-der.ts';
import { extensionsOf, parseAlternativeNames, parseName } from './certificate-parse.ts';
import { bitString, derInteger, element, oid, readAll, readElement, SEQUENCE, SET } from './der.ts';
import { type PrivateKey, type PublicKey, parseSubjectKey, encodeSubjectKey } from './keys.ts';
import { formatPem, parsePem } from './pem.ts';

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

type Names = Pick<Certificate, 'dnsNames' | 'ipAddresses' | 'uris'>;

export interface CertificateRequest extends Names {
  readonly subject: DistinguishedName;
  readonly publicKey: PublicKey;
}

/** A signed request as PEM. */
export function createRequest(key: PrivateKey, subject: DistinguishedName, names: Names): string {
  const sans = encodeExtension(EXTENSION.alternativeName, false, encodeAlternativeNames(names));
  const wanted =
    names.dnsNames.length + names.ipAddresses.length + names.uris.length > 0 ? [sans] : [];
  const attribute = element(
    SEQUENCE,
    oid(EXTENSION_REQUEST),
    element(SET, element(SEQUENCE, ...wanted)),
  );
  const body = element(
    SEQUENCE,
    derInteger(new Uint8Array([0])),
    encodeName(subject),
    encodeSubjectKey(key.publicKey),
    element(0xa0, ...(wanted.length > 0 ? [attribute] : [])),
  );
  const algorithm = element(SEQUENCE, oid(ECDSA_WITH_SHA256));
  const signed = element(SEQUENCE, body, algorithm, bitString(encodeSignature(key.sign(body))));
  return formatPem('CERTIFICATE REQUEST', signed);
}

/** Reads a request and checks that its sender holds the key. Errors as pkg/apis/certificates/helpers. */
export function parseRequest(pem: string): Result<CertificateRequest, string> {
  const block = parsePem(pem)[0];
  if (block?.label !== 'CERTIFICATE REQUEST') {
    return err('PEM block type must be CERTIFICATE REQUEST');
  }
  const [body, , signature] = readAll(readElement(block.bytes)?.content ?? utf8('')) ?? [];
  const [, subject, key, attributes] = (body && readAll(body.content)) ?? [];
  if (body === undefined || signature === undefined || subject === undefined || key === undefined) {
    return err('asn1: structure error: malformed certificate request');
  }
  const publicKey = parseSubjectKey(key.whole);
  const proof = signatureBytes(signature.content.subarray(1));
  if (publicKey === undefined) return err('x509: unsupported elliptic curve');
  if (proof === undefined || !publicKey.verify(body.whole, proof))
    return err('x509: ECDSA verification failure');
  const attribute = attributes && readElement(attributes.content);
  const set = attribute && readAll(attribute.content)?.[1];
  const names = parseAlternativeNames(extensionsOf(set).get(EXTENSION.alternativeName));
  return ok({ subject: parseName(subject), publicKey, ...names });
}
