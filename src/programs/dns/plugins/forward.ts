/** Questions for other servers (CoreDNS v1.12 plugin/forward): UDP to the first upstream that answers. */
import { SECOND } from '../../../ground/base/event-loop.ts';
import { type Ip, parseIp } from '../../../ground/base/ip.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { type DnsFields, DnsMessage, dnsOf } from '../../../machines/network/dns-message.ts';
import type { Directive } from '../corefile.ts';

const READ_TIMEOUT = 2 * SECOND;

/** `10.244.0.3:40001->192.168.0.1:53`, as Go names the two ends. */
export interface Upstream {
  readonly ip: Ip;
  readonly text: string;
}

/** The upstreams of a directive: addresses, or the nameservers of a file. */
export function upstreamsOf(
  process: Process,
  directive: Directive,
): Result<readonly Upstream[], string> {
  const found: Upstream[] = [];
  for (const word of directive.args.slice(1)) {
    const literal = parseIp(word.replace(/:53$/, ''));
    if (literal !== undefined) {
      found.push({ ip: literal, text: word.replace(/:53$/, '') });
      continue;
    }
    const text = process.files.readText(word);
    if (!text.ok) return err(`plugin/forward: not an IP address or file: "${word}"`);
    for (const match of text.value.matchAll(/^nameserver\s+(\S+)/gm)) {
      const ip = parseIp(match[1] as string);
      if (ip !== undefined) found.push({ ip, text: match[1] as string });
    }
  }
  return found.length === 0 ? err('plugin/forward: no nameservers found') : ok(found);
}

/** Asks the upstreams in turn; the error is the end of a line of the errors plugin. */
export function* forwardQuery(
  process: Process,
  upstreams: readonly Upstream[],
  query: DnsFields,
): Task<Result<DnsFields, string>> {
  let failure = 'no upstreams';
  for (const upstream of upstreams) {
    const socket = process.net.udp(0, 0);
    if (!socket.ok) return err(`listen udp: ${socket.error}`);
    const id = process.random.below(65536);
    socket.value.sendTo({ ip: upstream.ip, port: 53 }, new DnsMessage({ ...query, id }));
    const answer = yield* socket.value.receive(READ_TIMEOUT);
    socket.value.close();
    const fields = answer.ok ? dnsOf(answer.value.payload) : undefined;
    if (fields !== undefined) return ok({ ...fields, id: query.id });
    failure = answer.ok
      ? 'malformed answer'
      : answer.error === 'EAGAIN'
        ? `read udp ${upstream.text}:53: i/o timeout`
        : `read udp ${upstream.text}:53: read: connection refused`;
  }
  return err(failure);
}
