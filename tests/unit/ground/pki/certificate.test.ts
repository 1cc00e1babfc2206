/** Certificates by reference and through their bytes: same ids, same verdicts, Go's words. */
import { expect, test } from 'vitest';
import { textOf } from '../../../../src/ground/base/bytes.ts';
import { certificatePem, parseCertificates } from '../../../../src/ground/pki/certificate.ts';
import {
  certificateFile,
  certificatesFromContent,
  keyFile,
  keyFromContent,
  publicKeyFile,
  publicKeyFromContent,
} from '../../../../src/ground/pki/document.ts';
import { base32Digest } from '../../../../src/ground/pki/digest.ts';
import { signToken, TokenVerifier } from '../../../../src/ground/pki/jwt.ts';
import {
  newPrivateKey,
  parsePrivateKey,
  privateKeyPem,
  samePublicKey,
} from '../../../../src/ground/pki/keys.ts';
import { createRequest, parseRequest } from '../../../../src/ground/pki/request.ts';
import { verifyChain } from '../../../../src/ground/pki/verify.ts';
import { NOW, newAuthority, newClient, newServer } from '../../../support/authority.ts';

const authority = newAuthority('kubernetes');
const other = newAuthority('etcd-ca');
const server = newServer(authority);
const YEAR = 365 * 86_400_000_000;

const VERDICTS: readonly (readonly [string, Parameters<typeof verifyChain>[1], string])[] = [
  ['good', { roots: [authority.certificate], now: NOW, usage: 'server', name: 'kubernetes' }, 'ok'],
  [
    'by address',
    { roots: [authority.certificate], now: NOW, usage: 'server', name: '192.168.0.10' },
    'ok',
  ],
  [
    'other root',
    { roots: [other.certificate], now: NOW, usage: 'server' },
    'x509: certificate signed by unknown authority',
  ],
  [
    'wrong name',
    { roots: [authority.certificate], now: NOW, usage: 'server', name: 'foo' },
    'x509: certificate is valid for cp-1, kubernetes, kubernetes.default, not foo',
  ],
  [
    'wrong address',
    { roots: [authority.certificate], now: NOW, usage: 'server', name: '10.0.0.1' },
    'x509: certificate is valid for 10.96.0.1, 192.168.0.10, not 10.0.0.1',
  ],
  [
    'too late',
    { roots: [authority.certificate], now: NOW + 2 * YEAR, usage: 'server' },
    'x509: certificate has expired or is not yet valid: current time 2028-03-01T09:00:00Z is after 2027-03-02T09:00:00Z',
  ],
  [
    'too early',
    { roots: [authority.certificate], now: NOW - 1_000_000, usage: 'server' },
    'x509: certificate has expired or is not yet valid: current time 2026-03-02T08:59:59Z is before 2026-03-02T09:00:00Z',
  ],
  [
    'usage',
    { roots: [authority.certificate], now: NOW, usage: 'client' },
    'x509: certificate specifies an incompatible key usage',
  ],
];

test.each(VERDICTS)('verify: %s', (_name, options, verdict) => {
  const parsed = parseCertificates(certificatePem(server.certificate, ...options.roots));
  if (!parsed.ok) throw new Error(parsed.error);
  const [leaf, ...roots] = parsed.value;
  if (leaf === undefined) throw new Error('no leaf');
  for (const checked of [
    verifyChain(server.certificate, options),
    verifyChain(leaf, { ...options, roots }),
  ]) {
    expect(checked.ok ? 'ok' : checked.error.message).toBe(verdict);
  }
});

test('a certificate read back from its bytes is the same certificate', () => {
  const parsed = parseCertificates(certificatePem(server.certificate));
  const back = parsed.ok ? parsed.value[0] : undefined;
  const {
    id,
    subject,
    issuer,
    dnsNames,
    ipAddresses,
    notBefore,
    notAfter,
    usages,
    isAuthority,
    signedBy,
  } = server.certificate;
  expect(back).toMatchObject({
    id,
    subject,
    issuer,
    dnsNames,
    ipAddresses,
    notBefore,
    notAfter,
    usages,
    isAuthority,
    signedBy,
  });
  expect(back?.publicKey.id).toBe(server.key.publicKey.id);
  const key = parsePrivateKey(privateKeyPem(server.key));
  expect(key.ok && key.value.id).toBe(server.key.id);
});

test('one changed byte is found, and Go names the candidate', () => {
  const der = server.certificate.der().slice();
  der[der.length - 5] = (der[der.length - 5] as number) ^ 1;
  const pem = certificatePem({ ...server.certificate, der: () => der, isSignedBy: () => true });
  const parsed = parseCertificates(pem);
  const leaf = parsed.ok ? parsed.value[0] : undefined;
  if (leaf === undefined) throw new Error('unreadable');
  const checked = verifyChain(leaf, { roots: [authority.certificate], now: NOW, usage: 'server' });
  expect(checked.ok || checked.error.message).toBe(
    'x509: certificate signed by unknown authority (possibly because of "x509: ECDSA verification failure" while trying to verify candidate authority certificate "kubernetes")',
  );
});

test('files keep their values, and their bytes read back', () => {
  const file = certificateFile(server.certificate, authority.certificate);
  const direct = certificatesFromContent(file);
  expect(direct.ok && direct.value[0]).toBe(server.certificate);
  const copied = certificatesFromContent(file.render());
  expect(copied.ok && copied.value.map((one) => one.id)).toEqual(file.value.map((one) => one.id));
  const key = keyFromContent(keyFile(server.key).render());
  expect(key.ok && key.value.id).toBe(server.key.id);
  const open = publicKeyFromContent(publicKeyFile(server.key.publicKey).render());
  expect(open.ok && samePublicKey(open.value, server.key.publicKey)).toBe(true);
  expect(textOf(file.render())).toMatch(/^-----BEGIN CERTIFICATE-----\n/);
});

test('tokens verify by reference and by text, and not under another key', () => {
  const key = newPrivateKey(1, 'sa');
  const token = signToken(key, '{"sub":"system:serviceaccount:default:default"}');
  const good = new TokenVerifier([key.publicKey]);
  const bad = new TokenVerifier([newPrivateKey(1, 'other').publicKey]);
  expect(good.verify(token)).toBe(token.payload);
  expect(good.verify(token.text())).toBe(token.payload);
  expect(bad.verify(token)).toBeUndefined();
  expect(bad.verify(token.text())).toBeUndefined();
  expect(good.verify(token.text().replace('.ey', '.ez'))).toBeUndefined();
});

test('a request carries its names, and proves its key', () => {
  const client = newClient(authority);
  const names = { dnsNames: ['web.default.svc'], ipAddresses: [0x0a000001], uris: [] };
  const pem = createRequest(client.key, client.certificate.subject, names);
  const parsed = parseRequest(pem);
  expect(parsed.ok && parsed.value).toMatchObject({
    subject: client.certificate.subject,
    ...names,
  });
  expect(parsed.ok && samePublicKey(parsed.value.publicKey, client.key.publicKey)).toBe(true);
});

test('chain names of kube-proxy', () => {
  // KUBE-SVC-NPX46M4PTMTKRN6Y is the API server's own Service in every cluster.
  expect(base32Digest('default/kubernetes:httpstcp', 16)).toBe('NPX46M4PTMTKRN6Y');
});
