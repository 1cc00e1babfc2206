/**
 * dig of BIND 9.18: one question or several, the whole answer in sections.
 *
 * Not modelled: DNSSEC, +trace, zone transfer, batch files.
 */
import { SECOND } from '../../../ground/base/event-loop.ts';
import { formatIp, type Ip } from '../../../ground/base/ip.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatDate } from '../../../ground/lang/strftime.ts';
import type { DnsFields, DnsRecord, DnsType } from '../../../machines/network/dns-message.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { candidates, resolveHost, resolverConfig } from '../../../machines/machine/resolver.ts';
import { defineTool } from '../support.ts';
import {
  absolute,
  askServer,
  complaint,
  dataText,
  errorWord,
  DNS_PORT,
  DNS_TYPES,
  type DnsAnswer,
  reverseName,
} from './query.ts';

const VERSION = 'DiG 9.18.33-1~deb12u2-Debian';
const UDP_SIZE = 1232;

const LOCAL_WARNING = [
  ';; WARNING: .local is reserved for Multicast DNS',
  ';; You are currently testing what happens when an mDNS query is leaked to DNS',
];

interface Flags {
  short: boolean;
  search: boolean;
  recurse: boolean;
  edns: boolean;
  cookie: boolean;
  tcp: boolean;
  timeout: number;
  tries: number;
  comments: boolean;
  question: boolean;
  answer: boolean;
  authority: boolean;
  additional: boolean;
  stats: boolean;
  cmd: boolean;
}

interface Question {
  readonly name: string;
  readonly type: DnsType;
}

interface DigRun {
  readonly flags: Flags;
  readonly questions: readonly Question[];
  readonly server: string | undefined;
  readonly port: number;
}

export const dig = defineTool('dig', function* run(process, args) {
  if (args.includes('-v')) {
    yield* process.printError(`${VERSION}\n`);
    return 0;
  }
  const parsed = parseDig(args);
  if (typeof parsed === 'string') {
    yield* process.printError(parsed);
    return 1;
  }
  const config = resolverConfig(process);
  let servers: readonly Ip[] = config.servers;
  if (parsed.server !== undefined) {
    const found = yield* resolveHost(process, parsed.server);
    if (!found.ok) {
      yield* process.printError(`dig: couldn't get address for '${parsed.server}': not found\n`);
      return 10;
    }
    servers = found.value;
  }
  // The greeting stands before the first answer, behind what went wrong on the way to it.
  let greeting =
    parsed.flags.short || !parsed.flags.cmd
      ? ''
      : `\n; <<>> ${VERSION} <<>> ${args.join(' ')}\n${parsed.server === undefined ? '' : '; (1 server found)\n'};; global options: +cmd\n`;
  let code = 0;
  for (const question of parsed.questions) {
    const answered = yield* ask(process, parsed, question, servers);
    yield* process.print(greeting + answered.text);
    greeting = '';
    code = answered.code;
  }
  return code;
});

function parseDig(args: readonly string[]): DigRun | string {
  const flags: Flags = {
    short: false,
    search: false,
    recurse: true,
    edns: true,
    cookie: true,
    tcp: false,
    timeout: 5,
    tries: 3,
    comments: true,
    question: true,
    answer: true,
    authority: true,
    additional: true,
    stats: true,
    cmd: true,
  };
  const names: { name: string; type: DnsType | undefined }[] = [];
  let type: DnsType | undefined;
  let server: string | undefined;
  let port = DNS_PORT;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] as string;
    if (arg.startsWith('@')) server = arg.slice(1);
    else if (arg.startsWith('+')) {
      if (!setFlag(flags, arg.slice(1)))
        return `Invalid option: ${arg}\nUsage:  dig [@global-server] [domain] [q-type] [q-class] {q-opt}\n            {global-d-opt} host [@local-server] {local-d-opt}\n            [ host [@local-server] {local-d-opt} [...]]\n\nUse "dig -h" (or "dig -h | more") for complete list of options\n`;
    } else if (arg === '-x') names.push({ name: reverseName(args[++at] ?? '') ?? '', type: 'PTR' });
    else if (arg === '-p') port = Number(args[++at]);
    else if (arg === '-t') type = (args[++at] ?? '').toUpperCase() as DnsType;
    else if (arg === '-q') names.push({ name: args[++at] ?? '', type: undefined });
    else if (arg === '-4') continue;
    else if (arg.startsWith('-')) return `Invalid option: ${arg}\n`;
    else if (DNS_TYPES.includes(arg.toUpperCase() as DnsType)) {
      const last = names.at(-1);
      if (last === undefined) type = arg.toUpperCase() as DnsType;
      else last.type = arg.toUpperCase() as DnsType;
    } else if (!/^(in|IN)$/.test(arg)) names.push({ name: arg, type: undefined });
  }
  if (names.length === 0) names.push({ name: '.', type: type ?? 'NS' });
  return {
    flags,
    questions: names.map((each) => ({ name: each.name, type: each.type ?? type ?? 'A' })),
    server,
    port,
  };
}

