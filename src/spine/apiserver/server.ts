/** Puts the API server together: resources with their hooks, admission, who may do what, the pipeline. */
import { RESOURCES } from '../../ground/api/resources.ts';
import type { ResourceDescriptor } from '../../ground/api/descriptor.ts';
import type { Task } from '../../ground/base/task.ts';
import type { SignedToken } from '../../ground/pki/jwt.ts';
import type { Process } from '../../machines/machine/process.ts';
import type { EtcdClient } from '../etcd/wire/index.ts';
import { defaultTolerationSeconds, priorityAdmission } from './admission/pods.ts';
import { namespaceLifecycle } from './admission/namespace-lifecycle.ts';
import { nodeRestriction } from './admission/node-restriction.ts';
import { rbacEscalation } from './admission/rbac-escalation.ts';
import { serviceAccountAdmission } from './admission/service-account.ts';
import { impersonator } from './authn/impersonate.ts';
import { RequestAuthenticator, TokenAuthenticator } from './authn/authenticator.ts';
import { type Judge, UnionAuthorizer } from './authz/authorizer.ts';
import { NodeAuthorizer } from './authz/node.ts';
import { Rbac } from './authz/rbac.ts';
import { nodeRules } from './bootstrap.ts';
import { Api, type Subresource } from './generic/api.ts';
import type { AdmissionPlugin, Hooks, RequestContext } from './generic/context.ts';
import { Discovery } from './generic/discovery.ts';
import { type Answer, Pipeline } from './generic/handler.ts';
import { type Check, type NonResourceOptions, serveNonResource } from './generic/nonresource.ts';
import { OpenApi } from './generic/openapi.ts';
import { Store } from './generic/store.ts';
import { ResourceCache } from './generic/watch-cache.ts';
import type { Credentials } from './credentials.ts';
import { metricsText } from './metrics.ts';
import type { Options } from './options.ts';
import { eventsView } from './resources/event.ts';
import { kubeletSubresources } from './resources/kubelet.ts';
import { namespaceHooks, serveFinalize } from './resources/namespace.ts';
import { podHooks, serveBinding, serveEviction } from './resources/pod.ts';
import { proxySubresources } from './resources/proxy.ts';
import { reviews } from './resources/reviews.ts';
import { scaleSubresource } from './resources/scale.ts';
import { followServices, serviceHooks, serviceNetwork } from './resources/service.ts';
import { tokenSubresource } from './resources/token.ts';
import { jwksText } from './authn/jwks.ts';

export interface Server {
  readonly api: Api;
  readonly store: Store;
  readonly pipeline: Pipeline;
  /** RBAC and namespaces have been written. */
  bootstrapped: boolean;
  /** The first round of the server's own objects is over. */
  ready: boolean;
}

export function buildServer(
  process: Process,
  options: Options,
  credentials: Credentials,
  etcd: EtcdClient,
): Server {
  const store = new Store(process, etcd);
  const caches = cachesOf(store);
  const network = serviceNetwork(
    options.serviceRange,
    options.nodePorts.first,
    options.nodePorts.last,
  );
  caches.services.listeners.push((event) => followServices(network, event));
  const hooks = new Map<string, Hooks>([
    ['pods', podHooks(options.allowPrivileged)],
    ['namespaces', namespaceHooks],
    ['services', serviceHooks(network)],
    ['serviceaccounts', { returnsDeleted: true }],
    ['events', { ttlSeconds: options.eventTtlSeconds }],
    ['events.events.k8s.io', { ttlSeconds: options.eventTtlSeconds, view: eventsView }],
  ]);
  const tokens = new TokenAuthenticator({
    keys: credentials.accountKeys,
    issuer: options.issuer,
    audiences: options.audiences,
    find: (resource, namespace, name) =>
      store.caches.get(resource)?.get(namespace, name)?.object.metadata,
    now: () => process.clock.wall(),
  });
  const rbac = new Rbac(caches);
  const authorizer = new UnionAuthorizer(judgesOf(options, caches.pods, rbac));
  const api: Api = new Api(store, {
    component: 'kube-apiserver',
    watchSecondsMin: options.watchSecondsMin,
    descriptors: RESOURCES,
    hooks: ({ group, resource }: ResourceDescriptor) =>
      hooks.get(`${resource}.${group}`) ?? hooks.get(resource) ?? {},
    admission: [...admissionOf(options, caches), rbacEscalation(authorizer, rbac)],
    subresources: subresourcesOf(process, options, credentials, tokens, () => api),
    virtual: reviews(authorizer, rbac, tokens),
  });
  const nonResource: NonResourceOptions = {
    discovery: new Discovery(RESOURCES, `${options.advertiseAddress}:${options.securePort}`),
    openApi: new OpenApi(RESOURCES),
    checks: checksOf(store, () => server),
    metrics: () => metricsText(pipeline, store),
    issuer: options.issuer,
    jwks: () => jwksText(credentials.accountKeys),
  };
  const pipeline = new Pipeline({
    process,
    authenticator: new RequestAuthenticator(tokens, options.anonymous),
    authorizer,
    impersonate: impersonator(authorizer),
    readsMax: options.readsMax,
    writesMax: options.writesMax,
    requestTimeout: options.requestTimeout,
    serve: (context: RequestContext, answer: Answer): Task<void> =>
      context.info.isResource
        ? api.serve(context, answer)
        : serveNonResource(nonResource, context, answer),
  });
  const server: Server = { api, store, pipeline, bootstrapped: false, ready: false };
  return server;
}

