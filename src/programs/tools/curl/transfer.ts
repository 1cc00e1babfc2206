/** One URL from its first look-up to the last byte, redirects followed. (curl 8.14.1, lib/multi.c, lib/http.c) */
import { utf8 } from '../../../ground/base/bytes.ts';
import { type Micros, SECOND } from '../../../ground/base/event-loop.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import { anyOf, type Task } from '../../../ground/base/task.ts';
import { strerror } from '../../../machines/network/errno.ts';
import { bytesOf, type Chunk } from '../../../machines/network/chunk.ts';
import { reasonPhrase } from '../../../machines/network/http-status.ts';
import type {
  HttpConnection,
  HttpError,
  HttpResponse,
} from '../../../machines/network/http-types.ts';
import type { Process } from '../../../machines/machine/process.ts';
import {
  alertText,
  connectTo,
  type Dialler,
  fault,
  left,
  milliseconds,
  overallDeadline,
} from './connect.ts';
import type { BodySink } from './output.ts';
import { type CurlFault, type CurlOptions, lastOf } from './options.ts';
import { type LastResponse, type Measures, Meter, newMeasures, shownHeader } from './report.ts';
import { type CurlBody, type CurlRequest, makeRequest } from './request.ts';
import { type CurlUrl, parseUrl, resolveLocation } from './url.ts';

const REDIRECTS_MAX = 50;

interface Kept {
  readonly connection: HttpConnection;
  readonly id: number;
}

/** What a run of curl keeps between its URLs. */
export interface Session {
  readonly process: Process;
  readonly options: CurlOptions;
  readonly body: CurlBody | undefined;
  /** Connections that can be used again, by scheme, host and port. */
  readonly pool: Map<string, Kept>;
  nextConnection: number;
}

export interface Outcome {
  readonly fault: CurlFault | undefined;
  readonly measures: Measures;
  readonly response: LastResponse | undefined;
  readonly url: CurlUrl | undefined;
  readonly method: string;
  readonly redirectUrl: string;
}

/** Verbose lines go to standard error when `-v` is given. */
function* note(session: Session, mark: string, text: string): Task<void> {
  if (session.options.flags.has('verbose')) yield* session.process.printError(`${mark} ${text}\n`);
}

export function* transfer(session: Session, written: string, sink: BodySink): Task<Outcome> {
  const one = new Transfer(session, sink);
  const failed = yield* one.run(written);
  one.measures.total = session.process.clock.monotonic() - one.started;
  yield* one.meter.end();
  return {
    fault: failed,
    measures: one.measures,
    response: one.response,
    url: one.url,
    method: one.method,
    redirectUrl: one.redirectUrl,
  };
}

class Transfer implements Dialler {
  readonly session: Session;
  readonly process: Process;
  readonly options: CurlOptions;
  readonly measures = newMeasures();
  readonly started: Micros;
  readonly deadline: Micros | undefined;
  readonly meter: Meter;
  readonly #sink: BodySink;
  response: LastResponse | undefined;
  url: CurlUrl | undefined;
  method: string;
  redirectUrl = '';
  #body: CurlBody | undefined;
  #expected: number | undefined;

