/** What curl tells beside the body: `-v` lines, the progress meter, and `-w`. */
import { civilFromWall, type WallTime } from '../../../ground/base/time.ts';
import { formatIp } from '../../../ground/base/ip.ts';
import type { Task } from '../../../ground/base/task.ts';
import { MONTH_NAMES } from '../../../ground/lang/strftime.ts';
import type { Certificate } from '../../../ground/pki/certificate.ts';
import type { HttpConnection } from '../../../machines/network/http-types.ts';
import { headerSpelling } from '../../../machines/network/http-text.ts';
import type { Process } from '../../../machines/machine/process.ts';

/** Times in microseconds since the start of the transfer, sizes in bytes. */
export interface Measures {
  nameLookup: number;
  connect: number;
  appConnect: number;
  preTransfer: number;
  startTransfer: number;
  redirect: number;
  total: number;
  downloaded: number;
  uploaded: number;
  headerBytes: number;
  requestBytes: number;
  connects: number;
  redirects: number;
}

export function newMeasures(): Measures {
  return {
    nameLookup: 0,
    connect: 0,
    appConnect: 0,
    preTransfer: 0,
    startTransfer: 0,
    redirect: 0,
    total: 0,
    downloaded: 0,
    uploaded: 0,
    headerBytes: 0,
    requestBytes: 0,
    connects: 0,
    redirects: 0,
  };
}

/** What `-w` can name of the last response. */
export interface LastResponse {
  status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly connection: HttpConnection | undefined;
}

export interface WriteOutFacts {
  readonly measures: Measures;
  readonly response: LastResponse | undefined;
  readonly url: string;
  readonly effectiveUrl: string;
  readonly method: string;
  readonly redirectUrl: string;
  readonly exitCode: number;
  readonly error: string;
  readonly output: string;
}

function seconds(micros: number): string {
  const whole = Math.floor(micros / 1_000_000);
  return `${whole}.${String(micros % 1_000_000).padStart(6, '0')}`;
}

function speed(bytes: number, micros: number): string {
  return String(Math.floor((bytes * 1_000_000) / Math.max(1, micros)));
}

/** The text of `-w`: variables, `%header{name}`, escapes. */
export function formatWriteOut(format: string, facts: WriteOutFacts): string {
  return format.replace(
    /%header\{([^}]*)\}|%\{([^}]*)\}|%%|\\(.)/g,
    (
      _all: string,
      header: string | undefined,
      name: string | undefined,
      escaped: string | undefined,
    ) => {
      if (header !== undefined) return facts.response?.headers.get(header.toLowerCase()) ?? '';
      if (name !== undefined) return variable(name, facts);
      if (escaped === undefined) return '%';
      return escaped === 'n'
        ? '\n'
        : escaped === 'r'
          ? '\r'
          : escaped === 't'
            ? '\t'
            : `\\${escaped}`;
    },
  );
}

