/**
 * wget, twice: GNU 1.21.3 on hosts, busybox 1.36 in images. Both fetch one URL after the other over
 * HTTP and HTTPS and follow redirects.
 *
 * Refused: recursion, resuming, cookies in files, FTP.
 */
import { concatBytes, utf8 } from '../../ground/base/bytes.ts';
import { type Micros, SECOND } from '../../ground/base/event-loop.ts';
import { formatIp, type Ip } from '../../ground/base/ip.ts';
import { err, ok, type Result } from '../../ground/base/result.ts';
import type { Task } from '../../ground/base/task.ts';
import { formatDate } from '../../ground/lang/strftime.ts';
import type { Certificate } from '../../ground/pki/certificate.ts';
import { certificatesFromContent } from '../../ground/pki/document.ts';
import { bytesOf } from '../../machines/network/chunk.ts';
import { strerror } from '../../machines/network/errno.ts';
import { openHttp } from '../../machines/network/http-client.ts';
import { reasonPhrase } from '../../machines/network/http-status.ts';
import { headerSpelling } from '../../machines/network/http-text.ts';
import type { HttpConnection, HttpError, HttpResponse } from '../../machines/network/http-types.ts';
import type { Process } from '../../machines/machine/process.ts';
import { resolveErrorText, resolveHost } from '../../machines/machine/resolver.ts';
import { type CurlUrl, parseUrl, resolveLocation } from './curl/url.ts';
import { defineTool, parseOptions, type ParsedOptions } from './support.ts';
import { busyboxSummary, gnuSummary, sizeNote } from './wget-text.ts';

const LONG = {
  quiet: 'q',
  'no-verbose': 'Q',
  'output-document': 'O:',
  'server-response': 'S',
  timeout: 'T:',
  'connect-timeout': 'C:',
  'read-timeout': 'E:',
  'dns-timeout': 'X:',
  tries: 't:',
  spider: 's',
  header: 'h:',
  'post-data': 'p:',
  'post-file': 'F:',
  'user-agent': 'U:',
  'directory-prefix': 'P:',
  'no-check-certificate': 'k',
  'ca-certificate': 'a:',
  'max-redirect': 'm:',
  method: 'M:',
  'body-data': 'b:',
  'content-on-error': 'o',
  'no-cache': 'Z',
  'no-proxy': 'Z',
  'no-hsts': 'Z',
};

const REDIRECTS_MAX = 20;
const CA_FILE = '/etc/ssl/certs/ca-certificates.crt';

interface Fetch {
  readonly process: Process;
  readonly options: ParsedOptions;
  readonly gnu: boolean;
  /** A line of progress, to standard error; nothing with -q. */
  say(text: string): Task<void>;
}

interface Opened {
  readonly connection: HttpConnection;
  readonly ip: Ip;
}

/** Why a fetch ended: its words, and GNU's exit code. */
interface Failure {
  readonly text: string;
  readonly code: number;
  /** Worth another try (GNU). */
  readonly again?: boolean;
}

export const wget = defineTool('wget', (process, args) => main(process, args, true));
export const busyboxWget = defineTool('wget', (process, args) => main(process, args, false));

function* main(process: Process, args: readonly string[], gnu: boolean): Task<number> {
  const parsed = parseOptions(args, { short: 'qO:ST:t:U:P:cY:', long: LONG });
  if (!parsed.ok) {
    yield* process.printError(
      gnu
        ? `wget: ${parsed.error}\nUsage: wget [OPTION]... [URL]...\n\nTry \`wget --help' for more options.\n`
        : `wget: ${parsed.error.replace(/'$/, '').replace("-- '", '-- ')}\n`,
    );
    return gnu ? 2 : 1;
  }
  const options = parsed.value;
  if (options.operands.length === 0) {
    yield* process.printError(
      gnu
        ? "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n"
        : 'BusyBox v1.36.1 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]\n\t[--post-data STR | --post-file FILE] [-Y on/off]\n\t[-P DIR] [-U AGENT] [-T SEC] URL...\n',
    );
    return gnu ? 1 : 1;
  }
  const quiet = options.has('q') || options.has('Q');
  const fetch: Fetch = {
    process,
    options,
    gnu,
    *say(text) {
      if (!quiet) yield* process.printError(text);
    },
  };
  let code = 0;
  for (const url of options.operands) {
    const done = yield* fetchWithTries(fetch, url);
    if (done === undefined) continue;
    code = gnu ? done.code : 1;
    if (!gnu) {
      yield* process.printError(`wget: ${done.text}\n`);
      return 1;
    }
    yield* fetch.say(done.text);
  }
  return code;
}

