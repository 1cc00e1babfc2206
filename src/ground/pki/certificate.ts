/**
 * X.509 certificates: a frozen description now, DER and PEM when somebody reads the bytes. What is
 * issued here and what is parsed from bytes are the same kind of value and have the same ids: the
 * serial number with the key identifier of the issuer. A parsed certificate's signature is really
 * checked (1.8 ms, once per issuer); one issued here knows its issuer.
 *
 * The field layout is Go's (crypto/x509, as kubeadm calls it: cmd/kubeadm/app/util/pkiutil), apart
 * from the subject key identifier, which leaves have too: it is the id of the key.
 * Checking chains and names is in `verify`.
 */
import { hexOf, textOf } from '../base/bytes.ts';
import { formatIp, type Ip } from '../base/ip.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { WallTime } from '../base/time.ts';
import { encodeCertificate, signatureBytes } from './certificate-der.ts';
import { type ParsedFields, parseFields } from './certificate-parse.ts';
import { sha256 } from './digest.ts';
import { type PrivateKey, type PublicKey, samePublicKey } from './keys.ts';
import { formatPem, parsePem } from './pem.ts';

export interface DistinguishedName {
  readonly commonName: string;
  readonly organizations: readonly string[];
}

export type KeyUsage = 'server' | 'client';

export interface Certificate {
  /** Equal ids, equal certificates. */
  readonly id: string;
  /** Hex digits. */
  readonly serial: string;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly Ip[];
  readonly uris: readonly string[];
  readonly notBefore: WallTime;
  readonly notAfter: WallTime;
  readonly isAuthority: boolean;
  readonly usages: readonly KeyUsage[];
  readonly publicKey: PublicKey;
  /** Id of the key that signed it. */
  readonly signedBy: string;
  /** The bytes, made once. */
  der(): Uint8Array;
  /** Whether the issuer's key made the signature. */
  isSignedBy(issuer: Certificate): boolean;
}

export interface CertificateTemplate {
  readonly subject: { readonly commonName: string; readonly organizations?: readonly string[] };
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly Ip[];
  readonly uris?: readonly string[];
  readonly notBefore: WallTime;
  readonly notAfter: WallTime;
  readonly isAuthority?: boolean;
  readonly usages?: readonly KeyUsage[];
  readonly publicKey: PublicKey;
}

/** A certificate with its key: what signs, and what shows itself. */
export interface CertifiedKey {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
}

/** A certificate signed by an authority. Whole seconds; the same template gives the same bytes. */
export function issue(template: CertificateTemplate, issuer: CertifiedKey): Certificate {
  return make(template, issuer.certificate.subject, issuer.key);
}

/** An authority that signs itself: `kubernetes`, `etcd-ca`, `front-proxy-ca`. */
export function selfSigned(
  template: Omit<CertificateTemplate, 'publicKey'>,
  key: PrivateKey,
): Certificate {
  const whole = {
    ...template,
    publicKey: key.publicKey,
    isAuthority: template.isAuthority ?? true,
  };
  return make(whole, nameOf(template.subject), key);
}

/** PEM of certificates, leaf first. */
export function certificatePem(...certificates: readonly Certificate[]): string {
  return certificates.map((certificate) => formatPem('CERTIFICATE', certificate.der())).join('');
}

/** All certificates of a PEM text; other blocks are skipped. The error is crypto/x509's. */
export function parseCertificates(
  pem: string | Uint8Array,
): Result<readonly Certificate[], string> {
  const found: Certificate[] = [];
  for (const { label, bytes } of parsePem(typeof pem === 'string' ? pem : textOf(pem))) {
    if (label !== 'CERTIFICATE') continue;
    const parsed = parseCertificate(bytes);
    if (!parsed.ok) return parsed;
    found.push(parsed.value);
  }
  return ok(found);
}

/** One certificate from DER. */
function parseCertificate(der: Uint8Array): Result<Certificate, string> {
  const fields = parseFields(der);
  if (!fields.ok) return err(fields.error);
  return ok(
    Object.freeze(
      new X509(fields.value, { kind: 'parsed', der: der.slice(), fields: fields.value }),
    ),
  );
}

