/** Names, dials and handshakes of a transfer, and the words for what fails there. */
import type { Micros } from '../../../ground/base/event-loop.ts';
import { formatIp, type Ip, parseIp } from '../../../ground/base/ip.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { anyOf, type Task } from '../../../ground/base/task.ts';
import type { Certificate } from '../../../ground/pki/certificate.ts';
import { certificatesFromContent, keyFromContent } from '../../../ground/pki/document.ts';
import { strerror } from '../../../machines/network/errno.ts';
import { openHttp } from '../../../machines/network/http-client.ts';
import type { HttpConnection, HttpError } from '../../../machines/network/http-types.ts';
import type { TlsClientOptions, TlsIdentity } from '../../../machines/network/tls-types.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { resolveHost } from '../../../machines/machine/resolver.ts';
import { allOf, type CurlFault, type CurlOptions, lastOf } from './options.ts';
import { handshakeLines, type Measures } from './report.ts';
import type { CurlUrl } from './url.ts';

const DEFAULT_CA = '/etc/ssl/certs/ca-certificates.crt';
/** curl looks at its timers a little late. */
const TIMER_SLACK: Micros = 2_000;
const CONNECT_TIMEOUT: Micros = 300_000_000;

const MORE_ON_CERTIFICATES = `More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the webpage mentioned above.
`;

/** One transfer as far as connections care. */
export interface Dialler {
  readonly process: Process;
  readonly options: CurlOptions;
  readonly measures: Measures;
  readonly started: Micros;
  /** Monotonic time at which everything must be over. */
  readonly deadline: Micros | undefined;
  /** A `*` line. */
  info(text: string): Task<void>;
}

export function fault(code: number, text: string, more?: string): CurlFault {
  return { code, message: `(${code}) ${text}`, ...(more === undefined ? {} : { more }) };
}

function elapsed(dialler: Dialler): Micros {
  return dialler.process.clock.monotonic() - dialler.started;
}

export function milliseconds(micros: Micros): number {
  return Math.floor(micros / 1000);
}

/** Seconds of an option in microseconds; 0 and nonsense are no limit. */
export function spanOption(options: CurlOptions, name: string): Micros | undefined {
  const value = Number(lastOf(options, name) ?? 0);
  return value > 0 ? Math.floor(value * 1_000_000) : undefined;
}

/** When connecting must be over. */
function connectDeadline(dialler: Dialler): Micros {
  const span = spanOption(dialler.options, 'connect-timeout') ?? CONNECT_TIMEOUT;
  const limit = dialler.started + span + TIMER_SLACK;
  return Math.min(limit, dialler.deadline ?? limit);
}

/** What is left until a moment, at least nothing. */
export function left(process: Process, moment: Micros): Micros {
  return Math.max(0, moment - process.clock.monotonic());
}

export function overallDeadline(started: Micros, options: CurlOptions): Micros | undefined {
  const limit = spanOption(options, 'max-time');
  return limit === undefined ? undefined : started + limit + TIMER_SLACK;
}

interface Target {
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly Ip[];
}

/** The addresses of a URL's host: `--connect-to`, `--resolve`, a literal, or a look-up. */
function* findTarget(dialler: Dialler, url: CurlUrl): Task<Result<Target, CurlFault>> {
  const { process, options } = dialler;
  let { host, port } = url;
  for (const rule of allOf(options, 'connect-to')) {
    const [fromHost = '', fromPort = '', toHost = '', toPort = ''] = rule.split(':');
    if ((fromHost !== '' && fromHost !== host) || (fromPort !== '' && Number(fromPort) !== port))
      continue;
    if (toHost !== '') host = toHost;
    if (toPort !== '') port = Number(toPort);
    yield* dialler.info(`Connecting to hostname: ${host}`);
    yield* dialler.info(`Connecting to port: ${port}`);
    break;
  }
  const literal = parseIp(host);
  if (literal !== undefined) return ok({ host, port, addresses: [literal] });
  const given = fromResolve(options, host, port);
  if (given !== undefined) {
    yield* dialler.info(`Added ${host}:${port}:${given.map(formatIp).join(',')} to DNS cache`);
    yield* dialler.info(`Hostname ${host} was found in DNS cache`);
    return ok({ host, port, addresses: given });
  }
  const running = process.start('resolver', resolveHost(process, host));
  const first = yield* anyOf([running.finished], left(process, connectDeadline(dialler)));
  if (first.index < 0) {
    running.kill();
    return err(
      fault(28, `Resolving timed out after ${milliseconds(elapsed(dialler))} milliseconds`),
    );
  }
  const found = first.value as Result<readonly Ip[], unknown>;
  if (!found.ok) {
    yield* dialler.info(`Could not resolve host: ${host}`);
    yield* dialler.info('shutting down connection #0');
    return err(fault(6, `Could not resolve host: ${host}`));
  }
  yield* dialler.info(`Host ${host}:${port} was resolved.`);
  yield* dialler.info('IPv6: (none)');
  yield* dialler.info(`IPv4: ${found.value.map(formatIp).join(', ')}`);
  return ok({ host, port, addresses: found.value });
}

