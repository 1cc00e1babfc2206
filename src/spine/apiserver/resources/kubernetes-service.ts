/**
 * The Service `default/kubernetes`, its Endpoints and its EndpointSlice, kept by the API server itself
 * (pkg/controlplane/controller/kubernetesservice and pkg/controlplane/reconcilers, v1.34), and the
 * two leases by which API servers know of each other: the master lease in etcd and the identity Lease.
 */
import { freezeDeep, sameValue, withFields } from '../../../ground/api/edit.ts';
import type { KubeObject } from '../../../ground/api/object.ts';
import { SECOND } from '../../../ground/base/event-loop.ts';
import { formatIp } from '../../../ground/base/ip.ts';
import { ok } from '../../../ground/base/result.ts';
import type { Task } from '../../../ground/base/task.ts';
import { formatRfc3339Micro } from '../../../ground/base/time.ts';
import { sha256 } from '../../../ground/pki/digest.ts';
import type { Process } from '../../../machines/machine/process.ts';
import { sleepInBackground } from '../../client/background.ts';
import type { Api } from '../generic/api.ts';
import type { RequestContext } from '../generic/context.ts';
import { apiRequestOf } from '../generic/api-request.ts';
import type { Options } from '../options.ts';

/** How often the server looks after its own objects. */
const PERIOD = 10 * SECOND;
const MASTER_TTL_SECONDS = 15;

/** A request that the server makes to itself, as upstream's loopback client does. */
function loopback(process: Process, target: string, method = 'POST'): RequestContext {
  return {
    process,
    info: apiRequestOf(method, target),
    user: {
      name: 'system:apiserver',
      uid: '',
      groups: ['system:masters', 'system:authenticated'],
      extra: new Map(),
    },
    userAgent: 'kube-apiserver/v1.34.0 (linux/amd64)',
    dryRun: false,
    now: process.clock.wall(),
    warnings: new Set(),
  };
}

/** Keeps the objects for ever; the first round is over when `ready` is called. */
export function* keepOwnObjects(
  process: Process,
  api: Api,
  options: Options,
  ready: () => void,
): Task<void> {
  const identity = process.random.uuid();
  let lease = 0;
  for (let first = true; ; first = false) {
    yield* ensure(process, api, '/api/v1/namespaces/default/services', service(options));
    if (options.keepsEndpoints) {
      yield* ensure(process, api, '/api/v1/namespaces/default/endpoints', endpoints(options));
      yield* ensure(
        process,
        api,
        '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
        slice(options),
      );
    }
    yield* renewIdentity(process, api, identity);
    lease = yield* renewMaster(api, options, lease);
    if (first) ready();
    yield* sleepInBackground(process, PERIOD);
  }
}

/** Creates an object that is missing; puts back what somebody changed in its essential part. */
function* ensure(process: Process, api: Api, path: string, wanted: KubeObject): Task<void> {
  const registry = api.registryOfKind(wanted.apiVersion, wanted.kind);
  if (registry === undefined) return;
  const { namespace = '', name } = wanted.metadata;
  const found = registry.cache.get(namespace, name)?.object;
  if (found === undefined) {
    yield* registry.create(loopback(process, path), registry.descriptor.defaults(wanted));
    return;
  }
  const part =
    wanted.kind === 'Endpoints'
      ? 'subsets'
      : wanted.kind === 'EndpointSlice'
        ? 'endpoints'
        : undefined;
  if (part === undefined) return;
  const value = (wanted as unknown as Record<string, unknown>)[part];
  if (sameValue((found as unknown as Record<string, unknown>)[part], value)) return;
  const set = (current: KubeObject) =>
    ok(withFields(current, { [part]: value } as Partial<KubeObject>));
  yield* registry.update(loopback(process, `${path}/${name}`, 'PUT'), namespace, name, set, {
    part: 'main',
    retry: true,
    verb: 'update',
  });
}

function service(options: Options): KubeObject {
  const clusterIP = formatIp(options.serviceRange.base + 1);
  return freezeDeep({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { component: 'apiserver', provider: 'kubernetes' },
    },
    spec: {
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: options.securePort }],
      clusterIP,
      clusterIPs: [clusterIP],
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      internalTrafficPolicy: 'Cluster',
    },
  }) as unknown as KubeObject;
}

function endpoints(options: Options): KubeObject {
  return freezeDeep({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
    },
    subsets: [
      {
        addresses: [{ ip: options.advertiseAddress }],
        ports: [{ name: 'https', port: options.securePort, protocol: 'TCP' }],
      },
    ],
  }) as unknown as KubeObject;
}

function slice(options: Options): KubeObject {
  return freezeDeep({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'kubernetes',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'kubernetes' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: [options.advertiseAddress], conditions: { ready: true } }],
    ports: [{ name: 'https', port: options.securePort, protocol: 'TCP' }],
  }) as unknown as KubeObject;
}

/** `apiserver-` and 26 characters: base32 of the first 16 bytes of SHA-256 of the host's name. */
function identityName(hostname: string): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  const bytes = sha256(hostname).subarray(0, 16);
  let text = '';
  let word = 0;
  let bits = 0;
  for (const byte of bytes) {
    word = ((word << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(word >> bits) & 31];
    }
  }
  if (bits > 0) text += alphabet[(word << (5 - bits)) & 31];
  return `apiserver-${text}`;
}

function* renewIdentity(process: Process, api: Api, holder: string): Task<void> {
  const registry = api.registry('coordination.k8s.io', 'leases');
  if (registry === undefined) return;
  const name = identityName(process.hostname);
  const now = formatRfc3339Micro(process.clock.wall());
  const path = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
  const spec = Object.freeze({
    holderIdentity: `${name}_${holder}`,
    leaseDurationSeconds: 3600,
    renewTime: now,
  });
  if (registry.cache.get('kube-system', name) === undefined) {
    const lease = freezeDeep({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        name,
        namespace: 'kube-system',
        labels: {
          'apiserver.kubernetes.io/identity': 'kube-apiserver',
          'kubernetes.io/hostname': process.hostname,
        },
      },
      spec,
    });
    yield* registry.create(loopback(process, path), lease as unknown as KubeObject);
    return;
  }
  const set = (current: KubeObject) => ok(withFields(current, { spec } as Partial<KubeObject>));
  yield* registry.update(loopback(process, `${path}/${name}`, 'PUT'), 'kube-system', name, set, {
    part: 'main',
    retry: true,
    verb: 'update',
  });
}

/** `/registry/masterleases/<address>`, on a lease of 15 s. */
function* renewMaster(api: Api, options: Options, lease: number): Task<number> {
  const { etcd } = api.store;
  if (lease !== 0) {
    const kept = yield* etcd.leaseKeepAlive(lease);
    if (kept.ok && kept.value.ttl > 0) return lease;
  }
  const granted = yield* etcd.leaseGrant({ ttl: MASTER_TTL_SECONDS });
  if (!granted.ok) return 0;
  const key = `/registry/masterleases/${options.advertiseAddress}`;
  const object = freezeDeep({
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: '' },
    subsets: [{ addresses: [{ ip: options.advertiseAddress }] }],
  }) as unknown as KubeObject;
  yield* etcd.put({ key, value: api.store.stored(object), lease: granted.value.id });
  return granted.value.id;
}
