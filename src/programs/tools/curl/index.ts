/**
 * curl 8.14.1, HTTP and HTTPS.
 *
 * Not modelled, and refused as by a curl built without them: proxies, other protocols, cookies kept in
 * files, digest and Kerberos authentication, `--parallel`, `--config`, `--trace`, HTTP/3.
 */
import { SECOND } from '../../../ground/base/event-loop.ts';
import type { Task } from '../../../ground/base/task.ts';
import type { Process, Program } from '../../../machines/machine/process.ts';
import { spanOption } from './connect.ts';
import { type CurlFault, type CurlOptions, lastOf, parseCurl, type UrlOutput } from './options.ts';
import { BodySink } from './output.ts';
import { formatWriteOut } from './report.ts';
import { readBody } from './request.ts';
import { type Outcome, type Session, transfer } from './transfer.ts';
import { expandGlob } from './url.ts';

const VERSION = `curl 8.14.1 (x86_64-pc-linux-gnu) libcurl/8.14.1 OpenSSL/3.5.0 zlib/1.3.1 brotli/1.1.0 zstd/1.5.7 libidn2/2.3.8 libpsl/0.21.5 nghttp2/1.64.0
Release-Date: 2025-06-04
Protocols: http https
Features: alt-svc AsynchDNS brotli HSTS HTTP2 HTTPS-proxy IDN IPv6 Largefile libz PSL SSL threadsafe TLS-SRP UnixSockets zstd
`;

const HELP = `Usage: curl [options...] <url>
 -d, --data <data>           HTTP POST data
 -f, --fail                  Fail fast with no output on HTTP errors
 -h, --help <subject>        Get help for commands
 -o, --output <file>         Write to file instead of stdout
 -i, --show-headers          Show response headers in output
 -s, --silent                Silent mode
 -T, --upload-file <file>    Transfer local FILE to destination
 -u, --user <user:password>  Server user and password
 -A, --user-agent <name>     Send User-Agent <name> to server
 -v, --verbose               Make the operation more talkative
 -V, --version               Show version number and quit
`;

const RETRY_DELAY_MAX = 600 * SECOND;
const TRANSIENT_STATUS: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

export const curl: Program = {
  name: 'curl',
  version: '8.14.1',
  *main(process): Task<number> {
    yield* process.work(process.costs.curlMicros);
    const args = process.argv.slice(1);
    if (args.length === 0) {
      yield* process.printError(
        "curl: try 'curl --help' or 'curl --manual' for more information\n",
      );
      return 2;
    }
    const parsed = parseCurl(args);
    if (!parsed.ok) return yield* tell(process, parsed.error);
    const options = parsed.value;
    if (options.flags.has('version') || options.flags.has('help')) {
      yield* process.print(options.flags.has('version') ? VERSION : HELP);
      return 0;
    }
    if (options.urls.length === 0)
      return yield* tell(process, {
        code: 2,
        message: '(2) no URL specified',
        more: "curl: try 'curl --help' for more information\n",
      });
    const body = yield* readBody(process, options);
    if (!body.ok) return yield* tell(process, body.error);
    return yield* runAll({
      process,
      options,
      body: body.value,
      pool: new Map(),
      nextConnection: 0,
    });
  },
};

function* tell(process: Process, fault: CurlFault): Task<number> {
  yield* process.printError(`curl: ${fault.message}\n${fault.more ?? ''}`);
  return fault.code;
}

function* runAll(session: Session): Task<number> {
  const { process, options } = session;
  let code = 0;
  for (const each of options.urls) {
    const urls = options.flags.has('globoff')
      ? { ok: true as const, value: [each.url] }
      : expandGlob(each.url);
    if (!urls.ok) {
      code = yield* tell(process, urls.error);
      continue;
    }
    for (const url of urls.value) {
      code = yield* runOne(session, { ...each, url });
      if (code !== 0 && options.flags.has('fail-early')) return code;
    }
  }
  for (const { connection } of session.pool.values()) connection.close();
  return code;
}