function fromResolve(options: CurlOptions, host: string, port: number): readonly Ip[] | undefined {
  for (const rule of allOf(options, 'resolve')) {
    const match = /^[+]?([^:]+):(\d+):(.*)$/.exec(rule);
    if (match === null || (match[1] !== host && match[1] !== '*') || Number(match[2]) !== port)
      continue;
    return (match[3] ?? '').split(',').flatMap((each) => parseIp(each) ?? []);
  }
  return undefined;
}

/** Connects to a URL's server, one address after the other. */
export function* connectTo(
  dialler: Dialler,
  url: CurlUrl,
  id: number,
): Task<Result<HttpConnection, CurlFault>> {
  const { process, options, measures } = dialler;
  const path = lastOf(options, 'unix-socket');
  const target: Result<Target, CurlFault> =
    path === undefined
      ? yield* findTarget(dialler, url)
      : ok({ host: url.host, port: url.port, addresses: [0] });
  if (!target.ok) return target;
  measures.nameLookup = elapsed(dialler);
  const tls = url.scheme === 'https' ? tlsOptions(process, options, url.host) : ok(undefined);
  if (!tls.ok) return tls;
  const { host, port, addresses } = target.value;
  const from = process.clock.monotonic();
  let failure: HttpError | undefined;
  for (const ip of addresses) {
    const shown = path ?? `${formatIp(ip)}:${port}`;
    yield* dialler.info(`  Trying ${shown}...`);
    const opened = yield* open(dialler, ip, port, path, tls.value);
    if (opened.ok) {
      const where =
        path === undefined ? `${host} (${formatIp(ip)}) port ${port}` : `${url.host} (${path})`;
      yield* tellConnected(dialler, opened.value, url, where);
      return opened;
    }
    failure = opened.error;
    // A dial that fails leaves the next address; a handshake that fails does not.
    if (failure.kind !== 'socket' || failure.phase !== 'dial') break;
    yield* dialler.info(
      `connect to ${formatIp(ip)} port ${port} failed: ${strerror(failure.errno)}`,
    );
  }
  const wrong = connectFault(dialler, failure ?? { kind: 'eof' }, host, port, from);
  yield* dialler.info(wrong.message.replace(/^\(\d+\) /, ''));
  yield* dialler.info(`closing connection #${id}`);
  return err(wrong);
}

function* open(
  dialler: Dialler,
  ip: Ip,
  port: number,
  path: string | undefined,
  tls: TlsClientOptions | undefined,
): Task<Result<HttpConnection, HttpError>> {
  const { process, measures } = dialler;
  const source = parseIp(lastOf(dialler.options, 'interface') ?? '');
  const budget = left(process, connectDeadline(dialler));
  const opened = yield* openHttp(process, {
    ...(path === undefined ? { ip, port } : { path }),
    ...(tls === undefined ? {} : { tls, tlsTimeout: budget }),
    ...(source === undefined ? {} : { source: { ip: source } }),
    dialTimeout: budget,
    onDialled: () => {
      measures.connect = elapsed(dialler);
    },
    multiplex: dialler.options.flags.has('http2-prior-knowledge'),
  });
  if (!opened.ok) return opened;
  const now = elapsed(dialler);
  measures.appConnect = tls === undefined ? 0 : now;
  measures.preTransfer = now;
  measures.connects += 1;
  return opened;
}

function* tellConnected(
  dialler: Dialler,
  connection: HttpConnection,
  url: CurlUrl,
  where: string,
): Task<void> {
  if (url.scheme === 'https') {
    const insecure = dialler.options.flags.has('insecure');
    const lines = handshakeLines(
      connection,
      url.host,
      caFileOf(dialler.process, dialler.options),
      insecure,
    );
    for (const line of lines) yield* dialler.info(line);
  }
  yield* dialler.info(`Connected to ${where}`);
  yield* dialler.info(`using HTTP/${connection.multiplexed ? '2' : '1.x'}`);
}

function caFileOf(process: Process, options: CurlOptions): string {
  return (
    lastOf(options, 'cacert') ??
    process.env.get('CURL_CA_BUNDLE') ??
    process.env.get('SSL_CERT_FILE') ??
    DEFAULT_CA
  );
}

