/**
 * Paths that are no resources: version, health, discovery, OpenAPI, metrics, and what token verifiers
 * read (k8s.io/apiserver/pkg/server/routes, v0.34).
 */
import { freezeDeep } from '../../../ground/api/edit.ts';
import { quote, sortedText } from '../../../ground/base/text.ts';
import type { Task } from '../../../ground/base/task.ts';
import { objectMessage } from '../../client/api-body.ts';
import type { RequestContext } from './context.ts';
import type { Discovery } from './discovery.ts';
import type { Answer } from './handler.ts';
import { unknownPath } from './routes.ts';
import type { OpenApi } from './openapi.ts';

const VERSION = freezeDeep({
  major: '1',
  minor: '34',
  emulationMajor: '1',
  emulationMinor: '34',
  minCompatibilityMajor: '1',
  minCompatibilityMinor: '33',
  gitVersion: 'v1.34.0',
  gitCommit: 'f28b4c9efbca5c5c0af716d9f2d5702667ee8a45',
  gitTreeState: 'clean',
  buildDate: '2025-08-27T10:19:56Z',
  goVersion: 'go1.24.5',
  compiler: 'gc',
  platform: 'linux/amd64',
});

/** A named health check; the text says why it fails. */
export interface Check {
  readonly name: string;
  /** Belongs to /readyz only. */
  readonly readyOnly?: boolean;
  fails(): string | undefined;
}

export interface NonResourceOptions {
  readonly discovery: Discovery;
  readonly openApi: OpenApi;
  readonly checks: readonly Check[];
  readonly metrics: () => string;
  readonly issuer: string;
  readonly jwks: () => string;
}

export function* serveNonResource(
  options: NonResourceOptions,
  context: RequestContext,
  answer: Answer,
): Task<void> {
  const { process, info } = context;
  const { method } = answer.exchange.request;
  if (method !== 'GET' && method !== 'HEAD') return answer.text(405, 'Method Not Allowed\n');
  const path = info.path.length > 1 ? info.path.replace(/\/$/, '') : info.path;
  yield* process.work(process.costs.apiReadMicros);
  const health = /^\/(healthz|livez|readyz)(?:\/(.+))?$/.exec(path);
  if (health !== null) return serveHealth(options, context, answer, health[1] as string, health[2]);
  if (path === '/api' || path === '/apis') return serveRoots(options, answer, path === '/api');
  const group = /^\/apis\/([^/]+)$/.exec(path);
  const resources = /^\/(?:api|apis\/([^/]+))\/([^/]+)$/.exec(path);
  const document =
    group !== null
      ? options.discovery.group(group[1] as string)
      : resources !== null
        ? options.discovery.resources(resources[1] ?? '', resources[2] as string)
        : other(options, path);
  if (document === undefined) {
    const root = group?.[1] ?? resources?.[1] ?? '';
    const known = resources !== null && options.discovery.group(root) !== undefined;
    if (known || /^\/api\/[^/]+$/.test(path)) return unknownPath(answer, true);
    return serveText(options, answer, path);
  }
  answer.object(200, document);
}

function other(options: NonResourceOptions, path: string): unknown {
  if (path === '/version') return VERSION;
  if (path === '/') return { paths: indexOf(options) };
  if (path === '/openapi/v3') return options.openApi.index();
  if (path.startsWith('/openapi/v3/'))
    return options.openApi.document(path.slice('/openapi/v3/'.length));
  if (path === '/.well-known/openid-configuration') {
    return freezeDeep({
      issuer: options.issuer,
      jwks_uri: `${options.issuer}/openid/v1/jwks`,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
    });
  }
  return undefined;
}