  constructor(session: Session, sink: BodySink) {
    const { process, options, body } = session;
    this.session = session;
    this.process = process;
    this.options = options;
    this.#sink = sink;
    this.started = process.clock.monotonic();
    this.deadline = overallDeadline(this.started, options);
    this.#body = options.flags.has('get') ? undefined : body;
    this.method = methodOf(options, this.#body);
    const quiet =
      options.flags.has('silent') || options.flags.has('no-progress-meter') || sink.isTerminal;
    this.meter = new Meter(process, !quiet);
  }

  *info(text: string): Task<void> {
    yield* note(this.session, '*', text);
  }

  *run(written: string): Task<CurlFault | undefined> {
    let next = written;
    const limit = Number(lastOf(this.options, 'max-redirs') ?? REDIRECTS_MAX);
    for (;;) {
      const parsed = parseUrl(next);
      if (!parsed.ok) return parsed.error;
      const query =
        this.options.flags.has('get') && this.measures.redirects === 0
          ? this.session.body
          : undefined;
      this.url =
        query === undefined
          ? parsed.value
          : withQuery(parsed.value, String.fromCharCode(...query.bytes));
      const location = yield* this.#once(this.url);
      if (!location.ok) return location.error;
      if (location.value === undefined) return undefined;
      if (limit >= 0 && this.measures.redirects >= limit) {
        return fault(47, `Maximum (${limit}) redirects followed`);
      }
      this.measures.redirects += 1;
      this.measures.redirect = this.process.clock.monotonic() - this.started;
      next = location.value;
      yield* this.info(`Issue another request to this URL: '${next}'`);
    }
  }

  /** One request and its answer; gives where to go next. */
  *#once(url: CurlUrl): Task<Result<string | undefined, CurlFault>> {
    const kept = yield* this.#connection(url);
    if (!kept.ok) return kept;
    const { connection } = kept.value;
    const request = yield* makeRequest(this.process, this.options, url, this.method, this.#body);
    if (!request.ok) return request;
    yield* this.#tellRequest(request.value, url, connection);
    const answered = yield* this.#ask(connection, request.value);
    if (!answered.ok) {
      yield* this.info(`${answered.error.message.replace(/^\(\d+\) /, '')}`);
      yield* this.#drop(url, kept.value, 'closing');
      return answered;
    }
    const response = answered.value;
    this.measures.startTransfer = this.process.clock.monotonic() - this.started;
    this.response = { status: response.status, headers: response.headers, connection };
    const location = response.headers.get('location');
    const redirected = response.status >= 300 && response.status < 400 && location !== undefined;
    this.redirectUrl = redirected ? resolveLocation(url, location) : '';
    const follows =
      redirected &&
      (this.options.flags.has('location') || this.options.flags.has('location-trusted'));
    const headed = yield* this.#head(response, connection);
    if (headed !== undefined) return err(headed);
    const broken = yield* this.#receiveBody(response, follows, connection);
    if (broken !== undefined) {
      yield* this.info(broken.message.replace(/^\(\d+\) /, ''));
      yield* this.#drop(url, kept.value, 'closing');
      return err(broken);
    }
    if (connection.open)
      yield* this.info(`Connection #${kept.value.id} to host ${url.host} left intact`);
    else yield* this.#drop(url, kept.value, 'shutting down');
    if (response.status >= 400 && this.options.flags.has('fail-with-body'))
      return err(this.#statusFault(response.status));
    if (follows) this.#changeMethod(response.status);
    return ok(follows ? this.redirectUrl : undefined);
  }

  *#connection(url: CurlUrl): Task<Result<Kept, CurlFault>> {
    const { session } = this;
    const key = `${url.scheme}://${url.host}:${url.port}`;
    const old = session.pool.get(key);
    if (old?.connection.open === true) {
      yield* this.info(`Re-using existing ${url.scheme}: connection with host ${url.host}`);
      this.measures.preTransfer = this.process.clock.monotonic() - this.started;
      return ok(old);
    }
    const id = session.nextConnection;
    session.nextConnection += 1;
    const opened = yield* connectTo(this, url, id);
    if (!opened.ok) return opened;
    const kept = { connection: opened.value, id };
    session.pool.set(key, kept);
    return ok(kept);
  }

  *#drop(url: CurlUrl, kept: Kept, how: string): Task<void> {
    this.session.pool.delete(`${url.scheme}://${url.host}:${url.port}`);
    kept.connection.close();
    yield* this.info(`${how} connection #${kept.id}`);
  }