/** One URL with its retries, its error and its `-w`. */
function* runOne(session: Session, target: UrlOutput): Task<number> {
  const { process, options } = session;
  const path = outputPath(options, target);
  const retries = Number(lastOf(options, 'retry') ?? 0);
  const fixed = spanOption(options, 'retry-delay');
  const last = spanOption(options, 'retry-max-time');
  const began = process.clock.monotonic();
  let delay = fixed ?? SECOND;
  for (let left = retries; ; left -= 1) {
    const sink = new BodySink(process, path, {
      makeFolders: options.flags.has('create-dirs'),
      binary: target.output !== undefined,
    });
    const outcome = yield* transfer(session, target.url, sink);
    if (outcome.fault === undefined) yield* sink.finish();
    const why = left > 0 ? retryReason(options, outcome) : undefined;
    const tooLate = last !== undefined && process.clock.monotonic() - began + delay > last;
    if (why === undefined || tooLate) return yield* finish(session, target, path, outcome);
    if (!options.flags.has('silent')) {
      const seconds = Math.floor(delay / SECOND);
      yield* process.printError(
        `Warning: Problem: ${why}. Will retry in ${seconds} second${seconds === 1 ? '' : 's'}. ${left} retr${left === 1 ? 'y' : 'ies'} left.\n`,
      );
    }
    yield* process.sleep(delay);
    if (fixed === undefined) delay = Math.min(delay * 2, RETRY_DELAY_MAX);
  }
}

function outputPath(options: CurlOptions, target: UrlOutput): string | undefined {
  const folder = lastOf(options, 'output-dir');
  const within = (name: string): string => (folder === undefined ? name : `${folder}/${name}`);
  if (target.output !== undefined)
    return target.output === '/dev/stdout' ? undefined : within(target.output);
  if (!target.remoteName) return undefined;
  const path = target.url.replace(/^[a-z]+:\/\/[^/]*/, '').replace(/[?#].*$/, '');
  const name = path.slice(path.lastIndexOf('/') + 1);
  return within(name === '' ? 'curl_response' : name);
}

function retryReason(options: CurlOptions, outcome: Outcome): string | undefined {
  const code = outcome.fault?.code;
  if (code === 28 || code === 6) return 'timeout';
  if (code === 7 && options.flags.has('retry-connrefused')) return 'connection refused';
  if ((code === undefined || code === 22) && TRANSIENT_STATUS.has(outcome.response?.status ?? 0))
    return 'HTTP error';
  return code !== undefined && options.flags.has('retry-all-errors')
    ? '(retrying all errors)'
    : undefined;
}

function* finish(
  session: Session,
  target: UrlOutput,
  path: string | undefined,
  outcome: Outcome,
): Task<number> {
  const { process, options } = session;
  const { fault } = outcome;
  const message = (fault?.message ?? '').replace(/^\(\d+\) /, '');
  if (fault !== undefined && (!options.flags.has('silent') || options.flags.has('show-error')))
    yield* tell(process, fault);
  const format = yield* writeOutFormat(process, lastOf(options, 'write-out'));
  if (format !== undefined) {
    const facts = {
      measures: outcome.measures,
      response: outcome.response,
      url: target.url,
      effectiveUrl: outcome.url?.text ?? target.url,
      method: outcome.method,
      redirectUrl: outcome.redirectUrl,
      exitCode: fault?.code ?? 0,
      error: message,
      output: path ?? '',
    };
    yield* process.print(formatWriteOut(format, facts));
  }
  return fault?.code ?? 0;
}

/** `-w @file` reads its text. */
function* writeOutFormat(process: Process, value: string | undefined): Task<string | undefined> {
  if (value === undefined || !value.startsWith('@')) return value;
  const read = process.files.readText(value.slice(1));
  return read.ok ? read.value : '';
}