function tlsOptions(
  process: Process,
  options: CurlOptions,
  serverName: string,
): Result<TlsClientOptions, CurlFault> {
  const skipVerify = options.flags.has('insecure');
  const roots: Certificate[] = [];
  if (!skipVerify) {
    const path = caFileOf(process, options);
    const content = process.files.readContent(path);
    const certificates = content.ok ? certificatesFromContent(content.value) : undefined;
    if (certificates?.ok === true) roots.push(...certificates.value);
    else return err(fault(77, `error adding trust anchors from file: ${path}`));
  }
  const identity = identityOf(process, options);
  if (!identity.ok) return identity;
  const plain = options.flags.has('http1.1') || options.flags.has('http1.0');
  return ok({
    serverName,
    roots,
    skipVerify,
    alpn: plain ? ['http/1.1'] : ['h2', 'http/1.1'],
    ...(identity.value === undefined ? {} : { identity: identity.value }),
  });
}

/** The client's certificate of `--cert` and `--key`. */
function identityOf(
  process: Process,
  options: CurlOptions,
): Result<TlsIdentity | undefined, CurlFault> {
  const path = lastOf(options, 'cert');
  if (path === undefined) return ok(undefined);
  const content = process.files.readContent(path);
  const certificates = content.ok ? certificatesFromContent(content.value) : undefined;
  const certificate = certificates?.ok === true ? certificates.value[0] : undefined;
  if (certificate === undefined) {
    const why = content.ok
      ? 'error:0480006C:PEM routines::no start line'
      : 'error:80000002:system library::No such file or directory';
    return err(
      fault(
        58,
        `could not load PEM client certificate from ${path}, OpenSSL error ${why}, (no key found, wrong pass phrase, or wrong file format?)`,
      ),
    );
  }
  const keyPath = lastOf(options, 'key') ?? path;
  const keyContent = process.files.readContent(keyPath);
  const key = keyContent.ok ? keyFromContent(keyContent.value) : undefined;
  if (key?.ok !== true)
    return err(fault(58, `unable to set private key file: '${keyPath}' type PEM`));
  const chain = certificates?.ok === true ? certificates.value.slice(1) : [];
  return ok({ certificate, key: key.value, chain });
}

/** Why there is no connection. */
function connectFault(
  dialler: Dialler,
  error: HttpError,
  host: string,
  port: number,
  from: Micros,
): CurlFault {
  const took = milliseconds(dialler.process.clock.monotonic() - from);
  switch (error.kind) {
    case 'timeout':
      return fault(28, `Connection timed out after ${milliseconds(elapsed(dialler))} milliseconds`);
    case 'socket':
      if (error.phase !== 'dial') return fault(35, `Recv failure: ${strerror(error.errno)}`);
      return fault(
        error.errno === 'ETIMEDOUT' ? 28 : 7,
        `Failed to connect to ${host} port ${port} after ${took} ms: Could not connect to server`,
      );
    case 'eof':
      return fault(
        35,
        'TLS connect error: error:0A000126:SSL routines::unexpected eof while reading',
      );
    case 'malformed':
      return fault(35, 'TLS connect error: error:0A0000C6:SSL routines::packet length too long');
    case 'tls':
      return tlsFault(error, host);
  }
}

function tlsFault(error: Extract<HttpError, { kind: 'tls' }>, host: string): CurlFault {
  if (error.reason === 'expired') {
    const early = error.message.includes('is before');
    return fault(
      60,
      `SSL certificate problem: certificate ${early ? 'is not yet valid' : 'has expired'}`,
      MORE_ON_CERTIFICATES,
    );
  }
  if (error.reason === 'name') {
    const kind = parseIp(host) === undefined ? 'host name' : 'ipv4 address';
    return fault(
      60,
      `SSL: no alternative certificate subject name matches target ${kind} '${host}'`,
      MORE_ON_CERTIFICATES,
    );
  }
  if (error.reason === 'authority')
    return fault(
      60,
      'SSL certificate problem: unable to get local issuer certificate',
      MORE_ON_CERTIFICATES,
    );
  if (error.reason === 'usage')
    return fault(
      60,
      'SSL certificate problem: unsuitable certificate purpose',
      MORE_ON_CERTIFICATES,
    );
  if (error.reason === 'alert') return fault(35, `TLS connect error: ${alertText(error.message)}`);
  return fault(35, 'TLS connect error: error:0A00010B:SSL routines::wrong version number');
}

/** OpenSSL's words for an alert of the other side. */
export function alertText(message: string): string {
  if (message.includes('certificate required'))
    return 'error:0A00045C:SSL routines::tlsv13 alert certificate required';
  if (message.includes('bad certificate'))
    return 'error:0A000412:SSL routines::ssl/tls alert bad certificate';
  if (message.includes('expired'))
    return 'error:0A000415:SSL routines::ssl/tls alert certificate expired';
  if (message.includes('authority')) return 'error:0A000418:SSL routines::tlsv1 alert unknown ca';
  if (message.includes('application protocol'))
    return 'error:0A000460:SSL routines::tlsv1 alert no application protocol';
  return 'error:0A000438:SSL routines::tlsv1 alert internal error';
}