  *#tellRequest(request: CurlRequest, url: CurlUrl, connection: HttpConnection): Task<void> {
    const version = connection.multiplexed ? '2' : '1.1';
    if (connection.multiplexed && this.options.flags.has('verbose')) {
      yield* this.info(`[HTTP/2] [1] OPENED stream for ${url.text}`);
      const pseudo = [
        ['method', request.method],
        ['scheme', url.scheme],
        ['authority', request.host],
        ['path', request.target],
      ];
      for (const [name, value] of pseudo) yield* this.info(`[HTTP/2] [1] [:${name}: ${value}]`);
      for (const [name, value] of request.headers)
        yield* this.info(`[HTTP/2] [1] [${name.toLowerCase()}: ${value}]`);
    }
    const lines = [
      `${request.method} ${request.target} HTTP/${version}`,
      `Host: ${request.host}`,
      ...request.headers.map(([name, value]) => `${name}: ${value}`),
      '',
    ];
    this.measures.requestBytes += lines.reduce((sum, line) => sum + line.length + 2, 0);
    if (!this.options.flags.has('verbose')) return;
    yield* this.process.printError(lines.map((line) => `> ${line}\r\n`).join(''));
    const { body } = request;
    if (body !== undefined && !this.#sink.isTerminal)
      yield* this.process.printError(`} [${body.length} bytes data]\n`);
    yield* this.info(
      body === undefined || body.length === 0
        ? 'Request completely sent off'
        : `upload completely sent off: ${body.length} bytes`,
    );
  }

  *#ask(connection: HttpConnection, request: CurlRequest): Task<Result<HttpResponse, CurlFault>> {
    const { body } = request;
    this.measures.uploaded = body?.length ?? 0;
    const sent = connection.request(
      {
        method: request.method,
        target: request.target,
        host: request.host,
        headers: new Map(request.headers.map(([name, value]) => [name.toLowerCase(), value])),
        body,
      },
      this.deadline === undefined ? undefined : left(this.process, this.deadline),
    );
    const running = this.process.start('request', sent);
    // The meter moves once a second while nothing comes.
    while (!running.finished.settled) {
      const first = yield* anyOf([running.finished], SECOND);
      if (first.index < 0) yield* this.#showMeter();
    }
    const answered = running.finished.value as Result<HttpResponse, HttpError>;
    return answered.ok ? answered : err(this.#readFault(answered.error, false));
  }

  *#showMeter(): Task<void> {
    const elapsed = this.process.clock.monotonic() - this.started;
    yield* this.meter.show(this.measures, this.#expected, elapsed, this.measures.uploaded);
  }

