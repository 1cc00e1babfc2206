/** TLS of etcd's listeners from the files of its flags, refused in crypto/tls's words. */
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { TlsServerOptions } from '../../machines/network/tls-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { readCertificates, readIdentity } from './wire/files.ts';

export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
  readonly requireClient: boolean;
}

/** TLS of a listener, or undefined when no certificate is named. */
export function tlsOptions(
  process: Process,
  files: TlsFiles,
): Result<TlsServerOptions | undefined, string> {
  if (files.certificate === '' || files.key === '') return ok(undefined);
  const identity = readIdentity(process, files.certificate, files.key);
  if (!identity.ok) return err(identity.error);
  const alpn = ['h2', 'http/1.1'];
  if (files.authority === '') return ok({ identity: identity.value, alpn });
  const roots = readCertificates(process, files.authority);
  if (!roots.ok) return err(roots.error);
  const { requireClient } = files;
  return ok({ identity: identity.value, clientRoots: roots.value, requireClient, alpn });
}