/** GNU tries again after time-outs and resets, up to -t times. */
function* fetchWithTries(fetch: Fetch, url: string): Task<Failure | undefined> {
  const tries = fetch.gnu ? Number(fetch.options.get('t') ?? 20) : 1;
  for (let attempt = 1; ; attempt += 1) {
    const failed = yield* fetchOne(fetch, url, attempt);
    if (failed?.again !== true || attempt >= tries)
      return failed?.again === true ? { ...failed, text: `${failed.text}Giving up.\n\n` } : failed;
    yield* fetch.say(`${failed.text}Retrying.\n\n`);
    yield* fetch.process.sleep(Math.min(attempt, 10) * SECOND);
  }
}

function* fetchOne(fetch: Fetch, written: string, attempt: number): Task<Failure | undefined> {
  const { process, options, gnu } = fetch;
  let next = written;
  const limit = Number(options.get('m') ?? REDIRECTS_MAX);
  for (let redirects = 0; ; redirects += 1) {
    const url = parseUrl(next);
    if (!url.ok)
      return {
        text: gnu
          ? `${next}: ${url.error.message.replace(/^\(\d+\) /, '')}.\n`
          : `not an http or ftp url: ${next}`,
        code: 1,
      };
    if (gnu) {
      const again = attempt > 1 ? `  (try:${String(attempt).padStart(2)})` : '';
      yield* fetch.say(
        `${again === '' ? '' : ''}--${formatDate('%Y-%m-%d %H:%M:%S', process.clock.wall())}--${again}  ${url.value.text}\n`,
      );
    }
    const opened = yield* open(fetch, url.value);
    if (!opened.ok) return opened.error;
    const answered = yield* ask(fetch, opened.value.connection, url.value);
    if (!answered.ok) {
      opened.value.connection.close();
      return answered.error;
    }
    const response = answered.value;
    yield* showHead(fetch, response);
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== undefined) {
      response.cancel();
      opened.value.connection.close();
      next = resolveLocation(url.value, location);
      if (gnu) yield* fetch.say(`Location: ${location} [following]\n`);
      if (redirects >= limit)
        return {
          text: gnu ? `${limit} redirections exceeded.\n` : 'too many redirections',
          code: 8,
        };
      continue;
    }
    const failed = yield* receive(fetch, response, url.value);
    opened.value.connection.close();
    return failed;
  }
}

function timeoutOf(fetch: Fetch, own: string): Micros | undefined {
  const value = Number(fetch.options.get(own) ?? fetch.options.get('T') ?? (fetch.gnu ? 900 : 900));
  return value > 0 ? Math.floor(value * SECOND) : undefined;
}

function* open(fetch: Fetch, url: CurlUrl): Task<Result<Opened, Failure>> {
  const { process, options, gnu } = fetch;
  const literal = /^[\d.]+$/.test(url.host);
  if (gnu && !literal) yield* fetch.say(`Resolving ${url.host} (${url.host})... `);
  const found = yield* resolveHost(process, url.host);
  if (!found.ok) {
    const why = resolveErrorText(found.error);
    return err({
      text: gnu
        ? `failed: ${why}.\nwget: unable to resolve host address ‘${url.host}’\n`
        : `bad address '${url.authority}'`,
      code: 4,
    });
  }
  if (gnu && !literal) yield* fetch.say(`${found.value.map(formatIp).join(', ')}\n`);
  const tls =
    url.scheme === 'https'
      ? {
          serverName: url.host,
          roots: rootsOf(fetch),
          skipVerify: !gnu || options.has('k'),
          alpn: ['http/1.1'],
        }
      : undefined;
  let failure: Failure | undefined;
  for (const ip of found.value) {
    const text = formatIp(ip);
    yield* fetch.say(
      gnu
        ? `Connecting to ${literal ? text : `${url.host} (${url.host})|${text}|`}:${url.port}... `
        : `Connecting to ${url.authority} (${text}:${url.port})\n`,
    );
    const dialTimeout = timeoutOf(fetch, 'C');
    const opened = yield* openHttp(process, {
      ip,
      port: url.port,
      ...(tls === undefined ? {} : { tls }),
      ...(dialTimeout === undefined ? {} : { dialTimeout }),
    });
    if (opened.ok) {
      if (gnu) yield* fetch.say('connected.\n');
      return ok({ connection: opened.value, ip });
    }
    failure = openFailure(fetch, opened.error, url, ip);
    if (gnu && found.value.length > 1) yield* fetch.say(failure.text);
  }
  return err(failure ?? { text: '', code: 4 });
}

