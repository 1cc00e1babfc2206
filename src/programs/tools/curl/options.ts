/**
 * curl's command line: every option with its letter and whether it takes a value, read into one value.
 * (curl 8.14.1, src/tool_getparam.c)
 *
 * An option that curl has and this model does not is refused as a curl that was built without it.
 */
import { err, ok, type Result } from '../../../ground/base/result.ts';

/** One piece of `-d` and its kin, in order. */
export interface DataPart {
  readonly kind: 'data' | 'raw' | 'binary' | 'urlencode' | 'json';
  readonly value: string;
}

export interface UrlOutput {
  readonly url: string;
  /** `-o`; undefined: standard output. */
  readonly output: string | undefined;
  /** `-O` */
  readonly remoteName: boolean;
}

export interface CurlOptions {
  readonly flags: ReadonlySet<string>;
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly data: readonly DataPart[];
  readonly urls: readonly UrlOutput[];
}

/** What went wrong: the words after `curl: `, and the exit code. */
export interface CurlFault {
  readonly code: number;
  readonly message: string;
  /** Words that follow on lines of their own. */
  readonly more?: string;
}

/** Long names without a value, with their letter. */
const FLAGS: Readonly<Record<string, string>> = {
  silent: 's',
  'show-error': 'S',
  verbose: 'v',
  include: 'i',
  'show-headers': 'i',
  head: 'I',
  location: 'L',
  'location-trusted': '',
  insecure: 'k',
  fail: 'f',
  'fail-early': '',
  'fail-with-body': '',
  get: 'G',
  'remote-name': 'O',
  'remote-name-all': '',
  'no-buffer': 'N',
  buffer: '',
  ipv4: '4',
  ipv6: '6',
  'http1.0': '0',
  'http1.1': '',
  http2: '',
  'http2-prior-knowledge': '',
  compressed: '',
  'progress-bar': '#',
  'no-progress-meter': '',
  disable: 'q',
  globoff: 'g',
  'path-as-is': '',
  'create-dirs': '',
  'retry-connrefused': '',
  'retry-all-errors': '',
  version: 'V',
  help: 'h',
  'no-keepalive': '',
  'tcp-nodelay': '',
  next: ':',
  tlsv1: '1',
  'tlsv1.2': '',
  'tlsv1.3': '',
  'ssl-reqd': '',
  post301: '',
  post302: '',
  post303: '',
};

const VALUES: Readonly<Record<string, string>> = {
  output: 'o',
  'write-out': 'w',
  'max-time': 'm',
  'connect-timeout': '',
  header: 'H',
  request: 'X',
  data: 'd',
  'data-ascii': '',
  'data-raw': '',
  'data-binary': '',
  'data-urlencode': '',
  json: '',
  cacert: '',
  capath: '',
  cert: 'E',
  key: '',
  'cert-type': '',
  'key-type': '',
  user: 'u',
  'user-agent': 'A',
  referer: 'e',
  cookie: 'b',
  'dump-header': 'D',
  'max-redirs': '',
  resolve: '',
  'connect-to': '',
  retry: '',
  'retry-delay': '',
  'retry-max-time': '',
  interface: '',
  'unix-socket': '',
  url: '',
  'oauth2-bearer': '',
  'upload-file': 'T',
  range: 'r',
  'output-dir': '',
  'keepalive-time': '',
  'max-filesize': '',
  stderr: '',
  form: 'F',
};

/** Options of curl that this model has nothing for. */
const UNAVAILABLE: ReadonlySet<string> = new Set([
  'proxy',
  'proxy-user',
  'socks5',
  'socks5-hostname',
  'socks4',
  'preproxy',
  'noproxy',
  'trace',
  'trace-ascii',
  'netrc',
  'netrc-file',
  'cookie-jar',
  'digest',
  'ntlm',
  'negotiate',
  'anyauth',
  'parallel',
  'http3',
  'doh-url',
  'limit-rate',
  'config',
  'haproxy-protocol',
  'pinnedpubkey',
  'crlfile',
  'local-port',
  'speed-limit',
  'speed-time',
  'time-cond',
  'continue-at',
  'etag-save',
  'etag-compare',
  'aws-sigv4',
]);
const UNAVAILABLE_LETTERS = 'xUncZKPQlMtzCyY3j';

const DATA_KINDS: Readonly<Record<string, DataPart['kind']>> = {
  data: 'data',
  'data-ascii': 'data',
  'data-raw': 'raw',
  'data-binary': 'binary',
  'data-urlencode': 'urlencode',
  json: 'json',
};

