/** Names and paths of proxy requests (k8s.io/apimachinery/pkg/util/net SplitSchemeNamePort, v0.34). */
import type { ApiRequest } from '../generic/api-request.ts';
import type { RequestContext } from '../generic/context.ts';
import type { Answer } from '../generic/handler.ts';

export interface ProxyName {
  /** `http`, `https` or empty. */
  readonly scheme: string;
  readonly name: string;
  /** Number or name, empty when none is said. */
  readonly port: string;
}

/** `web`, `web:80`, `https:web:443`; undefined for anything else. */
export function splitSchemeNamePort(text: string): ProxyName | undefined {
  const parts = text.split(':');
  const [first = '', second = '', third = ''] = parts;
  if (parts.length === 1) return first === '' ? undefined : { scheme: '', name: first, port: '' };
  if (parts.length === 2)
    return first === '' ? undefined : { scheme: '', name: first, port: second };
  if (parts.length !== 3 || second === '' || !['', 'http', 'https'].includes(first))
    return undefined;
  return { scheme: first, name: second, port: third };
}

/** Path and query behind `/proxy`; undefined when not even a slash stands there. */
export function proxyTarget(info: ApiRequest): string | undefined {
  const match = /^\/api\/v1\/(?:namespaces\/[^/]+\/)?[^/]+\/[^/]+\/proxy(\/.*)?$/.exec(info.path);
  const path = match?.[1];
  if (path === undefined) return undefined;
  return info.query.text === '' ? path : `${path}?${info.query.text}`;
}

/** Relative links of the page must have a folder to be relative to. */
export function redirectToRoot(context: RequestContext, answer: Answer): void {
  const { path, query } = context.info;
  const headers = answer.headers('text/plain; charset=utf-8');
  headers.set('location', `${path}/${query.text === '' ? '' : `?${query.text}`}`);
  answer.exchange.respond(301, headers);
}
