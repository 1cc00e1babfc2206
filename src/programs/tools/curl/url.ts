/** URLs as curl takes them: a scheme is guessed, `[1-3]` and `{a,b}` stand for several. */
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { CurlFault } from './options.ts';

export interface CurlUrl {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** As in the Host header: with the port when it is not the scheme's. */
  readonly authority: string;
  /** Path with query. */
  readonly target: string;
  readonly user: string | undefined;
  /** As `%{url_effective}`. */
  readonly text: string;
}

const EXPANSIONS_MAX = 10_000;

function rejected(why: string): Result<never, CurlFault> {
  return err({ code: 3, message: `(3) URL rejected: ${why}` });
}

export function parseUrl(written: string): Result<CurlUrl, CurlFault> {
  if (/[\s\x00-\x1f]/.test(written)) return rejected('Malformed input to a URL function');
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?([^/?#]*)([^#]*)/.exec(written);
  const scheme = (match?.[1] ?? 'http').toLowerCase();
  if (scheme !== 'http' && scheme !== 'https')
    return err({ code: 1, message: `(1) Protocol "${scheme}" not supported` });
  const authority = match?.[2] ?? '';
  const at = authority.lastIndexOf('@');
  const hostPort = authority.slice(at + 1);
  const colon = hostPort.lastIndexOf(':');
  const host = colon < 0 || hostPort.endsWith(']') ? hostPort : hostPort.slice(0, colon);
  const portText = colon < 0 || hostPort.endsWith(']') ? '' : hostPort.slice(colon + 1);
  if (host === '') return rejected('No host part in the URL');
  if (!/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._~%-]+)$/.test(host)) return rejected('Bad hostname');
  const fixed = scheme === 'http' ? 80 : 443;
  const port = portText === '' ? fixed : Number(portText);
  if (!/^\d*$/.test(portText) || port > 65_535)
    return rejected('Port number was not a decimal number between 0 and 65535');
  const rest = match?.[3] ?? '';
  const target = rest.startsWith('/') ? dotless(rest) : `/${rest}`;
  const shown = port === fixed ? host : `${host}:${port}`;
  return ok({
    scheme,
    host: host.toLowerCase(),
    port,
    authority: shown,
    target,
    user: at < 0 ? undefined : decodeURIComponentSafely(authority.slice(0, at)),
    text: `${scheme}://${authority}${target}`,
  });
}

function decodeURIComponentSafely(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** `/a/../b` is `/b`, as in RFC 3986 5.2.4. */
function dotless(target: string): string {
  const query = target.indexOf('?');
  const path = query < 0 ? target : target.slice(0, query);
  if (!path.includes('/.')) return target;
  const out: string[] = [];
  const parts = path.split('/');
  parts.forEach((part, index) => {
    const last = index === parts.length - 1;
    if (part === '..') {
      if (out.length > 1) out.pop();
      if (last) out.push('');
    } else if (part !== '.') out.push(part);
    else if (last) out.push('');
  });
  const joined = out.join('/');
  return (joined.startsWith('/') ? joined : `/${joined}`) + (query < 0 ? '' : target.slice(query));
}

/** The URL of a Location header, seen from where it came. */
export function resolveLocation(base: CurlUrl, location: string): string {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(location)) return location;
  if (location.startsWith('//')) return `${base.scheme}:${location}`;
  const origin = `${base.scheme}://${base.authority}`;
  if (location.startsWith('/')) return origin + location;
  const path = base.target.split('?')[0] as string;
  if (location.startsWith('?')) return origin + path + location;
  return `${origin}${path.slice(0, path.lastIndexOf('/') + 1)}${location}`;
}

/** `{a,b}` and `[1-3]`, `[001-100:2]`, `[a-c]`, in curl's order: the last one runs fastest. */
export function expandGlob(url: string): Result<readonly string[], CurlFault> {
  const match =
    /^(.*?)(?:\{([^{}]*)\}|\[([0-9]+|[a-zA-Z])-([0-9]+|[a-zA-Z])(?::(\d+))?\])(.*)$/.exec(url);
  if (match === null) {
    if (/[{}]/.test(url))
      return err({ code: 3, message: '(3) curl: unmatched brace in URL position' });
    return ok([url]);
  }
  const [, before = '', list, first = '', last = '', step = '1', after = ''] = match;
  const values = list === undefined ? range(first, last, Number(step)) : list.split(',');
  const rest = expandGlob(after);
  if (!rest.ok) return rest;
  if (values.length * rest.value.length > EXPANSIONS_MAX)
    return err({ code: 3, message: '(3) range overflow' });
  return ok(values.flatMap((value) => rest.value.map((tail) => before + value + tail)));
}

function range(first: string, last: string, step: number): readonly string[] {
  const numeric = /^\d+$/.test(first);
  const low = numeric ? Number(first) : first.charCodeAt(0);
  const high = numeric ? Number(last) : last.charCodeAt(0);
  const width = first.startsWith('0') ? first.length : 0;
  const out: string[] = [];
  for (let at = low; at <= high && out.length <= EXPANSIONS_MAX; at += Math.max(1, step)) {
    out.push(numeric ? String(at).padStart(width, '0') : String.fromCharCode(at));
  }
  return out;
}