function rootsOf(fetch: Fetch): readonly Certificate[] {
  const content = fetch.process.files.readContent(fetch.options.get('a') ?? CA_FILE);
  const read = content.ok ? certificatesFromContent(content.value) : undefined;
  return read?.ok === true ? read.value : [];
}

function openFailure(fetch: Fetch, error: HttpError, url: CurlUrl, ip: Ip): Failure {
  const { gnu } = fetch;
  if (error.kind === 'socket' && error.phase === 'dial') {
    const why = strerror(error.errno);
    return {
      text: gnu ? `failed: ${why}.\n` : `can't connect to remote host (${formatIp(ip)}): ${why}`,
      code: 4,
      again: gnu && error.errno === 'ETIMEDOUT',
    };
  }
  if (error.kind === 'timeout')
    return {
      text: gnu ? 'failed: Connection timed out.\n' : 'download timed out',
      code: 4,
      again: gnu,
    };
  if (!gnu) return { text: 'error getting response: Connection reset by peer', code: 4 };
  if (error.kind !== 'tls')
    return { text: 'connected.\nUnable to establish SSL connection.\n', code: 4 };
  const certificate = `ERROR: The certificate of ‘${url.host}’ is not trusted.\n`;
  if (error.reason === 'authority')
    return {
      text: `connected.\n${certificate}ERROR: The certificate of ‘${url.host}’ doesn't have a known issuer.\n`,
      code: 5,
    };
  if (error.reason === 'expired')
    return {
      text: `connected.\n${certificate}ERROR: The certificate of ‘${url.host}’ has expired.\n`,
      code: 5,
    };
  if (error.reason === 'name')
    return {
      text: `connected.\nThe certificate's owner does not match hostname ‘${url.host}’\n`,
      code: 5,
    };
  return { text: 'connected.\nUnable to establish SSL connection.\n', code: 4 };
}

function* ask(
  fetch: Fetch,
  connection: HttpConnection,
  url: CurlUrl,
): Task<Result<HttpResponse, Failure>> {
  const { process, options, gnu } = fetch;
  const file = options.get('F');
  const posted = file === undefined ? undefined : process.files.read(file);
  if (posted !== undefined && !posted.ok)
    return err({
      text: gnu
        ? `BODY data file ‘${file}’ missing: ${strerror(posted.error)}\n`
        : `can't open '${file}': ${strerror(posted.error)}`,
      code: 3,
    });
  const text = options.get('p') ?? options.get('b');
  const body = posted?.ok === true ? posted.value : text === undefined ? undefined : utf8(text);
  const agent = options.get('U') ?? (gnu ? 'Wget/1.21.3' : 'Wget');
  const headers = new Map<string, string>(
    gnu
      ? [
          ['user-agent', agent],
          ['accept', '*/*'],
          ['accept-encoding', 'identity'],
          ['connection', 'Keep-Alive'],
        ]
      : [
          ['user-agent', agent],
          ['connection', 'close'],
        ],
  );
  if (body !== undefined)
    headers
      .set('content-type', 'application/x-www-form-urlencoded')
      .set('content-length', String(body.length));
  let host = url.authority;
  for (const line of options.all('h')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    if (name === 'host') host = line.slice(colon + 1).trim();
    else if (colon > 0) headers.set(name, line.slice(colon + 1).trim());
  }
  const method =
    options.get('M') ?? (body !== undefined ? 'POST' : options.has('s') ? 'HEAD' : 'GET');
  if (gnu) yield* fetch.say(`HTTP request sent, awaiting response... `);
  const answered = yield* connection.request(
    { method, target: url.target, host, headers, body },
    timeoutOf(fetch, 'E'),
  );
  if (answered.ok) return answered;
  const { error } = answered;
  if (error.kind === 'timeout')
    return err({
      text: gnu ? 'Read error (Connection timed out) in headers.\n' : 'download timed out',
      code: 4,
      again: gnu,
    });
  if (error.kind === 'socket')
    return err({
      text: gnu
        ? `Read error (${strerror(error.errno)}) in headers.\n`
        : `error getting response: ${strerror(error.errno)}`,
      code: 4,
      again: gnu,
    });
  return err({ text: gnu ? 'No data received.\n' : 'error getting response', code: 4, again: gnu });
}

