/**
 * The proxy of pods and services: a request that goes through the API server into the cluster
 * (pkg/registry/core/{pod,service}/rest and k8s.io/apimachinery/pkg/util/proxy, v1.34). A service's
 * endpoint is drawn from its EndpointSlices' ready addresses, without any rule of kube-proxy.
 *
 * Not modelled: links inside HTML pages are not rewritten to the proxy's path.
 */
import { SECOND } from '../../../ground/base/event-loop.ts';
import { parseIp } from '../../../ground/base/ip.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { EVERYTHING } from '../../../ground/api/selector.ts';
import type { EndpointSlice, Pod, Service } from '../../../ground/api/types.ts';
import { goError } from '../../../machines/network/errno.ts';
import { openHttp } from '../../../machines/network/http-client.ts';
import type { HttpError } from '../../../machines/network/http-types.ts';
import type { Process } from '../../../machines/machine/process.ts';
import type { Api, Subresource } from '../generic/api.ts';
import type { RequestContext } from '../generic/context.ts';
import type { Answer } from '../generic/handler.ts';
import { badRequest, type Failure, serviceUnavailable } from '../generic/status.ts';
import { onwardHeaders, relay } from './kubelet.ts';
import { type ProxyName, proxyTarget, redirectToRoot, splitSchemeNamePort } from './proxy-path.ts';

interface Location {
  readonly secure: boolean;
  /** As text, for messages. */
  readonly ip: string;
  readonly port: number;
}

type Locate = (
  api: Api,
  context: RequestContext,
  name: ProxyName,
) => Task<Result<Location, Failure>>;

/** `pods/proxy` and `services/proxy`. */
export function proxySubresources(
  api: () => Api,
  process: Process,
): ReadonlyMap<string, Subresource> {
  const proxy = (kind: string, locate: Locate): Subresource =>
    function* (_registry, context, answer) {
      yield* process.work(process.costs.apiReadMicros);
      const { name: text } = context.info;
      const name = splitSchemeNamePort(text);
      if (name === undefined) {
        return answer.fail(badRequest(`invalid ${kind} request "${text}"`).error);
      }
      const target = proxyTarget(context.info);
      const found = yield* locate(api(), context, name);
      if (!found.ok) return answer.fail(found.error);
      if (target === undefined) return redirectToRoot(context, answer);
      yield* pass(process, context, answer, found.value, target);
    };
  return new Map([
    ['pods/proxy', proxy('pod', locatePod)],
    ['services/proxy', proxy('service', locateService)],
  ]);
}

function* locatePod(
  api: Api,
  context: RequestContext,
  name: ProxyName,
): Task<Result<Location, Failure>> {
  const registry = api.registry('', 'pods');
  if (registry === undefined) return badRequest('no pods');
  const found = yield* registry.get(context.info.namespace, name.name, 0);
  if (!found.ok) return found;
  const pod = found.value as Pod;
  const ip = pod.status?.podIP ?? '';
  if (ip === '') return badRequest('address not allowed');
  const declared = pod.spec?.containers.find((each) => (each.ports?.length ?? 0) > 0)?.ports?.[0];
  const port = name.port === '' ? (declared?.containerPort ?? 80) : Number(name.port);
  if (!(port > 0)) return badRequest(`invalid pod request "${context.info.name}"`);
  return ok({ secure: name.scheme === 'https', ip, port });
}

function* locateService(
  api: Api,
  context: RequestContext,
  name: ProxyName,
): Task<Result<Location, Failure>> {
  const { namespace } = context.info;
  const registry = api.registry('', 'services');
  const slices = api.registry('discovery.k8s.io', 'endpointslices');
  if (registry === undefined || slices === undefined) return badRequest('no services');
  const found = yield* registry.get(namespace, name.name, 0);
  if (!found.ok) return found;
  const port = portNameOf(found.value as Service, name);
  if (port === undefined) {
    return serviceUnavailable(`no service port "${name.port}" found for service "${name.name}"`);
  }
  const candidates: Location[] = [];
  const filter = { namespace, labels: EVERYTHING, fields: [] };
  for (const { object } of slices.cache.list(filter)) {
    const slice = object as EndpointSlice;
    if (slice.metadata.labels?.['kubernetes.io/service-name'] !== name.name) continue;
    const number = slice.ports?.find((each) => (each.name ?? '') === port)?.port;
    if (number === undefined) continue;
    for (const each of slice.endpoints ?? []) {
      const [ip] = each.addresses;
      if (ip === undefined || each.conditions?.ready === false) continue;
      candidates.push({ secure: name.scheme === 'https', ip, port: number });
    }
  }
  const [first] = candidates;
  if (first === undefined) {
    return serviceUnavailable(`no endpoints available for service "${name.name}"`);
  }
  return ok(candidates[context.process.random.below(candidates.length)] ?? first);
}

/** The name of the service's port that a number, a name or nothing stands for. */
function portNameOf(service: Service, name: ProxyName): string | undefined {
  const ports = service.spec?.ports ?? [];
  if (name.port === '') return ports.length === 1 ? (ports[0]?.name ?? '') : '';
  const number = Number(name.port);
  if (!Number.isInteger(number)) return name.port;
  const found = ports.find((each) => each.port === number);
  return found === undefined ? undefined : (found.name ?? '');
}

function* pass(
  process: Process,
  context: RequestContext,
  answer: Answer,
  location: Location,
  target: string,
): Task<void> {
  const { request } = answer.exchange;
  const { secure, ip, port } = location;
  const address = parseIp(ip);
  const opened =
    address === undefined
      ? err<HttpError>({ kind: 'socket', errno: 'EHOSTUNREACH', phase: 'dial' })
      : yield* openHttp(process, {
          ip: address,
          port,
          dialTimeout: 30 * SECOND,
          tlsTimeout: 10 * SECOND,
          ...(secure ? { tls: { serverName: ip, roots: [], skipVerify: true } } : {}),
        });
  if (!opened.ok) {
    const text = `error trying to reach service: ${dialText(location, opened.error)}`;
    return answer.fail(serviceUnavailable(text).error);
  }
  const headers = new Map(onwardHeaders(request.headers));
  headers.set('x-forwarded-uri', context.info.path);
  yield* relay(process, answer, opened.value, {
    method: request.method,
    target,
    host: port === 80 ? ip : `${ip}:${port}`,
    headers,
    body: request.body,
  });
  opened.value.close();
}

function dialText({ ip, port }: Location, error: HttpError): string {
  const to = `dial tcp ${ip}:${port}`;
  if (error.kind === 'socket') return `${to}: connect: ${goError(error.errno)}`;
  if (error.kind === 'timeout') return `${to}: i/o timeout`;
  return error.kind === 'tls' ? error.message : 'EOF';
}
