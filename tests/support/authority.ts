/** A certificate authority with a server and a client certificate, for tests. */
import { wallFromCivil, type WallTime } from '../../src/ground/base/time.ts';
import { type CertifiedKey, issue, selfSigned } from '../../src/ground/pki/certificate.ts';
import { newPrivateKey } from '../../src/ground/pki/keys.ts';
import { address } from './small-network.ts';

export const NOW: WallTime = wallFromCivil(2026, 3, 2, 9);
const YEAR = 365 * 86_400_000_000;

export function newAuthority(name: string): CertifiedKey {
  const key = newPrivateKey(1, name);
  const certificate = selfSigned(
    { subject: { commonName: name }, dnsNames: [name], notBefore: NOW, notAfter: NOW + 10 * YEAR },
    key,
  );
  return { certificate, key };
}

export function newServer(authority: CertifiedKey, name = 'kube-apiserver'): CertifiedKey {
  const key = newPrivateKey(1, `${authority.certificate.subject.commonName}/${name}`);
  const certificate = issue(
    {
      subject: { commonName: name },
      dnsNames: ['cp-1', 'kubernetes', 'kubernetes.default'],
      ipAddresses: [address('10.96.0.1'), address('192.168.0.10')],
      notBefore: NOW,
      notAfter: NOW + YEAR,
      usages: ['server'],
      publicKey: key.publicKey,
    },
    authority,
  );
  return { certificate, key };
}

export function newClient(authority: CertifiedKey, notAfter: WallTime = NOW + YEAR): CertifiedKey {
  const key = newPrivateKey(1, 'client');
  const certificate = issue(
    {
      subject: { commonName: 'kubernetes-admin', organizations: ['kubeadm:cluster-admins'] },
      notBefore: NOW,
      notAfter,
      usages: ['client'],
      publicKey: key.publicKey,
    },
    authority,
  );
  return { certificate, key };
}
