/** `host` of BIND 9.18: names and addresses in sentences. */
import { SECOND } from '../../../ground/base/event-loop.ts';
import { formatIp, type Ip } from '../../../ground/base/ip.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { DnsContent, DnsType } from '../../../machines/network/dns-message.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { candidates, resolveHost, resolverConfig } from '../../../machines/machine/resolver.ts';
import { defineTool } from '../support.ts';
import { absolute, askServers, dataText, DNS_TYPES, type Patience, reverseName } from './query.ts';

export const host = defineTool('host', function* run(process, args) {
  let type: DnsType | undefined;
  let timeout = 5 * SECOND;
  let attempts = 2;
  const words: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] as string;
    if (arg === '-t') type = (args[++at] ?? '').toUpperCase() as DnsType;
    else if (arg === '-W') timeout = Math.max(1, Number(args[++at] ?? '5') || 1) * SECOND;
    else if (arg === '-R') attempts = 1 + Math.max(1, Number(args[++at] ?? '1') || 1);
    else if (arg.startsWith('-')) {
      yield* process.printError(`host: ${arg} is not available here; -t, -W and -R are\n`);
      return 1;
    } else words.push(arg);
  }
  const [name, server] = words;
  if (name === undefined || (type !== undefined && !DNS_TYPES.includes(type))) {
    yield* process.printError(
      name === undefined
        ? 'Usage: host [-t type] {name} [server]\n'
        : `host: invalid type: ${type?.toLowerCase()}\n`,
    );
    return name === undefined ? 1 : 2;
  }
  let servers: readonly Ip[] = resolverConfig(process).servers;
  if (server !== undefined) {
    const found = yield* resolveHost(process, server);
    if (!found.ok) {
      yield* process.printError(`host: couldn't get address for '${server}': not found\n`);
      return 1;
    }
    servers = found.value;
    yield* process.print(
      `Using domain server:\nName: ${server}\nAddress: ${formatIp(servers[0] ?? 0)}#53\nAliases: \n\n`,
    );
  }
  return yield* lookUp(process, name, type, servers, { attempts, timeout });
});

function* lookUp(
  process: Process,
  name: string,
  type: DnsType | undefined,
  servers: readonly Ip[],
  patience: Patience,
): Task<number> {
  const reversed = reverseName(name);
  const config = resolverConfig(process);
  const names = reversed === undefined ? candidates(name, config) : [reversed];
  const types: readonly DnsType[] =
    reversed !== undefined ? ['PTR'] : type === undefined ? ['A', 'AAAA', 'MX'] : [type];
  let code = 'NXDOMAIN';
  let shown = 0;
  for (const candidate of names) {
    for (const each of types) {
      const complaints: string[] = [];
      const answer = yield* askServers(process, servers, candidate, each, patience, complaints);
      if (answer === undefined) {
        yield* process.print(`${complaints.join('')};; no servers could be reached\n`);
        return 1;
      }
      code = answer.fields.code;
      if (code !== 'NOERROR') break;
      for (const record of answer.fields.answers) {
        if (record.data.type === 'CNAME' && each !== types[0]) continue;
        yield* process.print(`${record.name} ${sentence(record.data)}\n`);
        shown += 1;
      }
      if (answer.fields.answers.length === 0 && type !== undefined) {
        yield* process.print(`${candidate} has no ${type} record\n`);
        return 0;
      }
    }
    if (code === 'NOERROR') return 0;
  }
  if (shown > 0) return 0;
  const number = code === 'NXDOMAIN' ? 3 : code === 'SERVFAIL' ? 2 : 5;
  yield* process.print(
    `Host ${reversed === undefined ? name.replace(/\.$/, '') : absolute(reversed)} not found: ${number}(${code})\n`,
  );
  return 1;
}

function sentence(data: DnsContent): string {
  switch (data.type) {
    case 'A':
      return `has address ${formatIp(data.ip)}`;
    case 'AAAA':
      return `has IPv6 address ${data.address}`;
    case 'CNAME':
      return `is an alias for ${absolute(data.target)}`;
    case 'PTR':
      return `domain name pointer ${absolute(data.target)}`;
    case 'MX':
      return `mail is handled by ${dataText(data)}`;
    case 'NS':
      return `name server ${absolute(data.target)}`;
    case 'TXT':
      return `descriptive text ${dataText(data)}`;
    case 'SRV':
      return `has SRV record ${dataText(data)}`;
    case 'SOA':
      return `has SOA record ${dataText(data)}`;
  }
}
