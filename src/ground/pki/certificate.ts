/** X.509 certificates: a frozen description now, DER and PEM when somebody reads the bytes. To be filled. */
import type { Ip } from '../base/ip.ts';
import type { WallTime } from '../base/time.ts';
import type { PublicKey } from './keys.ts';

export interface Certificate {
  /** Equal ids, equal certificates. */
  readonly id: string;
  readonly subject: { readonly commonName: string; readonly organizations: readonly string[] };
  readonly issuer: { readonly commonName: string; readonly organizations: readonly string[] };
  readonly dnsNames: readonly string[];
  readonly ipAddresses: readonly Ip[];
  readonly uris: readonly string[];
  readonly notBefore: WallTime;
  readonly notAfter: WallTime;
  readonly isAuthority: boolean;
  readonly usages: readonly ('server' | 'client')[];
  readonly publicKey: PublicKey;
  /** Id of the key that signed it. */
  readonly signedBy: string;
}
