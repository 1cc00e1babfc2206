/** Answers for cluster names, by the DNS-based service discovery specification 1.1.0. */
import { describe, expect, it } from 'vitest';
import type { EndpointSlice, Service } from '../../../../src/ground/api/types.ts';
import { formatIp } from '../../../../src/ground/base/ip.ts';
import type { DnsType } from '../../../../src/machines/network/dns-message.ts';
import { parseCorefile } from '../../../../src/programs/dns/corefile.ts';
import { KubernetesPlugin } from '../../../../src/programs/dns/plugins/kubernetes.ts';
import type { ServiceIndex } from '../../../../src/programs/dns/service-index.ts';

function service(name: string, spec: Service['spec']): Service {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec };
}

const SERVICES = [
  service('web', { clusterIP: '10.96.5.5', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }),
  service('db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] }),
  service('empty', { clusterIP: 'None', ports: [{ port: 1 }] }),
  service('ext', { type: 'ExternalName', externalName: 'example.com' }),
];
const SLICE: EndpointSlice = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  addressType: 'IPv4',
  metadata: { name: 'db-1', namespace: 'default' },
  ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
  endpoints: [
    { addresses: ['10.244.1.7'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.244.2.8'], conditions: { ready: true } },
    { addresses: ['10.244.2.9'], conditions: { ready: false } },
  ],
};
const INDEX = {
  synced: true,
  serial: 1,
  hasNamespace: (name: string) => name === 'default',
  service: (_namespace: string, name: string) =>
    SERVICES.find((each) => each.metadata.name === name),
  slicesOf: (each: Service) => (each.metadata.name === 'db' ? [SLICE] : []),
  serviceByIp: (ip: string) => SERVICES.find((each) => each.spec?.clusterIP === ip),
  sliceByIp: (ip: string) =>
    SLICE.endpoints.some((each) => each.addresses[0] === ip) ? SLICE : undefined,
  serviceOf: () => SERVICES[1],
  hasPod: () => false,
} as unknown as ServiceIndex;
const PLUGIN = new KubernetesPlugin(
  {
    zones: ['cluster.local', 'in-addr.arpa'],
    primary: 'cluster.local',
    pods: 'insecure',
    fallthrough: ['in-addr.arpa'],
    ttl: 30,
  },
  INDEX,
);

function ask(name: string, type: DnsType): string {
  const answer = PLUGIN.answer(name, type);
  if (answer === undefined) return 'next plugin';
  const texts = answer.answers.map(({ data }) => {
    if (data.type === 'A') return formatIp(data.ip);
    if (data.type === 'SRV') return `${data.priority} ${data.weight} ${data.port} ${data.target}`;
    return 'target' in data ? data.target : data.type;
  });
  const soa = answer.authority.some((record) => record.data.type === 'SOA') ? ' SOA' : '';
  return `${answer.code} ${texts.join(', ')}${soa}`.trim();
}

describe('kubernetes plugin', () => {
  it.each([
    ['web.default.svc.cluster.local', 'A', 'NOERROR 10.96.5.5'],
    ['web.default.svc.cluster.local', 'AAAA', 'NOERROR  SOA'],
    ['none.default.svc.cluster.local', 'A', 'NXDOMAIN  SOA'],
    ['web.none.svc.cluster.local', 'A', 'NXDOMAIN  SOA'],
    ['default.svc.cluster.local', 'A', 'NOERROR  SOA'],
    ['svc.cluster.local', 'A', 'NOERROR  SOA'],
    ['db.default.svc.cluster.local', 'A', 'NOERROR 10.244.1.7, 10.244.2.8'],
    ['empty.default.svc.cluster.local', 'A', 'NXDOMAIN  SOA'],
    ['db-0.db.default.svc.cluster.local', 'A', 'NOERROR 10.244.1.7'],
    ['10-244-2-8.db.default.svc.cluster.local', 'A', 'NOERROR 10.244.2.8'],
    ['10-244-2-9.db.default.svc.cluster.local', 'A', 'NXDOMAIN  SOA'],
    [
      '_http._tcp.web.default.svc.cluster.local',
      'SRV',
      'NOERROR 0 100 80 web.default.svc.cluster.local',
    ],
    [
      '_sql._tcp.db.default.svc.cluster.local',
      'SRV',
      'NOERROR 0 50 5432 db-0.db.default.svc.cluster.local, 0 50 5432 10-244-2-8.db.default.svc.cluster.local',
    ],
    ['_none._tcp.web.default.svc.cluster.local', 'SRV', 'NXDOMAIN  SOA'],
    ['ext.default.svc.cluster.local', 'A', 'NOERROR example.com'],
    ['10-1-2-3.default.pod.cluster.local', 'A', 'NOERROR 10.1.2.3'],
    ['10-1-2-3.none.pod.cluster.local', 'A', 'NXDOMAIN  SOA'],
    ['5.5.96.10.in-addr.arpa', 'PTR', 'NOERROR web.default.svc.cluster.local'],
    ['7.1.244.10.in-addr.arpa', 'PTR', 'NOERROR db-0.db.default.svc.cluster.local'],
    ['1.1.1.1.in-addr.arpa', 'PTR', 'next plugin'],
    ['example.com', 'A', 'next plugin'],
  ] as const)('%s %s: %s', (name, type, expected) => {
    expect(ask(name, type)).toBe(expected);
  });
});

describe('Corefile', () => {
  it('refuses a plugin that it does not have, by line', () => {
    expect(parseCorefile('.:53 {\n errors\n nope\n}\n', 'Corefile')).toEqual({
      ok: false,
      error: "Corefile:3 - Error during parsing: Unknown directive 'nope'",
    });
  });
});