const NOT_BUILT_IN: CurlFault = {
  code: 4,
  message:
    '(4) A requested feature, protocol or option was not found built-in in this libcurl due to a build-time decision.',
};

function usage(message: string): CurlFault {
  return { code: 2, message, more: "curl: try 'curl --help' for more information\n" };
}

class Reader {
  readonly flags = new Set<string>();
  readonly values = new Map<string, string[]>();
  readonly data: DataPart[] = [];
  readonly urls: string[] = [];
  readonly outputs: { readonly output: string | undefined; readonly remoteName: boolean }[] = [];

  flag(name: string): void {
    if (name === 'remote-name') this.outputs.push({ output: undefined, remoteName: true });
    if (name.startsWith('no-') && !Object.hasOwn(FLAGS, name)) this.flags.delete(name.slice(3));
    else this.flags.add(name);
  }

  value(name: string, value: string): void {
    const kind = Object.hasOwn(DATA_KINDS, name) ? DATA_KINDS[name] : undefined;
    if (kind !== undefined) this.data.push({ kind, value });
    else if (name === 'url') this.urls.push(value);
    else if (name === 'output')
      this.outputs.push({ output: value === '-' ? undefined : value, remoteName: false });
    else {
      const list = this.values.get(name);
      if (list === undefined) this.values.set(name, [value]);
      else list.push(value);
    }
  }
}

interface Option {
  readonly name: string;
  readonly takes: boolean;
}

const BY_LETTER: ReadonlyMap<string, Option> = byLetter();

function byLetter(): ReadonlyMap<string, Option> {
  const all = new Map<string, Option>();
  // The first name of a letter is the one that counts.
  for (const [name, letter] of Object.entries(FLAGS).reverse())
    all.set(letter, { name, takes: false });
  for (const [name, letter] of Object.entries(VALUES)) all.set(letter, { name, takes: true });
  return all;
}

/** Reads the arguments after `curl`. */
export function parseCurl(args: readonly string[]): Result<CurlOptions, CurlFault> {
  const reader = new Reader();
  let onlyUrls = false;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] as string;
    if (onlyUrls || arg === '-' || !arg.startsWith('-')) {
      reader.urls.push(arg);
      continue;
    }
    if (arg === '--') {
      onlyUrls = true;
      continue;
    }
    const used = arg.startsWith('--')
      ? readLong(reader, arg.slice(2), args[at + 1])
      : readShort(reader, arg, args[at + 1]);
    if (typeof used !== 'number') return err(used);
    at += used;
  }
  const urls = reader.urls.map((url, index) => ({
    url,
    ...(reader.outputs[index] ?? {
      output: undefined,
      remoteName: reader.flags.has('remote-name-all'),
    }),
  }));
  return ok({ flags: reader.flags, values: reader.values, data: reader.data, urls });
}

/** How many further arguments were used, or the fault. */
function readLong(reader: Reader, name: string, next: string | undefined): number | CurlFault {
  if (Object.hasOwn(VALUES, name)) {
    if (next === undefined) return usage(`option --${name}: requires parameter`);
    reader.value(name, next);
    return 1;
  }
  if (Object.hasOwn(FLAGS, name)) {
    reader.flag(name);
    return 0;
  }
  if (name.startsWith('no-') && Object.hasOwn(FLAGS, name.slice(3))) {
    reader.flag(name);
    return 0;
  }
  return UNAVAILABLE.has(name) ? NOT_BUILT_IN : usage(`option --${name}: is unknown`);
}

function readShort(reader: Reader, arg: string, next: string | undefined): number | CurlFault {
  for (let index = 1; index < arg.length; index += 1) {
    const letter = arg[index] as string;
    const option = BY_LETTER.get(letter);
    if (option === undefined)
      return UNAVAILABLE_LETTERS.includes(letter)
        ? NOT_BUILT_IN
        : usage(`option -${letter}: is unknown`);
    if (!option.takes) {
      reader.flag(option.name);
      continue;
    }
    const rest = arg.slice(index + 1);
    const value = rest === '' ? next : rest;
    if (value === undefined) return usage(`option -${letter}: requires parameter`);
    reader.value(option.name, value);
    return rest === '' ? 1 : 0;
  }
  return 0;
}

export function lastOf(options: CurlOptions, name: string): string | undefined {
  return options.values.get(name)?.at(-1);
}

export function allOf(options: CurlOptions, name: string): readonly string[] {
  return options.values.get(name) ?? [];
}
