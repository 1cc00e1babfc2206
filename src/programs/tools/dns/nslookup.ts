/**
 * nslookup, twice: that of BIND 9.18 on hosts, and busybox's (1.36) in images. They differ in how they
 * search and in every line that they print.
 *
 * Not modelled: the interactive mode.
 */
import { SECOND } from '../../../ground/base/event-loop.ts';
import { formatIp, type Ip } from '../../../ground/base/ip.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { DnsContent, DnsFields, DnsType } from '../../../machines/network/dns-message.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { candidates, resolveHost, resolverConfig } from '../../../machines/machine/resolver.ts';
import { defineTool } from '../support.ts';
import { askServers, dataText, DNS_TYPES, type Patience, reverseName } from './query.ts';

const PATIENCE: Patience = { attempts: 3, timeout: 5 * SECOND };

interface Lookup {
  readonly name: string;
  readonly server: string | undefined;
  readonly types: readonly DnsType[] | undefined;
}

function parseLookup(args: readonly string[]): Lookup | undefined {
  const words: string[] = [];
  const types: DnsType[] = [];
  for (const arg of args) {
    const type = /^-(?:type|query|querytype|q|t)=(.+)$/i.exec(arg)?.[1]?.toUpperCase() as
      | DnsType
      | undefined;
    if (type !== undefined && DNS_TYPES.includes(type)) types.push(type);
    else if (!arg.startsWith('-')) words.push(arg);
  }
  const [name, server] = words;
  return name === undefined
    ? undefined
    : { name, server, types: types.length === 0 ? undefined : types };
}

export const nslookup = defineTool('nslookup', function* run(process, args) {
  const lookup = parseLookup(args);
  if (lookup === undefined) {
    yield* process.printError(
      'nslookup: the interactive mode is not available here; give it a name\n',
    );
    return 1;
  }
  const servers = yield* serversOf(process, lookup.server);
  if (servers === undefined) {
    yield* process.print(`nslookup: couldn't get address for '${lookup.server}': not found\n`);
    return 1;
  }
  const config = resolverConfig(process);
  const reversed = reverseName(lookup.name);
  const types: readonly DnsType[] =
    lookup.types ?? (reversed === undefined ? ['A', 'AAAA'] : ['PTR']);
  const names = reversed === undefined ? candidates(lookup.name, config) : [reversed];
  let code = 'NXDOMAIN';
  for (const name of names) {
    const complaints: string[] = [];
    const type = types[0] as DnsType;
    const first = yield* askServers(process, servers, name, type, PATIENCE, complaints);
    if (first === undefined) {
      yield* process.print(`${complaints.join('')};; no servers could be reached\n\n`);
      return 1;
    }
    code = first.fields.code;
    if (code === 'NXDOMAIN') continue;
    const head =
      reversed === undefined
        ? `Server:\t\t${formatIp(first.server)}\nAddress:\t${formatIp(first.server)}#53\n\n`
        : '';
    if (code !== 'NOERROR') {
      yield* process.print(`${head}** server can't find ${name}: ${code}\n\n`);
      return 1;
    }
    yield* process.print(head + bindAnswer(first.fields, reversed !== undefined));
    for (const type of types.slice(1)) {
      const more = yield* askServers(process, servers, name, type, PATIENCE);
      if (more !== undefined)
        yield* process.print(
          bindRecords(more.fields.answers.filter(({ data }) => data.type === type)),
        );
    }
    if (first.fields.answers.length === 0)
      yield* process.print(`*** Can't find ${lookup.name}: No answer\n`);
    yield* process.print('\n');
    return 0;
  }
  const head =
    reversed === undefined
      ? `Server:\t\t${formatIp(servers[0] ?? 0)}\nAddress:\t${formatIp(servers[0] ?? 0)}#53\n\n`
      : '';
  yield* process.print(`${head}** server can't find ${names.at(-1) ?? lookup.name}: ${code}\n\n`);
  return 1;
});

function* serversOf(process: Process, server: string | undefined): Task<readonly Ip[] | undefined> {
  if (server === undefined) return resolverConfig(process).servers;
  const found = yield* resolveHost(process, server);
  return found.ok ? found.value : undefined;
}

function bindAnswer(fields: DnsFields, reversed: boolean): string {
  const notAuthoritative =
    fields.authoritative === true || reversed ? '' : 'Non-authoritative answer:\n';
  return notAuthoritative + bindRecords(fields.answers);
}

function bindRecords(records: DnsFields['answers']): string {
  return records.map(({ name, data }) => bindLine(name, data)).join('');
}

