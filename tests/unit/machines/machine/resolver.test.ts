/** The resolver: hosts file, search list and ndots, time-outs and attempts, getaddrinfo's errors. */
import { describe, expect, it } from 'vitest';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import { parseIp } from '../../../../src/ground/base/ip.ts';
import {
  candidates,
  parseResolvConf,
  resolveHost,
} from '../../../../src/machines/machine/resolver.ts';
import {
  type DnsCode,
  DnsMessage,
  decodeDns,
  dnsOf,
  encodeDns,
} from '../../../../src/machines/network/dns-message.ts';
import { type Bench, makeBench, run } from './support.ts';

const LOCAL = parseIp('127.0.0.1') as number;

/** A server on 127.0.0.1:53 that knows one name; `silent` answers nothing. */
function serve(bench: Bench, zone: ReadonlyMap<string, string | DnsCode>, asked: string[]): void {
  run(bench, function* (process) {
    const socket = process.net.udp(LOCAL, 53);
    if (!socket.ok) return 1;
    for (;;) {
      const received = yield* socket.value.receive();
      if (!received.ok) return 1;
      const query = dnsOf(received.value.payload);
      const question = query?.questions[0];
      if (query === undefined || question === undefined) continue;
      asked.push(`${question.type} ${question.name}`);
      const known = zone.get(question.name) ?? 'NXDOMAIN';
      const ip = parseIp(known);
      const found = ip !== undefined && question.type === 'A';
      socket.value.sendTo(
        received.value.source,
        new DnsMessage({
          ...query,
          response: true,
          code: ip === undefined ? (known as DnsCode) : 'NOERROR',
          answers: found ? [{ name: question.name, ttl: 30, data: { type: 'A', ip } }] : [],
        }),
      );
    }
  });
}

function resolve(bench: Bench, name: string, conf: string): { answer: unknown; took: number } {
  bench.host.files.write('/etc/resolv.conf', conf);
  const begin = bench.loop.now;
  let answer: unknown;
  let took = -1;
  run(bench, function* (process) {
    const found = yield* resolveHost(process, name);
    answer = found.ok ? found.value : found.error;
    took = bench.loop.now - begin;
    return 0;
  });
  bench.loop.run({ until: begin + 120 * SECOND });
  return { answer, took };
}

const POD =
  'search a.svc.cluster.local svc.cluster.local cluster.local\nnameserver 127.0.0.1\noptions ndots:5\n';

describe('resolver', () => {
  it.each([
    ['web', POD, 'web.a.svc.cluster.local web.svc.cluster.local web.cluster.local web'],
    [
      'a.b.c.d.e.f',
      POD,
      'a.b.c.d.e.f a.b.c.d.e.f.a.svc.cluster.local a.b.c.d.e.f.svc.cluster.local a.b.c.d.e.f.cluster.local',
    ],
    ['web.', POD, 'web'],
    ['web.b', 'search x\n', 'web.b web.b.x'],
  ])('%s is tried as …', (name, conf, names) => {
    expect(candidates(name, parseResolvConf(conf)).join(' ')).toBe(names);
  });

  it('asks A and AAAA of each candidate until one is known', () => {
    const bench = makeBench();
    const asked: string[] = [];
    serve(bench, new Map([['web.svc.cluster.local', '10.96.0.7']]), asked);
    expect(resolve(bench, 'web', POD).answer).toEqual([parseIp('10.96.0.7')]);
    expect(asked).toEqual([
      'A web.a.svc.cluster.local',
      'AAAA web.a.svc.cluster.local',
      'A web.svc.cluster.local',
      'AAAA web.svc.cluster.local',
    ]);
  });

  it.each<[string, string, unknown]>([
    ['gone', 'nameserver 127.0.0.1\n', 'EAI_NONAME'],
    ['broken', 'nameserver 127.0.0.1\n', 'EAI_AGAIN'],
    ['empty', 'nameserver 127.0.0.1\n', 'EAI_NODATA'],
    ['box', '', [parseIp('192.168.0.11')]],
    ['10.0.0.1', '', [parseIp('10.0.0.1')]],
    ['a..b', 'nameserver 127.0.0.1\n', 'EAI_NONAME'],
  ])('%s: %s %s', (name, conf, answer) => {
    const bench = makeBench();
    serve(
      bench,
      new Map<string, string | DnsCode>([
        ['broken', 'SERVFAIL'],
        ['empty', 'NOERROR'],
      ]),
      [],
    );
    expect(resolve(bench, name, conf).answer).toEqual(answer);
  });

  it.each([
    ['nameserver 192.168.0.99\n', 20],
    ['nameserver 192.168.0.99\noptions timeout:1 attempts:3\n', 12],
  ])('gives up on a dead server after all attempts: %j', (conf, seconds) => {
    const bench = makeBench();
    const { answer, took } = resolve(bench, 'web.x', conf);
    expect(answer).toBe('EAI_AGAIN');
    expect(took).toBeLessThanOrEqual(seconds * SECOND);
    expect(took).toBeGreaterThan(SECOND);
  });

  it('writes and reads messages', () => {
    const fields = {
      id: 7,
      response: true,
      authoritative: true,
      truncated: false,
      recursionDesired: true,
      recursionAvailable: true,
      code: 'NXDOMAIN' as const,
      questions: [{ name: 'a.b', type: 'SRV' as const }],
      answers: [
        {
          name: 'a.b',
          ttl: 5,
          data: { type: 'SRV' as const, priority: 0, weight: 100, port: 80, target: 'c.d' },
        },
        { name: 'a.b', ttl: 70_000, data: { type: 'A' as const, ip: 0xc0a80001 } },
        { name: 'a.b', ttl: 5, data: { type: 'TXT' as const, texts: ['x', 'yz'] } },
      ],
      authority: [],
      additional: [],
    };
    expect(decodeDns(encodeDns(fields))).toEqual(fields);
  });
});