function* showHead(fetch: Fetch, response: HttpResponse): Task<void> {
  const { gnu, options } = fetch;
  const line = `${response.status} ${reasonPhrase(response.status)}`;
  const headers = [...response.headers].flatMap(([name, value]) =>
    value.split('\n').map((each) => `  ${headerSpelling(name)}: ${each}\n`),
  );
  if (options.has('S'))
    yield* fetch.process.printError(`${gnu ? '\n' : ''}  HTTP/1.1 ${line}\n${headers.join('')}`);
  else if (gnu) yield* fetch.say(`${line}\n`);
}

function* receive(fetch: Fetch, response: HttpResponse, url: CurlUrl): Task<Failure | undefined> {
  const { process, options, gnu } = fetch;
  const line = `${response.status} ${reasonPhrase(response.status)}`;
  if (response.status >= 400 && !options.has('o')) {
    response.cancel();
    const stamp = formatDate('%Y-%m-%d %H:%M:%S', process.clock.wall());
    return {
      text: gnu
        ? `${stamp} ERROR ${response.status}: ${reasonPhrase(response.status)}.\n\n`
        : `server returned error: HTTP/1.1 ${line}`,
      code: 8,
    };
  }
  if (options.has('s')) {
    yield* fetch.say(gnu ? 'Remote file exists.\n\n' : 'remote file exists\n');
    return undefined;
  }
  const length = response.headers.get('content-length');
  const began = process.clock.monotonic();
  const { path, shown } = outputOf(fetch, url);
  if (gnu)
    yield* fetch.say(
      `Length: ${length === undefined ? 'unspecified' : `${length}${sizeNote(Number(length))}`} [${(response.headers.get('content-type') ?? '').split(';')[0]}]\nSaving to: ‘${shown}’\n\n`,
    );
  else yield* fetch.say(path === undefined ? 'writing to stdout\n' : `saving to '${shown}'\n`);
  const whole = yield* readBody(fetch, response, path === undefined);
  if (!whole.ok)
    return {
      text: gnu ? `Read error at byte ${whole.error}.\n` : 'connection closed prematurely',
      code: 4,
      again: gnu,
    };
  const bytes = whole.value;
  if (path !== undefined) {
    const written = process.files.write(path, bytes);
    if (!written.ok)
      return {
        text: gnu
          ? `${path}: ${strerror(written.error)}\n\nCannot write to ‘${path}’ (${strerror(written.error)}).\n`
          : `can't open '${path}': ${strerror(written.error)}`,
        code: 3,
      };
  }
  yield* fetch.say(
    gnu
      ? gnuSummary(
          process,
          shown,
          bytes.length,
          length,
          process.clock.monotonic() - began,
          path === undefined,
        )
      : busyboxSummary(shown, bytes.length, path === undefined),
  );
  return undefined;
}

/** The body; the error is how many bytes came. */
function* readBody(
  fetch: Fetch,
  response: HttpResponse,
  toStdout: boolean,
): Task<Result<Uint8Array, number>> {
  const parts: Uint8Array[] = [];
  let got = 0;
  for (;;) {
    const piece = yield* response.receive(timeoutOf(fetch, 'E'));
    if (!piece.ok) return err(got);
    if (piece.value === undefined) return ok(concatBytes(parts));
    const bytes = bytesOf(piece.value);
    got += bytes.length;
    parts.push(bytes);
    if (toStdout) yield* fetch.process.stdout.write(bytes);
  }
}

function outputOf(
  fetch: Fetch,
  url: CurlUrl,
): { readonly path: string | undefined; readonly shown: string } {
  const { options, process } = fetch;
  const given = options.get('O');
  if (given === '-') return { path: undefined, shown: fetch.gnu ? 'STDOUT' : '-' };
  if (given !== undefined) return { path: given, shown: given };
  const base = url.target.split('?')[0] as string;
  const query = url.target.slice(base.length);
  const last = base.slice(base.lastIndexOf('/') + 1);
  const name = `${last === '' ? 'index.html' : last}${fetch.gnu ? query : ''}`;
  const folder = options.get('P');
  const path = folder === undefined ? name : `${folder}/${name}`;
  if (!fetch.gnu || !process.files.exists(path)) return { path, shown: path };
  let number = 1;
  while (process.files.exists(`${path}.${number}`)) number += 1;
  return { path: `${path}.${number}`, shown: `${path}.${number}` };
}