  /** The head: shown by -v, -i, -I and -D. */
  *#head(response: HttpResponse, connection: HttpConnection): Task<CurlFault | undefined> {
    const { flags } = this.options;
    const multiplexed = connection.multiplexed;
    const first = multiplexed
      ? `HTTP/2 ${response.status} `
      : `HTTP/1.1 ${response.status} ${reasonPhrase(response.status)}`;
    const lines = [first];
    for (const [name, value] of response.headers) {
      for (const each of value.split('\n'))
        lines.push(`${shownHeader(name, multiplexed)}: ${each}`);
    }
    lines.push('');
    this.measures.headerBytes += lines.reduce((sum, line) => sum + line.length + 2, 0);
    if (flags.has('verbose'))
      yield* this.process.printError(lines.map((line) => `< ${line}\r\n`).join(''));
    const text = lines.map((line) => `${line}\r\n`).join('');
    const dump = lastOf(this.options, 'dump-header');
    if (dump === '-') yield* this.#sink.write(utf8(text));
    else if (dump !== undefined) this.process.files.append(dump, text);
    if (response.status >= 400 && flags.has('fail')) {
      response.cancel();
      return this.#statusFault(response.status);
    }
    if (flags.has('include') || flags.has('head')) return yield* this.#sink.write(utf8(text));
    return undefined;
  }

  #statusFault(status: number): CurlFault {
    return fault(22, `The requested URL returned error: ${status}`);
  }

  *#receiveBody(
    response: HttpResponse,
    ignored: boolean,
    connection: HttpConnection,
  ): Task<CurlFault | undefined> {
    const length = response.headers.get('content-length');
    this.#expected = length === undefined ? undefined : Number(length);
    if (ignored) yield* this.info('Ignoring the response-body');
    let got = 0;
    for (;;) {
      const piece = yield* this.#piece(response);
      if (!piece.ok) return this.#readFault(piece.error, true);
      if (piece.value === undefined) break;
      const bytes = bytesOf(piece.value);
      got += bytes.length;
      if (ignored) continue;
      this.measures.downloaded = got;
      if (this.options.flags.has('verbose') && !this.#sink.isTerminal)
        yield* this.process.printError(`{ [${bytes.length} bytes data]\n`);
      const wrong = yield* this.#sink.write(bytes);
      if (wrong !== undefined) return wrong;
    }
    const missing = (this.#expected ?? got) - got;
    if (
      missing > 0 &&
      this.method !== 'HEAD' &&
      response.status !== 304 &&
      !connection.multiplexed
    ) {
      return fault(18, `end of response with ${missing} bytes missing`);
    }
    if (!ignored) {
      yield* this.#showMeter();
      yield* this.meter.end();
    }
    return undefined;
  }

  /** The next piece of the body, the meter moving meanwhile. */
  *#piece(response: HttpResponse): Task<Result<Chunk | undefined, HttpError>> {
    for (;;) {
      const budget =
        this.deadline === undefined ? SECOND : Math.min(SECOND, left(this.process, this.deadline));
      const first = yield* anyOf([response.readable], budget);
      if (first.index >= 0) return yield* response.receive();
      if (this.deadline !== undefined && left(this.process, this.deadline) === 0)
        return err({ kind: 'timeout', phase: 'body' });
      yield* this.#showMeter();
    }
  }

  #readFault(error: HttpError, inBody: boolean): CurlFault {
    switch (error.kind) {
      case 'timeout': {
        const took = milliseconds(this.process.clock.monotonic() - this.started);
        const of = this.#expected === undefined ? '' : ` out of ${this.#expected}`;
        return fault(
          28,
          `Operation timed out after ${took} milliseconds with ${this.measures.downloaded}${of} bytes received`,
        );
      }
      case 'eof':
        if (!inBody) return fault(52, 'Empty reply from server');
        return this.#expected === undefined
          ? fault(18, 'transfer closed with outstanding read data remaining')
          : fault(
              18,
              `end of response with ${this.#expected - this.measures.downloaded} bytes missing`,
            );
      case 'socket':
        return error.phase === 'write'
          ? fault(55, `Send failure: ${strerror(error.errno)}`)
          : fault(56, `Recv failure: ${strerror(error.errno)}`);
      case 'tls':
        return fault(56, `OpenSSL SSL_read: OpenSSL/3.5.0: ${alertText(error.message)}, errno 0`);
      case 'malformed':
        return fault(1, 'Received HTTP/0.9 when not allowed');
    }
  }

  /** 303, and 301 and 302 of a POST, go on as GET, unless -X says what to send. */
  #changeMethod(status: number): void {
    const { flags } = this.options;
    const becomesGet =
      status === 303 || ((status === 301 || status === 302) && this.method === 'POST');
    if (!becomesGet || flags.has(`post${status}`)) return;
    this.#body = undefined;
    if (lastOf(this.options, 'request') === undefined && this.method !== 'HEAD')
      this.method = 'GET';
  }
}

function methodOf(options: CurlOptions, body: CurlBody | undefined): string {
  const given = lastOf(options, 'request');
  if (given !== undefined) return given;
  if (options.flags.has('head')) return 'HEAD';
  if (lastOf(options, 'upload-file') !== undefined) return 'PUT';
  return body === undefined ? 'GET' : 'POST';
}

function withQuery(url: CurlUrl, query: string): CurlUrl {
  const glue = url.target.includes('?') ? '&' : '?';
  return { ...url, target: url.target + glue + query, text: url.text + glue + query };
}
