/** Names of kube-proxy's chains: pkg/proxy/iptables/proxier.go, v1.34, and the seeds' dump (R214). */
import { describe, expect, it } from 'vitest';
import {
  endpointChain,
  MODERN,
  SEED_ERA,
  serviceChain,
  servicePortName,
} from '../../src/programs/kube-proxy/names.ts';

const SERVICES: readonly (readonly [string, string, string])[] = [
  ['ns/a:p', 'tcp', 'ZOE7WQMSI2YE7I74'],
  ['ns/b:p', 'udp', 'SG7UYB2WG4G5WDJF'],
  ['default/http:', 'tcp', '7IMAZDGB2ONQNK4Z'],
  ['default/http', 'tcp', 'EC7LQBUW7TSHRMAH'],
];

const ENDPOINTS: readonly (readonly [string, string, string, string])[] = [
  ['ns/a:p', 'tcp', '198.19.1.1:8080', '7TDCLE2XJH6OTJ7X'],
  ['ns/a:p', 'tcp', '198.19.1.2:8080', 'NKLKYD4UO42PT36J'],
  ['ns/a:p', 'tcp', '198.19.1.3:8080', 'H3HY46UKOZGQS5IF'],
  ['ns/b:p', 'udp', '198.19.1.1:5300', 'SYT3Z34MM6ZJ6CWW'],
  ['ns/b:p', 'udp', '198.19.1.2:5300', 'YMXHXSUSKE77DAUP'],
  ['default/http:', 'tcp', '10.244.1.5:80', 'KJZJRL2KRWMXNR3J'],
  ['default/http:', 'tcp', '10.244.1.6:80', '55QZ6T7MF3AHPOOB'],
];

describe('names of chains', () => {
  it.each(SERVICES)('%s %s', (name, protocol, suffix) => {
    expect(serviceChain(name, protocol)).toBe(`KUBE-SVC-${suffix}`);
  });

  it.each(ENDPOINTS)('%s %s %s', (name, protocol, endpoint, suffix) => {
    expect(endpointChain(name, protocol, endpoint)).toBe(`KUBE-SEP-${suffix}`);
  });

  it('keeps the colon of an unnamed port in the seeds only', () => {
    expect(servicePortName('default', 'http', '', MODERN)).toBe('default/http');
    expect(servicePortName('default', 'http', '', SEED_ERA)).toBe('default/http:');
    expect(servicePortName('default', 'web', 'http', SEED_ERA)).toBe('default/web:http');
  });
});