function bindLine(name: string, data: DnsContent): string {
  switch (data.type) {
    case 'A':
      return `Name:\t${name}\nAddress: ${formatIp(data.ip)}\n`;
    case 'AAAA':
      return `Name:\t${name}\nAddress: ${data.address}\n`;
    case 'CNAME':
      return `${name}\tcanonical name = ${data.target}.\n`;
    case 'PTR':
      return `${name}\tname = ${data.target}.\n`;
    case 'MX':
      return `${name}\tmail exchanger = ${dataText(data)}\n`;
    case 'NS':
      return `${name}\tnameserver = ${data.target}.\n`;
    case 'TXT':
      return `${name}\ttext = ${dataText(data)}\n`;
    case 'SRV':
      return `${name}\tservice = ${dataText(data)}\n`;
    case 'SOA':
      return `${name}\n\torigin = ${data.primary}\n\tmail addr = ${data.mailbox}\n\tserial = ${data.serial}\n\trefresh = ${data.refresh}\n\tretry = ${data.retry}\n\texpire = ${data.expire}\n\tminimum = ${data.minimum}\n`;
  }
}

/** busybox asks for A and AAAA of every name of the search list at once and prints all that comes. */
export const busyboxNslookup = defineTool('nslookup', function* run(process, args) {
  const lookup = parseLookup(args);
  if (lookup === undefined) {
    yield* process.printError(
      'BusyBox v1.36.1 (2024-06-07 01:26:14 UTC) multi-call binary.\n\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n\nQuery DNS about HOST\n',
    );
    return 1;
  }
  const servers = yield* serversOf(process, lookup.server);
  if (servers === undefined) {
    yield* process.printError(`nslookup: bad address '${lookup.server}'\n`);
    return 1;
  }
  const config = resolverConfig(process);
  const reversed = reverseName(lookup.name);
  const names =
    reversed !== undefined
      ? [reversed]
      : lookup.name.includes('.') || lookup.name.endsWith('.')
        ? [lookup.name.replace(/\.$/, '')]
        : candidates(lookup.name, { ...config, ndots: 15 }).slice(0, -1);
  const types: readonly DnsType[] =
    lookup.types ?? (reversed !== undefined ? ['PTR'] : ['A', 'AAAA']);
  const server = servers[0] ?? 0;
  const answers: { readonly name: string; readonly fields: DnsFields }[] = [];
  for (const name of names.length > 0 ? names : [lookup.name]) {
    for (const type of types) {
      const answered = yield* askServers(process, servers, name, type, PATIENCE);
      if (answered !== undefined) answers.push({ name, fields: answered.fields });
    }
  }
  if (answers.length === 0) {
    yield* process.print(';; connection timed out; no servers could be reached\n\n');
    return 1;
  }
  yield* process.print(`Server:\t\t${formatIp(server)}\nAddress:\t${formatIp(server)}:53\n\n`);
  let failed = false;
  for (const { name, fields } of answers) {
    if (fields.code !== 'NOERROR') {
      yield* process.print(`** server can't find ${name}: ${fields.code}\n\n`);
      failed = true;
      continue;
    }
    const note = fields.authoritative === true ? '' : 'Non-authoritative answer:\n';
    const type = fields.questions[0]?.type ?? 'A';
    if (fields.answers.length === 0)
      yield* process.print(type === 'A' ? `*** Can't find ${name}: No answer\n\n` : '\n');
    else
      yield* process.print(
        `${note}${fields.answers.map(({ name: owner, data }) => busyboxLine(owner, data)).join('')}\n`,
      );
  }
  return failed ? 1 : 0;
});

function busyboxLine(name: string, data: DnsContent): string {
  switch (data.type) {
    case 'A':
      return `Name:\t${name}\nAddress: ${formatIp(data.ip)}\n`;
    case 'AAAA':
      return `Name:\t${name}\nAddress: ${data.address}\n`;
    case 'CNAME':
      return `${name}\tcanonical name = ${data.target}\n`;
    case 'PTR':
      return `${name}\tname = ${data.target}\n`;
    case 'NS':
      return `${name}\tnameserver = ${data.target}\n`;
    case 'SRV':
      return `${name}\tservice = ${data.priority} ${data.weight} ${data.port} ${data.target}\n`;
    case 'MX':
      return `${name}\tmail exchanger = ${data.preference} ${data.target}\n`;
    case 'TXT':
      return `${name}\ttext = ${dataText(data)}\n`;
    case 'SOA':
      return `${name}\n\torigin = ${data.primary}\n\tmail addr = ${data.mailbox}\n\tserial = ${data.serial}\n\trefresh = ${data.refresh}\n\tretry = ${data.retry}\n\texpire = ${data.expire}\n\tminimum = ${data.minimum}\n`;
  }
}