function variable(name: string, facts: WriteOutFacts): string {
  const { measures, response } = facts;
  const connection = response?.connection?.connection;
  const times: Readonly<Record<string, number>> = {
    time_namelookup: measures.nameLookup,
    time_connect: measures.connect,
    time_appconnect: measures.appConnect,
    time_pretransfer: measures.preTransfer,
    time_posttransfer: measures.preTransfer,
    time_starttransfer: measures.startTransfer,
    time_redirect: measures.redirect,
    time_total: measures.total,
  };
  const time = Object.hasOwn(times, name) ? times[name] : undefined;
  if (time !== undefined) return seconds(time);
  switch (name) {
    case 'http_code':
    case 'response_code':
      return String(response?.status ?? 0).padStart(3, '0');
    case 'http_connect':
      return '000';
    case 'http_version':
      return response === undefined ? '0' : response.connection?.multiplexed === true ? '2' : '1.1';
    case 'size_download':
      return String(measures.downloaded);
    case 'size_upload':
      return String(measures.uploaded);
    case 'size_header':
      return String(measures.headerBytes);
    case 'size_request':
      return String(measures.requestBytes);
    case 'speed_download':
      return speed(measures.downloaded, measures.total);
    case 'speed_upload':
      return speed(measures.uploaded, measures.total);
    case 'num_connects':
      return String(measures.connects);
    case 'num_redirects':
      return String(measures.redirects);
    case 'num_headers':
      return String(response?.headers.size ?? 0);
    case 'content_type':
      return response?.headers.get('content-type') ?? '';
    case 'remote_ip':
      return connection === undefined ? '' : formatIp(connection.remote.ip);
    case 'remote_port':
      return connection === undefined ? '0' : String(connection.remote.port);
    case 'local_ip':
      return connection === undefined ? '' : formatIp(connection.local.ip);
    case 'local_port':
      return connection === undefined ? '0' : String(connection.local.port);
    case 'url':
      return facts.url;
    case 'url_effective':
      return facts.effectiveUrl;
    case 'redirect_url':
      return facts.redirectUrl;
    case 'method':
      return facts.method;
    case 'scheme':
      return facts.effectiveUrl.split(':')[0] ?? '';
    case 'ssl_verify_result':
    case 'proxy_ssl_verify_result':
      return '0';
    case 'exitcode':
      return String(facts.exitCode);
    case 'errormsg':
      return facts.error;
    case 'filename_effective':
      return facts.output;
    case 'urlnum':
      return '0';
    case 'stderr':
    case 'stdout':
    case 'onerror':
      return '';
    default:
      return `%{${name}}`;
  }
}

/** A name as it is shown: HTTP/2 has small letters. */
export function shownHeader(name: string, multiplexed: boolean): string {
  return multiplexed ? name : headerSpelling(name);
}

function certificateTime(wall: WallTime): string {
  const { year, month, day, hour, minute, second } = civilFromWall(wall);
  const two = (value: number): string => String(value).padStart(2, '0');
  const name = (MONTH_NAMES[month - 1] as string).slice(0, 3);
  return `${name} ${String(day).padStart(2)} ${two(hour)}:${two(minute)}:${two(second)} ${year} GMT`;
}

function distinguished(name: Certificate['subject']): string {
  return [...name.organizations.map((each) => `O=${each}`), `CN=${name.commonName}`].join('; ');
}

/** The `*` lines of a handshake that went well. */
export function handshakeLines(
  connection: HttpConnection,
  host: string,
  caFile: string,
  insecure: boolean,
): readonly string[] {
  const certificate = connection.peer?.certificate;
  const incoming = [
    'Server hello (2)',
    'Encrypted Extensions (8)',
    'Certificate (11)',
    'CERT verify (15)',
    'Finished (20)',
  ];
  const lines = [
    'ALPN: curl offers h2,http/1.1',
    'TLSv1.3 (OUT), TLS handshake, Client hello (1):',
    ...(insecure ? [] : [` CAfile: ${caFile}`, ' CApath: none']),
    ...incoming.map((each) => `TLSv1.3 (IN), TLS handshake, ${each}:`),
    'TLSv1.3 (OUT), TLS change cipher, Change cipher spec (1):',
    'TLSv1.3 (OUT), TLS handshake, Finished (20):',
    'SSL connection using TLSv1.3 / TLS_AES_128_GCM_SHA256 / x25519 / id-ecPublicKey',
    connection.peer?.alpn === undefined
      ? 'ALPN: server did not agree on a protocol. Uses default.'
      : `ALPN: server accepted ${connection.peer.alpn}`,
  ];
  if (certificate === undefined) return lines;
  const address = certificate.ipAddresses.some((ip) => formatIp(ip) === host);
  const named = certificate.dnsNames.find(
    (name) => name === host || (name.startsWith('*.') && host.endsWith(name.slice(1))),
  );
  lines.push(
    'Server certificate:',
    ` subject: ${distinguished(certificate.subject)}`,
    ` start date: ${certificateTime(certificate.notBefore)}`,
    ` expire date: ${certificateTime(certificate.notAfter)}`,
  );
  if (!insecure && address)
    lines.push(` subjectAltName: host "${host}" matched cert's IP address!`);
  else if (!insecure && named !== undefined)
    lines.push(` subjectAltName: host "${host}" matched cert's "${named}"`);
  lines.push(
    ` issuer: ${distinguished(certificate.issuer)}`,
    insecure
      ? ' SSL certificate verify result: unable to get local issuer certificate (20), continuing anyway.'
      : ' SSL certificate verify ok.',
    '  Certificate level 0: Public key type EC/prime256v1 (256/128 Bits/secBits), signed using ecdsa-with-SHA256',
  );
  return lines;
}