/** False for an option that dig does not have. */
function setFlag(flags: Flags, option: string): boolean {
  const on = !option.startsWith('no');
  const [name = '', value = ''] = (on ? option : option.slice(2)).split('=');
  switch (name) {
    case 'short':
      flags.short = on;
      return true;
    case 'search':
      flags.search = on;
      return true;
    case 'rec':
    case 'recurse':
      flags.recurse = on;
      return true;
    case 'edns':
    case 'cookie':
      flags[name] = on;
      return true;
    case 'tcp':
    case 'vc':
      flags.tcp = on;
      return true;
    case 'comments':
    case 'question':
    case 'answer':
    case 'authority':
    case 'additional':
    case 'stats':
    case 'cmd':
      flags[name] = on;
      return true;
    case 'all':
      for (const each of [
        'comments',
        'question',
        'answer',
        'authority',
        'additional',
        'stats',
        'cmd',
      ] as const)
        flags[each] = on;
      return true;
    case 'time':
    case 'timeout':
      flags.timeout = Math.max(1, Number(value));
      return true;
    case 'tries':
    case 'retry':
      flags.tries = Math.max(1, Number(value) + (name === 'retry' ? 1 : 0));
      return true;
    case 'ndots':
    case 'ttlid':
    case 'multiline':
    case 'bufsize':
    case 'dnssec':
    case 'ad':
    case 'adflag':
    case 'domain':
      return name !== 'dnssec' ? true : !on;
    default:
      return false;
  }
}

function* ask(
  process: Process,
  run: DigRun,
  question: Question,
  servers: readonly Ip[],
): Task<{ readonly text: string; readonly code: number }> {
  const { flags } = run;
  const config = resolverConfig(process);
  const names = flags.search
    ? candidates(question.name, config)
    : [question.name.replace(/\.$/, '')];
  let last: { answer: DnsAnswer; server: Ip } | undefined;
  for (const name of names) {
    const found = yield* askAll(process, run, { name, type: question.type }, servers);
    if (found === undefined) return { text: ';; no servers could be reached\n', code: 9 };
    last = found;
    if (found.answer.fields.code !== 'NXDOMAIN' && found.answer.fields.answers.length > 0) break;
  }
  if (last === undefined) return { text: '', code: 9 };
  const text = flags.short
    ? shortText(last.answer.fields)
    : formatAnswer(process, flags, last.answer, last.server, run.port);
  return { text, code: 0 };
}

function* askAll(
  process: Process,
  run: DigRun,
  question: Question,
  servers: readonly Ip[],
): Task<{ answer: DnsAnswer; server: Ip } | undefined> {
  const { flags, port } = run;
  for (let attempt = 0; attempt < flags.tries; attempt += 1) {
    for (const server of servers) {
      const answered = yield* askServer(process, {
        server,
        port,
        ...question,
        recurse: flags.recurse,
        udpSize: flags.edns ? UDP_SIZE : undefined,
        cookie: flags.edns && flags.cookie,
        tcp: flags.tcp,
        timeout: flags.timeout * SECOND,
      });
      if (answered.ok) return { answer: answered.value, server };
      const where = `${formatIp(server)}#${port}`;
      const why = errorWord(answered.error);
      yield* process.print(
        flags.tcp
          ? `;; Connection to ${where}(${formatIp(server)}) for ${question.name} failed: ${why}.\n`
          : complaint(server, port, answered.error),
      );
    }
  }
  return undefined;
}

