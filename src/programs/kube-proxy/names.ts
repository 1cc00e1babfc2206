/**
 * Names of services' ports and of the chains that stand for them
 * (k8s.io/kubernetes/pkg/proxy/iptables/proxier.go, v1.34): a prefix and 16 characters of base32 of
 * the SHA-256 of name, protocol and endpoint. Releases of the seeds' time keep the colon of an unnamed
 * port, so their chains have other names.
 */
import { base32Digest } from '../../ground/pki/digest.ts';

/** What differs between releases. */
export interface ProxyEra {
  readonly name: 'modern' | 'seed-era';
  /** `default/http:` for an unnamed port. */
  readonly keepsColon: boolean;
  /** Comments name the endpoint, KUBE-EXT exists, the mark is cleared before MASQUERADE. */
  readonly modernRules: boolean;
}

export const MODERN: ProxyEra = { name: 'modern', keepsColon: false, modernRules: true };
export const SEED_ERA: ProxyEra = { name: 'seed-era', keepsColon: true, modernRules: false };

/** `default/web:http`, or `default/web` for an unnamed port. */
export function servicePortName(
  namespace: string,
  name: string,
  port: string | undefined,
  era: ProxyEra,
): string {
  if (port !== undefined && port !== '') return `${namespace}/${name}:${port}`;
  return era.keepsColon ? `${namespace}/${name}:` : `${namespace}/${name}`;
}

/** Suffix that the chains of a port share. */
function portSuffix(portName: string, protocol: string): string {
  return base32Digest(`${portName}${protocol}`, 16);
}

export function serviceChain(portName: string, protocol: string): string {
  return `KUBE-SVC-${portSuffix(portName, protocol)}`;
}

/** The endpoints of this node alone. */
export function localChain(portName: string, protocol: string): string {
  return `KUBE-SVL-${portSuffix(portName, protocol)}`;
}

/** Which sources may use a load balancer's address. */
export function firewallChain(portName: string, protocol: string): string {
  return `KUBE-FW-${portSuffix(portName, protocol)}`;
}

export function externalChain(portName: string, protocol: string): string {
  return `KUBE-EXT-${portSuffix(portName, protocol)}`;
}

/** `endpoint` is `ip:port`. */
export function endpointChain(portName: string, protocol: string, endpoint: string): string {
  return `KUBE-SEP-${base32Digest(`${portName}${protocol}${endpoint}`, 16)}`;
}