/**
 * Health checks in upstream's order, as far as there is something behind them here; those of custom
 * resources, of the aggregator and of flow control come with these.
 */
function checksOf(store: Store, server: () => Server): readonly Check[] {
  const hook = (name: string, done: () => boolean): Check => ({
    name: `poststarthook/${name}`,
    fails: () => (done() ? undefined : 'not finished'),
  });
  const filled = (): boolean => store.ready;
  const bootstrapped = (): boolean => server().bootstrapped;
  const ready = (): boolean => server().ready;
  const etcd = (): string | undefined => (store.connected ? undefined : 'etcd is not reachable');
  return [
    { name: 'ping', fails: () => undefined },
    { name: 'log', fails: () => undefined },
    { name: 'etcd', fails: etcd },
    { name: 'etcd-readiness', readyOnly: true, fails: etcd },
    { name: 'informer-sync', readyOnly: true, fails: () => (filled() ? undefined : 'caches') },
    hook('start-apiserver-admission-initializer', filled),
    hook('generic-apiserver-start-informers', filled),
    hook('start-system-namespaces-controller', bootstrapped),
    hook('start-kube-apiserver-identity-lease-controller', ready),
    hook('start-service-ip-repair-controllers', filled),
    hook('rbac/bootstrap-roles', bootstrapped),
    hook('scheduling/bootstrap-system-priority-classes', bootstrapped),
    hook('bootstrap-controller', ready),
    { name: 'shutdown', readyOnly: true, fails: () => undefined },
  ];
}

type Caches = ReturnType<typeof cachesOf>;

/** Caches that the server itself reads, made before the registries find them. */
function cachesOf(store: Store) {
  const cache = (group: string, resource: string): ResourceCache => {
    const descriptor = RESOURCES.find((each) => each.group === group && each.resource === resource);
    if (descriptor === undefined) throw new Error(`no descriptor of ${resource}`);
    const made = new ResourceCache(descriptor);
    store.addCache(made);
    return made;
  };
  const rbac = 'rbac.authorization.k8s.io';
  return {
    pods: cache('', 'pods'),
    namespaces: cache('', 'namespaces'),
    services: cache('', 'services'),
    serviceAccounts: cache('', 'serviceaccounts'),
    priorityClasses: cache('scheduling.k8s.io', 'priorityclasses'),
    roles: cache(rbac, 'roles'),
    roleBindings: cache(rbac, 'rolebindings'),
    clusterRoles: cache(rbac, 'clusterroles'),
    clusterRoleBindings: cache(rbac, 'clusterrolebindings'),
  };
}

function judgesOf(options: Options, pods: ResourceCache, rbac: Rbac): Judge[] {
  const judges: Judge[] = [];
  for (const mode of options.authorizationModes) {
    if (mode === 'Node') judges.push(new NodeAuthorizer(pods, nodeRules()));
    else if (mode === 'RBAC') judges.push(rbac);
    else if (mode === 'AlwaysAllow')
      judges.push({ authorize: () => ({ allowed: true, reason: '' }) });
    else judges.push({ authorize: () => ({ allowed: false, reason: '' }) });
  }
  return judges;
}

/** Plugins in upstream's order (pkg/kubeapiserver/options/plugins.go). */
function admissionOf(options: Options, caches: Caches): AdmissionPlugin[] {
  const all: AdmissionPlugin[] = [
    namespaceLifecycle(caches.namespaces),
    serviceAccountAdmission(caches.serviceAccounts),
    nodeRestriction(caches.pods),
    priorityAdmission(caches.priorityClasses),
    defaultTolerationSeconds,
  ];
  return all.filter((plugin) => options.admission.has(plugin.name));
}

function subresourcesOf(
  process: Process,
  options: Options,
  credentials: Credentials,
  tokens: TokenAuthenticator,
  api: () => Api,
): ReadonlyMap<string, Subresource> {
  const issuer = {
    key: credentials.signingKey,
    issuer: options.issuer,
    audiences: options.audiences,
    secondsMax: options.tokenSecondsMax,
    issued: (text: string, token: SignedToken): void => tokens.vouch(text, token),
  };
  return new Map<string, Subresource>([
    ['pods/binding', serveBinding],
    ['pods/eviction', serveEviction],
    ['namespaces/finalize', serveFinalize],
    ['serviceaccounts/token', tokenSubresource(api, issuer)],
    ['deployments.apps/scale', scaleSubresource],
    ['replicasets.apps/scale', scaleSubresource],
    ...proxySubresources(api, process),
    ...kubeletSubresources(api, {
      process,
      identity: credentials.kubelet,
      roots: credentials.kubeletRoots,
      addressTypes: options.addressTypes,
    }),
  ]);
}
