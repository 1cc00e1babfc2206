/**
 * What the API server hands on to kubelets: log, exec, attach, port-forward and a node's proxy
 * (pkg/registry/core/{pod,node}/rest, v1.34). It dials an address of the node at port 10250 with its own client
 * certificate and copies streams both ways.
 */
import { textOf } from '../../../ground/base/bytes.ts';
import { SECOND } from '../../../ground/base/event-loop.ts';
import { parseIp } from '../../../ground/base/ip.ts';
import { ok, type Result } from '../../../ground/base/result.ts';
import { anyOf, type Task } from '../../../ground/base/task.ts';
import type { Node, Pod } from '../../../ground/api/types.ts';
import type { Certificate } from '../../../ground/pki/certificate.ts';
import { bytesOf } from '../../../machines/network/chunk.ts';
import { openHttp } from '../../../machines/network/http-client.ts';
import { goError } from '../../../machines/network/errno.ts';
import type {
  Headers,
  HttpConnection,
  HttpError,
  HttpRequest,
} from '../../../machines/network/http-types.ts';
import type { TlsIdentity } from '../../../machines/network/tls-types.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { proxyStream } from '../../client/remotecommand.ts';
import type { Api, Subresource } from '../generic/api.ts';
import type { RequestContext } from '../generic/context.ts';
import type { Answer } from '../generic/handler.ts';
import {
  badRequest,
  type Failure,
  internalError,
  methodNotAllowed,
  notFound,
} from '../generic/status.ts';
import { proxyTarget, redirectToRoot, splitSchemeNamePort } from './proxy-path.ts';

const KUBELET_PORT = 10250;
const DIAL_TIMEOUT = 30 * SECOND;

export interface KubeletClient {
  readonly process: Process;
  readonly identity: TlsIdentity | undefined;
  /** Who signs the kubelets' serving certificates; undefined: they are not checked. */
  readonly roots: readonly Certificate[] | undefined;
  /** `--kubelet-preferred-address-types` */
  readonly addressTypes: readonly string[];
}

/** `log`, `exec`, `attach`, `portforward` of pods, by name of the subresource. */
export function kubeletSubresources(
  api: () => Api,
  client: KubeletClient,
): ReadonlyMap<string, Subresource> {
  const stream = (name: string): Subresource =>
    function* (_registry, context, answer) {
      yield* serveStream(api(), client, context, answer, name);
    };
  return new Map<string, Subresource>([
    ['pods/log', (_registry, context, answer) => serveLog(api(), client, context, answer)],
    ['pods/exec', stream('exec')],
    ['pods/attach', stream('attach')],
    ['pods/portforward', stream('portForward')],
    ['nodes/proxy', (_registry, context, answer) => serveNodeProxy(api(), client, context, answer)],
  ]);
}

function* serveLog(
  api: Api,
  client: KubeletClient,
  context: RequestContext,
  answer: Answer,
): Task<void> {
  const { process, info } = context;
  if (info.verb !== 'get') return answer.fail(methodNotAllowed().error);
  yield* process.work(process.costs.apiReadMicros);
  const pod = yield* podOf(api, context);
  if (!pod.ok) return answer.fail(pod.error);
  const container = containerOf(pod.value, info.query.get('container') ?? '');
  if (!container.ok) return answer.fail(container.error);
  const node = pod.value.spec?.nodeName ?? '';
  if (node === '') {
    // Nothing to read yet: upstream answers an empty body.
    return answer.text(200, '');
  }
  const { namespace = '', name } = pod.value.metadata;
  const query = info.query.text
    .split('&')
    .filter((part) => part !== '' && !part.startsWith('container='));
  const target = `/containerLogs/${namespace}/${name}/${container.value}${query.length === 0 ? '' : `?${query.join('&')}`}`;
  yield* forward(api, client, answer, node, target, logFailure);
}

/** What rest.GenericHttpResponseChecker makes of a kubelet's refusal. */
function logFailure(status: number, body: string): Failure {
  if (status === 400) return badRequest(body).error;
  return internalError(body).error;
}

/** A refused upgrade, as the translating proxy tells it. */
function upgradeFailure(_status: number, body: string): Failure {
  return internalError(`unable to upgrade connection: ${body.trimEnd()}`).error;
}

