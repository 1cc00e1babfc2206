/** DNS messages through their bytes and back; a compressed answer as a real server writes it. */
import { expect, test } from 'vitest';
import { hexOf } from '../../../../src/ground/base/bytes.ts';
import {
  type DnsFields,
  DnsMessage,
  type DnsRecord,
  dnsOf,
  dnsQuery,
} from '../../../../src/machines/network/dns-message.ts';

const NAME = 'web.default.svc.cluster.local';
const SOA = {
  type: 'SOA',
  primary: 'ns.dns.cluster.local',
  mailbox: 'hostmaster.cluster.local',
  serial: 1772442000,
  refresh: 7200,
  retry: 1800,
  expire: 86400,
  minimum: 30,
} as const;
const RECORDS: readonly DnsRecord[] = [
  { name: NAME, ttl: 30, data: { type: 'A', ip: 0xca600001 } },
  { name: NAME, ttl: 5, data: { type: 'AAAA', address: '2001:db8::1:0:0:1' } },
  { name: 'x.example', ttl: 0, data: { type: 'CNAME', target: NAME } },
  {
    name: `_http._tcp.${NAME}`,
    ttl: 30,
    data: { type: 'SRV', priority: 0, weight: 100, port: 80, target: NAME },
  },
  {
    name: '1.0.96.10.in-addr.arpa',
    ttl: 30,
    data: { type: 'PTR', target: 'kubernetes.default.svc.cluster.local' },
  },
  { name: 'dns-version.cluster.local', ttl: 28800, data: { type: 'TXT', texts: ['1.1.0', ''] } },
  { name: 'example', ttl: 3600, data: { type: 'MX', preference: 10, target: 'mail.example' } },
  { name: 'example', ttl: 3600, data: { type: 'NS', target: 'ns.example' } },
  { name: 'cluster.local', ttl: 30, data: SOA },
];

function answerTo(query: DnsFields, answers: readonly DnsRecord[]): DnsFields {
  const flags = { authoritative: true, truncated: false, recursionAvailable: true };
  return {
    ...query,
    ...flags,
    response: true,
    answers,
    authority: answers.slice(8),
    udpSize: 1232,
  };
}

test('every kind of record survives its bytes', () => {
  const answer = answerTo(dnsQuery(4711, NAME, 'A').fields, RECORDS);
  expect(dnsOf(new DnsMessage(answer).render())).toEqual(answer);
  expect(dnsOf(new DnsMessage(answer))).toBe(answer);
});

test('bytes of a query and of a compressed answer', () => {
  const query = dnsQuery(0x1234, 'a.bc', 'A');
  expect(hexOf(query.render())).toBe('12340100000100000000000001610262630000010001');
  const answers: DnsRecord[] = [{ name: 'a.bc', ttl: 30, data: { type: 'A', ip: 0x01020304 } }];
  const plain = new DnsMessage({ ...query.fields, response: true, answers });
  expect(hexOf(plain.render())).toBe(
    '12348100000100010000000001610262630000010001c00c000100010000001e000401020304',
  );
});

test('rubbish and endless pointers are refused', () => {
  const query = dnsQuery(1, 'a.bc', 'A').render();
  for (let length = 0; length < query.length; length += 1) {
    expect(dnsOf(query.subarray(0, length))).toBeUndefined();
  }
  const loop = query.slice();
  loop.set([0xc0, 12], 12);
  expect(dnsOf(loop)).toBeUndefined();
});
