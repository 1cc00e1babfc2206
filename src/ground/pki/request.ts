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
import * as der from './der.ts';
import { type PrivateKey, type PublicKey, parsePublicKeyInfo, publicKeyInfo } from './keys.ts';
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
  const attribute = der.element(
    der.SEQUENCE,
    der.oid(EXTENSION_REQUEST),
    der.element(der.SET, der.element(der.SEQUENCE, ...wanted)),
  );
  const body = der.element(
    der.SEQUENCE,
    der.integer(new Uint8Array([0])),
    encodeName(subject),
    publicKeyInfo(key.publicKey),
    der.element(0xa0, ...(wanted.length > 0 ? [attribute] : [])),
  );
  const algorithm = der.element(der.SEQUENCE, der.oid(ECDSA_WITH_SHA256));
  const signed = der.element(
    der.SEQUENCE,
    body,
    algorithm,
    der.bitString(encodeSignature(key.sign(body))),
  );
  return formatPem('CERTIFICATE REQUEST', signed);
}

/** Reads a request and checks that its sender holds the key. Errors as pkg/apis/certificates/helpers. */
export function parseRequest(pem: string): Result<CertificateRequest, string> {
  const block = parsePem(pem)[0];
  if (block?.label !== 'CERTIFICATE REQUEST') {
    return err('PEM block type must be CERTIFICATE REQUEST');
  }
  const [body, , signature] = der.readAll(der.readElement(block.bytes)?.content ?? utf8('')) ?? [];
  const [, subject, key, attributes] = (body && der.readAll(body.content)) ?? [];
  if (body === undefined || signature === undefined || subject === undefined || key === undefined) {
    return err('asn1: structure error: malformed certificate request');
  }
  const publicKey = parsePublicKeyInfo(key.whole);
  const proof = signatureBytes(signature.content.subarray(1));
  if (publicKey === undefined) return err('x509: unsupported elliptic curve');
  if (proof === undefined || !publicKey.verify(body.whole, proof))
    return err('x509: ECDSA verification failure');
  const attribute = attributes && der.readElement(attributes.content);
  const set = attribute && der.readAll(attribute.content)?.[1];
  const names = parseAlternativeNames(extensionsOf(set).get(EXTENSION.alternativeName));
  return ok({ subject: parseName(subject), publicKey, ...names });
}