function shortText(fields: DnsFields): string {
  return fields.answers.map((record) => `${dataText(record.data)}\n`).join('');
}

function formatAnswer(
  process: Process,
  flags: Flags,
  answer: DnsAnswer,
  server: Ip,
  port: number,
): string {
  const { fields } = answer;
  const out: string[] = [];
  const edns = fields.udpSize !== undefined;
  if (flags.comments) {
    const marks = [
      'qr',
      ...(fields.authoritative === true ? ['aa'] : []),
      ...(fields.truncated === true ? ['tc'] : []),
      ...(fields.recursionDesired ? ['rd'] : []),
      ...(fields.recursionAvailable === true ? ['ra'] : []),
    ];
    const leaks = fields.questions.some(({ name }) => /(^|\.)local\.?$/i.test(name));
    out.push(
      ';; Got answer:',
      ...(leaks ? LOCAL_WARNING : []),
      `;; ->>HEADER<<- opcode: QUERY, status: ${fields.code}, id: ${fields.id}`,
    );
    out.push(
      `;; flags: ${marks.join(' ')}; QUERY: ${fields.questions.length}, ANSWER: ${fields.answers.length}, AUTHORITY: ${fields.authority.length}, ADDITIONAL: ${fields.additional.length + (edns ? 1 : 0)}`,
    );
    if (fields.recursionDesired && fields.recursionAvailable !== true)
      out.push(';; WARNING: recursion requested but not available');
    out.push('');
    if (edns) {
      out.push(';; OPT PSEUDOSECTION:', `; EDNS: version: 0, flags:; udp: ${fields.udpSize}`);
      if (fields.cookie !== undefined)
        out.push(`; COOKIE: ${fields.cookie}${fields.cookie === answer.cookie ? ' (echoed)' : ''}`);
    }
  }
  if (flags.question) {
    if (flags.comments) out.push(';; QUESTION SECTION:');
    out.push(
      ...fields.questions.map(({ name, type }) =>
        columns([
          [`;${absolute(name)}`, 0],
          ['IN', 32],
          [type, 40],
        ]),
      ),
    );
    if (flags.comments) out.push('');
  }
  const sections: readonly (readonly [boolean, string, readonly DnsRecord[]])[] = [
    [flags.answer, 'ANSWER', fields.answers],
    [flags.authority, 'AUTHORITY', fields.authority],
    [flags.additional, 'ADDITIONAL', fields.additional],
  ];
  for (const [on, title, records] of sections) {
    if (!on || records.length === 0) continue;
    if (flags.comments) out.push(`;; ${title} SECTION:`);
    out.push(...records.map(recordLine));
    if (flags.comments) out.push('');
  }
  if (flags.stats) {
    const when = formatDate('%a %b %d %H:%M:%S UTC %Y', process.clock.wall());
    out.push(
      `;; Query time: ${Math.floor(answer.took / 1000)} msec`,
      `;; SERVER: ${formatIp(server)}#${port}(${formatIp(server)}) (${flags.tcp ? 'TCP' : 'UDP'})`,
      `;; WHEN: ${when}`,
      `;; MSG SIZE  rcvd: ${answer.size}`,
      '',
    );
  }
  return `${out.join('\n')}\n`;
}

function recordLine(record: DnsRecord): string {
  return columns([
    [absolute(record.name), 0],
    [String(record.ttl), 24],
    ['IN', 32],
    [record.data.type, 40],
    [dataText(record.data), 48],
  ]);
}

/** Fills up to each column with tabs; a text that has passed it is followed by one blank. */
function columns(cells: readonly (readonly [text: string, column: number])[]): string {
  let out = '';
  let at = 0;
  for (const [text, column] of cells) {
    if (column > 0 && at >= column) {
      out += ' ';
      at += 1;
    } else {
      while (at < column) {
        out += '\t';
        at = (Math.floor(at / 8) + 1) * 8;
      }
    }
    out += text;
    at += text.length;
  }
  return out;
}
