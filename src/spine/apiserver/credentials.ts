/** The certificates and keys that kube-apiserver's flags name, read at its start. */
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Certificate } from '../../ground/pki/certificate.ts';
import { keyFromContent, publicKeyFromContent } from '../../ground/pki/document.ts';
import type { PrivateKey, PublicKey } from '../../ground/pki/keys.ts';
import { goError } from '../../machines/network/errno.ts';
import type { TlsIdentity } from '../../machines/network/tls-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { readCertificates, readIdentity } from '../etcd/wire/files.ts';
import type { Options } from './options.ts';

/** Everything that the flags name as files. */
export interface Credentials {
  readonly serving: TlsIdentity;
  readonly clientRoots: readonly Certificate[];
  readonly signingKey: PrivateKey;
  readonly accountKeys: readonly PublicKey[];
  readonly kubelet: TlsIdentity | undefined;
  /** With `--kubelet-certificate-authority`: who signs the kubelets' serving certificates. */
  readonly kubeletRoots: readonly Certificate[] | undefined;
}

/** Reads them all; the error is what the program prints before it exits. */
export function readCredentials(process: Process, options: Options): Result<Credentials, string> {
  const serving = readIdentity(process, options.certificate, options.key);
  if (!serving.ok) return err(`failed to load serving certificate: ${serving.error}`);
  const roots = options.clientCa === '' ? ok([]) : readCertificates(process, options.clientCa);
  if (!roots.ok) return err(`unable to load client CA provider: ${roots.error}`);
  const signing = process.files.readContent(options.signingKey);
  if (!signing.ok)
    return err(
      `failed to build token generator: open ${options.signingKey}: ${goError(signing.error)}`,
    );
  const signingKey = keyFromContent(signing.value);
  if (!signingKey.ok) return err(`failed to build token generator: ${signingKey.error}`);
  const keys: PublicKey[] = [];
  for (const path of options.accountKeys.split(',')) {
    const content = process.files.readContent(path);
    if (!content.ok) return err(`open ${path}: ${goError(content.error)}`);
    const key = publicKeyFromContent(content.value);
    if (!key.ok) return err(`error reading public key file ${path}: ${key.error}`);
    keys.push(key.value);
  }
  let kubelet: TlsIdentity | undefined;
  if (options.kubeletCertificate !== '') {
    const identity = readIdentity(process, options.kubeletCertificate, options.kubeletKey);
    if (!identity.ok) return identity;
    kubelet = identity.value;
  }
  let kubeletRoots: readonly Certificate[] | undefined;
  if (options.kubeletCa !== '') {
    const read = readCertificates(process, options.kubeletCa);
    if (!read.ok) return err(`unable to load kubelet client CA: ${read.error}`);
    kubeletRoots = read.value;
  }
  return ok({
    serving: serving.value,
    clientRoots: roots.value,
    signingKey: signingKey.value,
    accountKeys: keys,
    kubelet,
    kubeletRoots,
  });
}
