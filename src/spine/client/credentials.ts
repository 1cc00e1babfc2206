/** Certificates and keys out of PEM, or by reference from files of ours, for clients. The errors are crypto/tls's. */
import { err, ok, type Result } from '../../ground/base/result.ts';
import { type Certificate, parseCertificates } from '../../ground/pki/certificate.ts';
import { certificatesFromContent, keyFromContent } from '../../ground/pki/document.ts';
import { type SignedToken, tokenIn } from '../../ground/pki/jwt.ts';
import { samePublicKey } from '../../ground/pki/keys.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { Errno } from '../../machines/network/errno.ts';
import type { TlsIdentity } from '../../machines/network/tls-types.ts';

/** All certificates of a PEM text; undefined when it holds none. */
export function certificatesOf(pem: string): readonly Certificate[] | undefined {
  const parsed = parseCertificates(pem);
  return parsed.ok && parsed.value.length > 0 ? parsed.value : undefined;
}

/** A certificate with its key, which must be its own: contents of files, or PEM bytes. */
export function identityOf(
  certificateContent: unknown,
  keyContent: unknown,
): Result<TlsIdentity, string> {
  const certificates = certificatesFromContent(certificateContent);
  const [certificate, ...chain] = certificates.ok ? certificates.value : [];
  if (certificate === undefined) {
    return err('tls: failed to find any PEM data in certificate input');
  }
  const key = keyFromContent(keyContent);
  if (!key.ok) return err('tls: failed to find any PEM data in key input');
  if (!samePublicKey(key.value.publicKey, certificate.publicKey)) {
    return err('tls: private key does not match public key');
  }
  return ok({ certificate, key: key.value, ...(chain.length === 0 ? {} : { chain }) });
}

/** The token that a file holds: by reference from a kubelet's volume, else its text. */
export function tokenOfFile(process: Process, path: string): Result<string | SignedToken, Errno> {
  const content = process.files.readContent(path);
  const token = content.ok && 'value' in content.value ? tokenIn(content.value.value) : undefined;
  if (token !== undefined) return ok(token);
  const text = process.files.readText(path);
  return text.ok ? ok(text.value.trim()) : text;
}