function* serveStream(
  api: Api,
  client: KubeletClient,
  context: RequestContext,
  answer: Answer,
  verb: string,
): Task<void> {
  const { process, info } = context;
  yield* process.work(process.costs.apiReadMicros);
  const pod = yield* podOf(api, context);
  if (!pod.ok) return answer.fail(pod.error);
  const { namespace = '', name } = pod.value.metadata;
  const node = pod.value.spec?.nodeName ?? '';
  if (node === '')
    return answer.fail(badRequest(`pod ${name} does not have a host assigned`).error);
  let path = `/${verb}/${namespace}/${name}`;
  if (verb !== 'portForward') {
    const container = containerOf(pod.value, info.query.get('container') ?? '');
    if (!container.ok) return answer.fail(container.error);
    path += `/${container.value}`;
  }
  const query = kubeletQuery(info.query.text);
  const target = `${path}${query === '' ? '' : `?${query}`}`;
  const unreached = verb === 'portForward' ? tunnelUnreached : streamUnreached;
  yield* forward(api, client, answer, node, target, upgradeFailure, unreached);
}

/** The kubelet's own names of the options: input, output, error. */
function kubeletQuery(text: string): string {
  const names: Readonly<Record<string, string>> = {
    stdin: 'input',
    stdout: 'output',
    stderr: 'error',
  };
  return text
    .split('&')
    .filter((part) => part !== '' && !part.startsWith('container='))
    .map((part) => {
      const equals = part.indexOf('=');
      const name = equals < 0 ? part : part.slice(0, equals);
      const own = names[name];
      if (own === undefined) return part;
      return `${own}=${/=(?:1|true)$/.test(part) ? '1' : '0'}`;
    })
    .join('&');
}

function* podOf(api: Api, context: RequestContext): Task<Result<Pod, Failure>> {
  const registry = api.registry('', 'pods');
  if (registry === undefined) return notFound({ group: '', resource: 'pods' }, context.info.name);
  const found = yield* registry.get(context.info.namespace, context.info.name);
  return found.ok ? ok(found.value as Pod) : found;
}

/** The container that is meant: the named one, or the only one. */
function containerOf(pod: Pod, wanted: string): Result<string, Failure> {
  const { name } = pod.metadata;
  const names = (pod.spec?.containers ?? []).map((each) => each.name);
  const inits = (pod.spec?.initContainers ?? []).map((each) => each.name);
  if (wanted !== '') {
    if (names.includes(wanted) || inits.includes(wanted)) return ok(wanted);
    return badRequest(`container ${wanted} is not valid for pod ${name}`);
  }
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return ok(only);
  const more = inits.length === 0 ? '' : ` or one of the init containers: [${inits.join(' ')}]`;
  return badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${names.join(' ')}]${more}`,
  );
}

/** Sends the request on to the node's kubelet and its answer back. */
function* forward(
  api: Api,
  client: KubeletClient,
  answer: Answer,
  nodeName: string,
  target: string,
  failureOf?: (status: number, body: string) => Failure,
  unreached: (url: string, reason: string) => Failure = requestUnreached,
): Task<void> {
  const node = api.registry('', 'nodes')?.cache.get('', nodeName)?.object as Node | undefined;
  const address = node === undefined ? undefined : addressOf(node, client.addressTypes);
  const ip = address === undefined ? undefined : parseIp(address);
  if (address === undefined || ip === undefined) {
    return answer.fail(notFound({ group: '', resource: 'nodes' }, nodeName).error);
  }
  const { exchange } = answer;
  const url = `https://${address}:${KUBELET_PORT}${target}`;
  const opened = yield* openHttp(client.process, {
    ip,
    port: KUBELET_PORT,
    dialTimeout: DIAL_TIMEOUT,
    tlsTimeout: 10 * SECOND,
    tls: {
      serverName: address,
      // Without --kubelet-certificate-authority the kubelet's serving certificate is not checked.
      ...(client.roots === undefined ? { roots: [], skipVerify: true } : { roots: client.roots }),
      alpn: ['h2', 'http/1.1'],
      ...(client.identity === undefined ? {} : { identity: client.identity }),
    },
  });
  if (!opened.ok) return answer.fail(unreached(url, dialText(address, opened.error)));
  const request = {
    method: exchange.request.method,
    target,
    host: `${address}:${KUBELET_PORT}`,
    headers: onwardHeaders(exchange.request.headers),
    body: exchange.request.body,
  };
  yield* relay(client.process, answer, opened.value, request, failureOf);
  opened.value.close();
}

