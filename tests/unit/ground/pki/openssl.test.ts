/** What pki writes, as the machine's openssl reads it. Skipped, loudly, where there is none. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { certificatePem } from '../../../../src/ground/pki/certificate.ts';
import { privateKeyPem, publicKeyPem } from '../../../../src/ground/pki/keys.ts';
import { createRequest } from '../../../../src/ground/pki/request.ts';
import { newAuthority, newClient, newServer } from '../../../support/authority.ts';

const present = spawnSync('openssl', ['version']).status === 0;
if (!present)
  console.warn('openssl is not installed: its reading of our certificates is NOT tested');

function inFolder(): { run(...args: string[]): string; put(name: string, text: string): void } {
  const folder = mkdtempSync(join(tmpdir(), 'drydock-pki-'));
  return {
    run: (...args) =>
      execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }),
    put: (name, text) => writeFileSync(join(folder, name), text),
  };
}

test.skipIf(!present)('openssl verifies chain, name, purpose, key and request', () => {
  const { run, put } = inFolder();
  const authority = newAuthority('kubernetes');
  const server = newServer(authority);
  const client = newClient(authority);
  put('ca.crt', certificatePem(authority.certificate));
  put('server.crt', certificatePem(server.certificate));
  put('server.key', privateKeyPem(server.key));
  put('server.pub', publicKeyPem(server.key.publicKey));
  put('client.crt', certificatePem(client.certificate));
  put(
    'client.csr',
    createRequest(client.key, client.certificate.subject, {
      dnsNames: ['a.example'],
      ipAddresses: [],
      uris: [],
    }),
  );
  const at = ['-attime', '1780000000', '-CAfile', 'ca.crt'];
  expect(
    run('verify', ...at, '-purpose', 'sslserver', '-verify_hostname', 'kubernetes', 'server.crt'),
  ).toContain('OK');
  expect(
    run('verify', ...at, '-purpose', 'sslserver', '-verify_ip', '10.96.0.1', 'server.crt'),
  ).toContain('OK');
  expect(run('verify', ...at, '-purpose', 'sslclient', 'client.crt')).toContain('OK');
  expect(() => run('verify', ...at, '-purpose', 'sslserver', 'client.crt')).toThrow();
  expect(run('pkey', '-in', 'server.key', '-pubout')).toBe(
    run('x509', '-in', 'server.crt', '-pubkey', '-noout'),
  );
  expect(run('pkey', '-pubin', '-in', 'server.pub', '-pubout')).toBe(
    publicKeyPem(server.key.publicKey),
  );
  expect(run('x509', '-in', 'client.crt', '-noout', '-subject')).toContain(
    'O = kubeadm:cluster-admins, CN = kubernetes-admin',
  );
  expect(run('req', '-in', 'client.csr', '-verify', '-noout', '-text')).toContain('DNS:a.example');
});
