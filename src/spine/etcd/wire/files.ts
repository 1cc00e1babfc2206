/** Certificates and keys out of files, by reference where a file holds them so; errors as crypto/tls's. */
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { Certificate } from '../../../ground/pki/certificate.ts';
import { certificatesFromContent, keyFromContent } from '../../../ground/pki/document.ts';
import { samePublicKey } from '../../../ground/pki/keys.ts';
import { goError } from '../../../machines/network/errno.ts';
import type { TlsIdentity } from '../../../machines/network/tls-types.ts';
import type { Process } from '../../../machines/machine/process.ts';

/** A bundle of certificates. */
export function readCertificates(
  process: Process,
  path: string,
): Result<readonly Certificate[], string> {
  const content = process.files.readContent(path);
  if (!content.ok) return err(`open ${path}: ${goError(content.error)}`);
  return certificatesFromContent(content.value);
}

/** A certificate with its key. */
export function readIdentity(
  process: Process,
  certificatePath: string,
  keyPath: string,
): Result<TlsIdentity, string> {
  const own = readCertificates(process, certificatePath);
  if (!own.ok) return own;
  const [certificate, ...chain] = own.value;
  if (certificate === undefined)
    return err('tls: failed to find any PEM data in certificate input');
  const content = process.files.readContent(keyPath);
  if (!content.ok) return err(`open ${keyPath}: ${goError(content.error)}`);
  const key = keyFromContent(content.value);
  if (!key.ok) return err('tls: failed to find any PEM data in key input');
  if (!samePublicKey(key.value.publicKey, certificate.publicKey)) {
    return err('tls: private key does not match public key');
  }
  return ok(
    chain.length === 0 ? { certificate, key: key.value } : { certificate, key: key.value, chain },
  );
}