/** An address of the first preferred type that the node has and that the server can dial. */
function addressOf(node: Node, types: readonly string[]): string | undefined {
  for (const type of types) {
    const found = node.status?.addresses?.find((each) => each.type === type)?.address;
    if (found !== undefined && parseIp(found) !== undefined) return found;
  }
  return undefined;
}

/** What was proof of who asks stays here. */
export function onwardHeaders(headers: Headers): Headers {
  const onward = new Map(headers);
  onward.delete('authorization');
  return onward;
}

/** GET nodes/x/proxy/…: the kubelet's own paths. */
function* serveNodeProxy(
  api: Api,
  client: KubeletClient,
  context: RequestContext,
  answer: Answer,
): Task<void> {
  const { process, info } = context;
  yield* process.work(process.costs.apiReadMicros);
  const target = proxyTarget(info);
  const node = splitSchemeNamePort(info.name);
  if (node === undefined) {
    return answer.fail(badRequest(`invalid node request "${info.name}"`).error);
  }
  if (target === undefined) return redirectToRoot(context, answer);
  yield* forward(api, client, answer, node.name, target);
}

/** Sends a request on and its answer back, as it comes. */
export function* relay(
  process: Process,
  answer: Answer,
  connection: HttpConnection,
  request: HttpRequest,
  failureOf?: (status: number, body: string) => Failure,
): Task<void> {
  const { exchange } = answer;
  const sent = yield* connection.request(request);
  if (!sent.ok) return answer.fail(internalError('error sending request: EOF').error);
  const response = sent.value;
  if (response.status === 101) return yield* proxyStream(process, exchange, response);
  if (response.status >= 400) {
    const body = yield* response.whole();
    const chunk = body.ok ? body.value : undefined;
    if (failureOf !== undefined) {
      const text = chunk === undefined ? '' : textOf(bytesOf(chunk));
      return answer.fail(failureOf(response.status, text));
    }
    exchange.respond(
      response.status,
      answer.headers(response.headers.get('content-type') ?? 'text/plain'),
      chunk,
    );
    return;
  }
  exchange.start(
    response.status,
    answer.headers(response.headers.get('content-type') ?? 'text/plain'),
  );
  for (;;) {
    // A log that is followed may say nothing for hours: whoever reads it may leave meanwhile.
    yield* anyOf([response.readable, exchange.whenGone]);
    if (exchange.gone) return response.cancel();
    const piece = yield* response.receive();
    if (!piece.ok) return exchange.abort();
    if (piece.value === undefined) return exchange.end();
    if (!(yield* exchange.write(piece.value))) return response.cancel();
  }
}

/** A request for text: net/http's own error. */
function requestUnreached(url: string, reason: string): Failure {
  return plainFailure(`Get "${url}": ${reason}`);
}

/** exec and attach: the server has already upgraded the client, and asks the kubelet as a client of its own. */
function streamUnreached(url: string, reason: string): Failure {
  return internalError(`error sending request: Post "${url}": ${reason}`).error;
}

/** port-forward is tunnelled as it is. */
function tunnelUnreached(_url: string, reason: string): Failure {
  return plainFailure(`error dialing backend: ${reason}`);
}

/** An error that is no Status becomes one of code 500 without a reason (responsewriters/status.go). */
function plainFailure(message: string): Failure {
  const { reason: _, details: __, ...status } = internalError(message).error.status;
  return { status: Object.freeze({ ...status, message }) };
}

function dialText(address: string, error: HttpError): string {
  const to = `dial tcp ${address}:${KUBELET_PORT}`;
  if (error.kind === 'socket') return `${to}: connect: ${goError(error.errno)}`;
  if (error.kind === 'timeout' && error.phase === 'tls') return 'net/http: TLS handshake timeout';
  if (error.kind === 'timeout') return `${to}: i/o timeout`;
  return error.kind === 'tls' ? error.message : 'EOF';
}
