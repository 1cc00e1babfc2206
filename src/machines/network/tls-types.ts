/**
 * TLS as the model has it: certificates on a connection. The handshake takes one round trip more,
 * carries server name, ALPN and both identities, and is checked once per pair of identities; records
 * are not encrypted, but tcpdump shows them as such. Certificates are those of `ground/pki`.
 */
import type { Certificate } from '../../ground/pki/certificate.ts';
import type { PrivateKey } from '../../ground/pki/keys.ts';

export interface TlsIdentity {
  readonly certificate: Certificate;
  readonly key: PrivateKey;
  /** Intermediates sent along. */
  readonly chain?: readonly Certificate[];
}

export interface TlsClientOptions {
  /** SNI, and the name (or address) that the server's certificate must hold. */
  readonly serverName: string;
  readonly roots: readonly Certificate[];
  readonly identity?: TlsIdentity;
  readonly alpn?: readonly string[];
  /** curl -k, insecure-skip-tls-verify. */
  readonly skipVerify?: boolean;
}

export interface TlsServerOptions {
  readonly identity: TlsIdentity;
  /** Roots that client certificates are checked against; none: no certificate is asked for. */
  readonly clientRoots?: readonly Certificate[];
  /** Refuse clients without a certificate (etcd's client-cert-auth). */
  readonly requireClient?: boolean;
  readonly alpn?: readonly string[];
  /**
   * Ask for a certificate but let the handshake pass whatever it is worth (Go's RequestClientCert, as
   * kube-apiserver has it): `TlsPeer.clientError` then says what is wrong with it.
   */
  readonly lenientClient?: boolean;
}

/** The other side, after the handshake. */
export interface TlsPeer {
  /** Undefined when a client showed none. Already verified against the roots, unless skipVerify. */
  readonly certificate: Certificate | undefined;
  readonly serverName: string;
  readonly alpn: string | undefined;
  /** Only with `lenientClient`: why the client's certificate did not verify, in Go's words. */
  readonly clientError?: string;
}