const METER_HEAD = `  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current
                                 Dload  Upload   Total   Spent    Left  Speed
`;

/** Five places, then with a unit (max5data). */
function five(bytes: number): string {
  const kibi = 1024;
  const mebi = kibi * kibi;
  if (bytes < 100_000) return String(bytes).padStart(5);
  if (bytes < 10_000 * kibi) return `${String(Math.floor(bytes / kibi)).padStart(4)}k`;
  if (bytes < 100 * mebi) {
    const tenths = Math.floor((bytes % mebi) / (mebi / 10));
    return `${String(Math.floor(bytes / mebi)).padStart(2)}.${tenths}M`;
  }
  if (bytes < 10_000 * mebi) return `${String(Math.floor(bytes / mebi)).padStart(4)}M`;
  return `${String(Math.floor(bytes / (kibi * mebi))).padStart(4)}G`;
}

function clockText(wholeSeconds: number): string {
  if (wholeSeconds <= 0) return '--:--:--';
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${String(Math.floor(wholeSeconds / 3600)).padStart(2)}:${two(Math.floor(wholeSeconds / 60) % 60)}:${two(wholeSeconds % 60)}`;
}

/** One state of the progress meter. */
function formatMeter(
  measures: Measures,
  expected: number | undefined,
  elapsed: number,
  sending: number,
): string {
  const { downloaded, uploaded } = measures;
  const total = (expected ?? downloaded) + sending;
  const percent = (part: number, whole: number): string =>
    String(whole <= 0 ? 0 : Math.floor((part * 100) / whole)).padStart(3);
  const down = elapsed <= 0 ? 0 : Math.floor((downloaded * 1_000_000) / elapsed);
  const up = elapsed <= 0 ? 0 : Math.floor((uploaded * 1_000_000) / elapsed);
  const spent = Math.floor(elapsed / 1_000_000);
  return `\r${percent(downloaded + uploaded, total)} ${five(total)}  ${percent(downloaded, expected ?? downloaded)} ${five(downloaded)}  ${percent(uploaded, sending)} ${five(uploaded)}  ${five(down)}  ${five(up)} ${clockText(0)} ${clockText(spent)} ${clockText(0)} ${five(down)}`;
}

/** The meter's life: its head at the first sign, a line each second, the last at the end. */
export class Meter {
  readonly #process: Process;
  readonly #on: boolean;
  #begun = false;

  constructor(process: Process, on: boolean) {
    this.#process = process;
    this.#on = on;
  }

  *show(
    measures: Measures,
    expected: number | undefined,
    elapsed: number,
    sending: number,
  ): Task<void> {
    if (!this.#on) return;
    const head = this.#begun ? '' : METER_HEAD + formatMeter(newMeasures(), 0, 0, 0);
    this.#begun = true;
    yield* this.#process.printError(head + formatMeter(measures, expected, elapsed, sending));
  }

  *end(): Task<void> {
    if (this.#begun) yield* this.#process.printError('\n');
    this.#begun = false;
  }
}