function make(
  template: CertificateTemplate,
  issuer: DistinguishedName,
  key: PrivateKey,
): Certificate {
  const subject = nameOf(template.subject);
  const notBefore = Math.floor(template.notBefore / 1_000_000) * 1_000_000;
  const notAfter = Math.floor(template.notAfter / 1_000_000) * 1_000_000;
  const dnsNames = Object.freeze([...(template.dnsNames ?? [])]);
  const ipAddresses = Object.freeze([...(template.ipAddresses ?? [])]);
  const uris = Object.freeze([...(template.uris ?? [])]);
  const usages = Object.freeze([...(template.usages ?? [])]);
  const isAuthority = template.isAuthority ?? false;
  const { publicKey } = template;
  const content = [
    subject.commonName,
    ...subject.organizations,
    '',
    ...dnsNames,
    ...ipAddresses.map(formatIp),
    ...uris,
    ...usages,
    `${notBefore} ${notAfter} ${isAuthority} ${publicKey.id} ${key.id}`,
  ].join('\n');
  const serialBytes = sha256(content).subarray(0, 8);
  serialBytes[0] = ((serialBytes[0] ?? 0) & 0x3f) | 0x40;
  const serial = hexOf(serialBytes);
  const fields = {
    serial,
    subject,
    issuer,
    dnsNames,
    ipAddresses,
    uris,
    notBefore,
    notAfter,
    isAuthority,
    usages,
    publicKey,
    signedBy: key.id,
  };
  return Object.freeze(new X509(fields, { kind: 'issued', key }));
}

function nameOf(name: CertificateTemplate['subject']): DistinguishedName {
  return Object.freeze({
    commonName: name.commonName,
    organizations: Object.freeze([...(name.organizations ?? [])]),
  });
}

type Origin =
  | { readonly kind: 'issued'; readonly key: PrivateKey }
  | { readonly kind: 'parsed'; readonly der: Uint8Array; readonly fields: ParsedFields };

class X509 implements Certificate {
  readonly id: string;
  readonly serial: string;
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly Ip[];
  readonly uris: readonly string[];
  readonly notBefore: WallTime;
  readonly notAfter: WallTime;
  readonly isAuthority: boolean;
  readonly usages: readonly KeyUsage[];
  readonly publicKey: PublicKey;
  readonly signedBy: string;
  readonly #origin: Origin;
  #der: Uint8Array | undefined;
  readonly #checked = new Map<string, boolean>();

  constructor(fields: Omit<Certificate, 'id' | 'der' | 'isSignedBy'>, origin: Origin) {
    this.id = `${fields.serial}@${fields.signedBy}`;
    this.serial = fields.serial;
    this.subject = fields.subject;
    this.issuer = fields.issuer;
    this.dnsNames = fields.dnsNames;
    this.ipAddresses = fields.ipAddresses;
    this.uris = fields.uris;
    this.notBefore = fields.notBefore;
    this.notAfter = fields.notAfter;
    this.isAuthority = fields.isAuthority;
    this.usages = fields.usages;
    this.publicKey = fields.publicKey;
    this.signedBy = fields.signedBy;
    this.#origin = origin;
  }

  der(): Uint8Array {
    const origin = this.#origin;
    this.#der ??= origin.kind === 'parsed' ? origin.der : encodeCertificate(this, origin.key);
    return this.#der;
  }

  isSignedBy(issuer: Certificate): boolean {
    const origin = this.#origin;
    if (origin.kind === 'issued') return samePublicKey(origin.key.publicKey, issuer.publicKey);
    const known = this.#checked.get(issuer.publicKey.id);
    if (known !== undefined) return known;
    const signature = signatureBytes(origin.fields.signature);
    const good =
      signature !== undefined && issuer.publicKey.verify(origin.fields.signedPart, signature);
    this.#checked.set(issuer.publicKey.id, good);
    return good;
  }
}
