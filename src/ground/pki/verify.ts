/**
 * Checks a certificate as Go does (crypto/x509 verify.go, Go 1.24), in its order: dates of the leaf,
 * host name, chain to a root, extended key usage. The messages are Go's, without `tls:` before them.
 * Not modelled: name constraints and path lengths.
 */
import { formatIp, parseIp } from '../base/ip.ts';
import { err, ok, type Result } from '../base/result.ts';
import { quote } from '../base/text.ts';
import { formatRfc3339, type WallTime } from '../base/time.ts';
import type { Certificate, KeyUsage } from './certificate.ts';

export interface VerifyOptions {
  readonly roots: readonly Certificate[];
  readonly intermediates?: readonly Certificate[];
  /** The verifier's wall clock. */
  readonly now: WallTime;
  readonly usage: KeyUsage;
  /** A host name or an address that the leaf must hold. */
  readonly name?: string;
}

export interface VerifyError {
  readonly kind: 'expired' | 'name' | 'authority' | 'usage';
  readonly message: string;
}

/** Longest chain that is followed. */
const CHAIN_MAX = 8;

/** The chain from the leaf to a root, or what Go says is wrong. */
export function verifyChain(
  leaf: Certificate,
  options: VerifyOptions,
): Result<readonly Certificate[], VerifyError> {
  const dated = checkDates(leaf, options.now);
  if (!dated.ok) return dated;
  if (options.name !== undefined) {
    const wrong = nameMismatch(leaf, options.name);
    if (wrong !== undefined) return err({ kind: 'name', message: wrong });
  }
  const chain = findChain(leaf, options, []);
  if (!chain.ok) return chain;
  const fits = leaf.usages.length === 0 || leaf.usages.includes(options.usage);
  if (!fits)
    return err({ kind: 'usage', message: 'x509: certificate specifies an incompatible key usage' });
  return chain;
}

function checkDates(certificate: Certificate, now: WallTime): Result<void, VerifyError> {
  const words =
    now < certificate.notBefore
      ? `is before ${formatRfc3339(certificate.notBefore)}`
      : now > certificate.notAfter
        ? `is after ${formatRfc3339(certificate.notAfter)}`
        : undefined;
  if (words === undefined) return ok(undefined);
  const message = `x509: certificate has expired or is not yet valid: current time ${formatRfc3339(now)} ${words}`;
  return err({ kind: 'expired', message });
}

function findChain(
  certificate: Certificate,
  options: VerifyOptions,
  below: readonly Certificate[],
): Result<readonly Certificate[], VerifyError> {
  const chain = [...below, certificate];
  let hint: string | undefined;
  if (options.roots.some((root) => root.id === certificate.id)) return ok(chain);
  for (const root of options.roots) {
    if (!hasSubject(root, certificate.issuer)) continue;
    const reason = refusal(certificate, root, options.now);
    if (reason === undefined) return ok([...chain, root]);
    hint ??= hintOf(reason, root);
  }
  for (const next of options.intermediates ?? []) {
    if (chain.length >= CHAIN_MAX || chain.includes(next) || !hasSubject(next, certificate.issuer))
      continue;
    const reason = refusal(certificate, next, options.now);
    if (reason !== undefined) {
      hint ??= hintOf(reason, next);
      continue;
    }
    const longer = findChain(next, options, chain);
    if (longer.ok) return longer;
  }
  return err({
    kind: 'authority',
    message: `x509: certificate signed by unknown authority${hint ?? ''}`,
  });
}

function hasSubject(candidate: Certificate, name: Certificate['issuer']): boolean {
  const { subject } = candidate;
  return (
    subject.commonName === name.commonName &&
    subject.organizations.length === name.organizations.length &&
    subject.organizations.every((organization, index) => organization === name.organizations[index])
  );
}

/** Why an authority of the right name did not sign this. */
function refusal(certificate: Certificate, issuer: Certificate, now: WallTime): string | undefined {
  if (!certificate.isSignedBy(issuer)) return 'x509: ECDSA verification failure';
  const dated = checkDates(issuer, now);
  if (!dated.ok) return dated.error.message;
  return issuer.isAuthority
    ? undefined
    : 'x509: invalid signature: parent certificate cannot sign this kind of certificate';
}

function hintOf(reason: string, candidate: Certificate): string {
  const name =
    candidate.subject.commonName ||
    candidate.subject.organizations[0] ||
    `serial:${candidate.serial}`;
  return ` (possibly because of ${quote(reason)} while trying to verify candidate authority certificate ${quote(name)})`;
}

/** What Go says when the certificate does not hold the name; undefined when it does. */
function nameMismatch(certificate: Certificate, name: string): string | undefined {
  const bare = name.startsWith('[') && name.endsWith(']') ? name.slice(1, -1) : name;
  const ip = parseIp(bare);
  if (ip !== undefined) {
    if (certificate.ipAddresses.includes(ip)) return undefined;
    if (certificate.ipAddresses.length === 0) {
      return `x509: cannot validate certificate for ${name} because it doesn't contain any IP SANs`;
    }
    return `x509: certificate is valid for ${certificate.ipAddresses.map(formatIp).join(', ')}, not ${name}`;
  }
  const wanted = bare.toLowerCase().replace(/\.$/, '');
  if (certificate.dnsNames.some((pattern) => matches(pattern.toLowerCase(), wanted)))
    return undefined;
  if (certificate.dnsNames.length > 0) {
    return `x509: certificate is valid for ${certificate.dnsNames.join(', ')}, not ${name}`;
  }
  const hasNames = certificate.ipAddresses.length + certificate.uris.length > 0;
  if (!hasNames && /^[a-z0-9.-]+$/i.test(certificate.subject.commonName)) {
    return 'x509: certificate relies on legacy Common Name field, use SANs instead';
  }
  return `x509: certificate is not valid for any names, but wanted to match ${name}`;
}

/** `*` stands for one whole label, the first. */
function matches(pattern: string, name: string): boolean {
  if (pattern === name) return true;
  const dot = name.indexOf('.');
  return pattern.startsWith('*.') && dot > 0 && pattern.slice(1) === name.slice(dot);
}