/** What stands at the root: every path that is served. */
function indexOf(options: NonResourceOptions): readonly string[] {
  const { discovery, openApi } = options;
  const health = ['healthz', 'livez', 'readyz'].flatMap((name) => [
    `/${name}`,
    ...options.checks
      .filter((check) => name === 'readyz' || check.readyOnly !== true)
      .map((check) => `/${name}/${check.name}`),
  ]);
  const documents = openApi.paths().map((path) => `/openapi/v3/${path}`);
  return sortedText([
    ...['/.well-known/openid-configuration', '/api', '/api/v1', '/apis', '/apis/', '/metrics'],
    ...['/openapi/v3', '/openapi/v3/', '/openid/v1/jwks', '/version'],
    ...discovery.paths(),
    ...health,
    ...documents,
  ]);
}

function serveText(options: NonResourceOptions, answer: Answer, path: string): void {
  if (path === '/metrics') {
    answer.text(200, options.metrics(), 'text/plain; version=0.0.4');
    return;
  }
  if (path === '/openid/v1/jwks') {
    answer.text(200, options.jwks(), 'application/jwk-set+json');
    return;
  }
  answer.text(404, '404 page not found\n', 'text/plain; charset=utf-8');
}

const AGGREGATED =
  /^application\/json;(?=.*\bg=apidiscovery\.k8s\.io\b)(?=.*\bas=APIGroupDiscoveryList\b).*\bv=(v2beta1|v2)\b/;

/** `/api` and `/apis`: aggregated when a clause of Accept asks for exactly that, else legacy. */
function serveRoots(options: NonResourceOptions, answer: Answer, core: boolean): void {
  const { discovery } = options;
  const { headers } = answer.exchange.request;
  for (const clause of (headers.get('accept') ?? '').split(',')) {
    const match = AGGREGATED.exec(clause.trim());
    if (match === null) {
      if (/^\s*(application\/json|\*\/\*)\s*(;q=.*)?$/.test(clause)) break;
      continue;
    }
    const version = match[1] as 'v2' | 'v2beta1';
    const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    const reply = answer.headers(type);
    const etag = discovery.etag(core);
    reply.set('etag', etag);
    reply.set('vary', 'Accept');
    if (headers.get('if-none-match') === etag) {
      answer.exchange.respond(304, reply);
      return;
    }
    answer.exchange.respond(200, reply, objectMessage(discovery.aggregated(core, version)));
    return;
  }
  answer.object(200, core ? discovery.versions() : discovery.groups());
}

function serveHealth(
  options: NonResourceOptions,
  context: RequestContext,
  answer: Answer,
  endpoint: string,
  one: string | undefined,
): void {
  const { query } = context.info;
  const checks = options.checks.filter(
    (check) =>
      (endpoint === 'readyz' || check.readyOnly !== true) &&
      (one === undefined || check.name === one),
  );
  if (one !== undefined) return serveCheck(answer, checks[0]);
  const excluded = new Set(query.all('exclude'));
  const lines: string[] = [];
  let failed = false;
  for (const check of checks) {
    if (excluded.delete(check.name)) {
      lines.push(`[+]${check.name} excluded: ok`);
      continue;
    }
    const why = check.fails();
    if (why === undefined) lines.push(`[+]${check.name} ok`);
    else {
      failed = true;
      lines.push(`[-]${check.name} failed: reason withheld`);
    }
  }
  if (excluded.size > 0) {
    const names = sortedText(excluded).map(quote).join(', ');
    lines.push(`warn: some health checks cannot be excluded: no matches for ${names}`);
  }
  if (failed) {
    answer.text(500, `${lines.join('\n')}\n${endpoint} check failed\n`);
    return;
  }
  if (!query.has('verbose')) {
    answer.text(200, 'ok');
    return;
  }
  answer.text(200, `${lines.join('\n')}\n${endpoint} check passed\n`);
}

/** One check by its own path. */
function serveCheck(answer: Answer, check: Check | undefined): void {
  if (check === undefined) return answer.text(404, '404 page not found\n');
  const why = check.fails();
  answer.text(
    why === undefined ? 200 : 500,
    why === undefined ? 'ok' : `internal server error: ${why}\n`,
  );
}
