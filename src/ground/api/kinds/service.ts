/**
 * Service (pkg/apis/core, pkg/registry/core/service, 1.34): a name and an address for the pods that a
 * selector picks. Addresses and node ports are given out by the API server's registry, not here.
 */
import { sortedText } from '../../base/text.ts';
import type { Unsupported } from '../descriptor.ts';
import { withFields } from '../edit.ts';
import {
  duplicateField,
  type FieldError,
  forbiddenField,
  invalidField,
  requiredField,
} from '../field-error.ts';
import { parseCidr } from '../../base/cidr.ts';
import { parseIp } from '../../base/ip.ts';
import type { Service, ServicePort } from '../types.ts';
import { oneOf, PROTOCOLS, portErrors } from '../validation/containers.ts';
import { IMMUTABLE, labelsErrors, metaErrors, metaUpdateErrors } from '../validation/meta.ts';
import {
  isDns1035Label,
  isDns1123Label,
  isDns1123Subdomain,
  isPortNumber,
} from '../validation/names.ts';
import { specialIpErrors } from '../validation/special-ip.ts';
import { ageColumn, describeKind, nameColumn, statusSubresource, textColumn } from './describe.ts';
import { mapShared } from './pod-defaults.ts';

type Spec = NonNullable<Service['spec']>;

const EMPTY = Object.freeze({});
const NO_BALANCER: NonNullable<Service['status']> = Object.freeze({ loadBalancer: EMPTY });
const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];

const UNSUPPORTED: readonly Unsupported[] = [
  { path: 'spec.loadBalancerIP', how: 'ignored', why: 'No cloud gives out addresses.' },
  { path: 'spec.loadBalancerClass', how: 'ignored', why: 'No cloud gives out addresses.' },
  {
    path: 'spec.trafficDistribution',
    how: 'ignored',
    why: 'Endpoints are not chosen by zone yet.',
  },
];

export const SERVICE_KIND = describeKind<Service>({
  group: '',
  resource: 'services',
  kind: 'Service',
  namespaced: true,
  createOnUpdate: true,
  shortNames: ['svc'],
  categories: ['all'],
  subresources: [
    {
      name: 'proxy',
      group: '',
      version: 'v1',
      kind: 'ServiceProxyOptions',
      verbs: ['create', 'delete', 'get', 'head', 'options', 'patch', 'update'],
    },
    statusSubresource('', 'Service'),
  ],
  storagePrefix: 'services/specs',
  hasStatus: true,
  defaults: defaulted,
  validateCreate: (service) => [
    ...metaErrors(service, true, isDns1035Label),
    ...specErrors(service.spec),
    ...policyErrors(service.spec),
  ],
  validateUpdate: (service, old) => [
    ...metaUpdateErrors(service, old),
    ...addressErrors(service.spec, old.spec),
    ...specErrors(service.spec),
    ...policyErrors(service.spec),
  ],
  prepareForCreate: (service) => withFields(service, { status: NO_BALANCER }),
  prepareForUpdate: (service, old) =>
    withFields(service, {
      spec: withoutLeftovers(service.spec, old.spec),
      status: service.spec?.type === 'LoadBalancer' ? old.status : NO_BALANCER,
    }),
  columns: [
    nameColumn(),
    textColumn('Type', 'How it is reached.', (service) => service.spec?.type ?? ''),
    textColumn('Cluster-IP', 'Address inside the cluster.', clusterIpText),
    textColumn('External-IP', 'Address outside the cluster.', externalText),
    textColumn('Port(s)', 'Ports, node ports and protocols.', portsText),
    ageColumn(),
    textColumn('Selector', 'Which pods it leads to.', selectorText, true),
  ],
  fields: new Map<string, (service: Service) => string>([
    ['spec.clusterIP', (service) => service.spec?.clusterIP ?? ''],
    ['spec.type', (service) => service.spec?.type ?? ''],
  ]),
  warnings: (service) => {
    const warnings: string[] = [];
    (service.spec?.ports ?? []).forEach((port, index) => {
      if (port.protocol !== 'SCTP') return;
      warnings.push(`spec.ports[${index}].protocol: has no effect here: nothing speaks SCTP`);
    });
    if (service.spec?.type === 'LoadBalancer') {
      warnings.push(
        'spec.type: no cloud gives this cluster load balancers: the address stays pending',
      );
    }
    return warnings;
  },
  unsupported: UNSUPPORTED,
});

function defaulted(service: Service): Service {
  const spec = service.spec ?? (EMPTY as Spec);
  const type = spec.type ?? 'ClusterIP';
  const outside = type === 'NodePort' || type === 'LoadBalancer';
  const external = outside || (type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0);
  return withFields(service, {
    spec: withFields(spec, {
      sessionAffinity: spec.sessionAffinity ?? 'None',
      sessionAffinityConfig:
        spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig ?? CLIENT_IP) : undefined,
      type,
      ports: mapShared(spec.ports, defaultedPort),
      internalTrafficPolicy:
        spec.internalTrafficPolicy ?? (type === 'ExternalName' ? undefined : 'Cluster'),
      externalTrafficPolicy: spec.externalTrafficPolicy ?? (external ? 'Cluster' : undefined),
      allocateLoadBalancerNodePorts:
        spec.allocateLoadBalancerNodePorts ?? (type === 'LoadBalancer' ? true : undefined),
    }),
  });
}

/**
 * What the server gave for the old type goes with it, unless the client changed it too: then validation
 * says that it does not fit (pkg/registry/core/service/strategy.go dropTypeDependentFields).
 */
function withoutLeftovers(spec: Spec | undefined, old: Spec | undefined): Spec | undefined {
  if (spec === undefined || old === undefined) return spec;
  let next = spec;
  const isNamed = spec.type === 'ExternalName' && old.type !== 'ExternalName';
  if (isNamed && spec.clusterIP === old.clusterIP)
    next = withFields(next, { clusterIP: undefined, clusterIPs: undefined });
  if (isNamed && spec.ipFamilyPolicy === old.ipFamilyPolicy)
    next = withFields(next, { ipFamilies: undefined, ipFamilyPolicy: undefined });
  const had = nodePortsOf(old);
  if (usesNodePorts(old) && !usesNodePorts(spec) && nodePortsOf(spec) === had) {
    const ports = mapShared(spec.ports, (port) => withFields(port, { nodePort: undefined }));
    next = withFields(next, { ports });
  }
  if (old.type === 'LoadBalancer' && spec.type !== 'LoadBalancer') {
    if (spec.allocateLoadBalancerNodePorts === old.allocateLoadBalancerNodePorts)
      next = withFields(next, { allocateLoadBalancerNodePorts: undefined });
    if (spec.loadBalancerClass === old.loadBalancerClass)
      next = withFields(next, { loadBalancerClass: undefined });
  }
  const outside = usesNodePorts(spec) || (spec.externalIPs ?? []).length > 0;
  if (!outside && spec.externalTrafficPolicy === old.externalTrafficPolicy)
    next = withFields(next, { externalTrafficPolicy: undefined });
  const asksHealth = spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
  if (!asksHealth && spec.healthCheckNodePort === old.healthCheckNodePort)
    next = withFields(next, { healthCheckNodePort: undefined });
  return next;
}

function usesNodePorts(spec: Spec): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer';
}

function nodePortsOf(spec: Spec): string {
  return (spec.ports ?? []).map((port) => port.nodePort ?? 0).join(' ');
}

/** Three hours. */
const CLIENT_IP = Object.freeze({ clientIP: Object.freeze({ timeoutSeconds: 10_800 }) });

function defaultedPort(port: ServicePort): ServicePort {
  const target = port.targetPort;
  return withFields(port, {
    protocol: port.protocol ?? 'TCP',
    targetPort: target === undefined || target === 0 || target === '' ? port.port : target,
  });
}

function specErrors(spec: Spec | undefined): FieldError[] {
  const errors: FieldError[] = [];
  const type = spec?.type ?? '';
  const ports = spec?.ports ?? [];
  const headless = spec?.clusterIP === 'None';
  if (ports.length === 0 && !headless && type !== 'ExternalName') {
    errors.push(requiredField('spec.ports'));
  }
  if (type === 'ExternalName') {
    if (spec?.clusterIP !== undefined) {
      errors.push(forbiddenField('spec.clusterIP', 'may not be set when `type` is "ExternalName"'));
    }
    const name = (spec?.externalName ?? '').replace(/\.$/, '');
    if (name === '') errors.push(requiredField('spec.externalName'));
    else {
      for (const text of isDns1123Subdomain(name)) {
        errors.push(invalidField('spec.externalName', spec?.externalName, text));
      }
    }
  }
  if (headless && (type === 'NodePort' || type === 'LoadBalancer')) {
    const detail = `may not be set to 'None' for ${type} services`;
    errors.push(invalidField('spec.clusterIPs[0]', 'None', detail));
  }
  errors.push(...portsErrors(ports, type));
  errors.push(
    ...labelsErrors(spec?.selector, 'spec.selector'),
    ...(type === '' ? [requiredField('spec.type')] : oneOf('spec.type', type, TYPES)),
    ...oneOf('spec.sessionAffinity', spec?.sessionAffinity, ['ClientIP', 'None']),
    ...oneOf('spec.externalTrafficPolicy', spec?.externalTrafficPolicy, ['Cluster', 'Local']),
    ...oneOf('spec.internalTrafficPolicy', spec?.internalTrafficPolicy, ['Cluster', 'Local']),
  );
  const ip = spec?.clusterIP ?? '';
  if (ip !== '' && ip !== 'None' && parseIp(ip) === undefined) {
    const detail = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
    errors.push(invalidField('spec.clusterIPs[0]', ip, detail));
  }
  (spec?.externalIPs ?? []).forEach((each, index) => {
    errors.push(...specialIpErrors(`spec.externalIPs[${index}]`, each));
    if (parseIp(each) !== undefined) return;
    const detail = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
    errors.push(invalidField(`spec.externalIPs[${index}]`, each, detail));
  });
  return errors;
}

/** What may be said only of some types (ValidateService, validateServiceExternalTrafficPolicy). */
function policyErrors(spec: Spec | undefined): FieldError[] {
  if (spec === undefined) return [];
  const errors: FieldError[] = [];
  const balancer = spec.type === 'LoadBalancer';
  const policy = spec.externalTrafficPolicy;
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds !== undefined && (seconds <= 0 || seconds > 86_400)) {
    const path = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds';
    errors.push(invalidField(path, seconds, 'must be greater than 0 and less than 86400'));
  }
  const outside = balancer || spec.type === 'NodePort' || (spec.externalIPs ?? []).length > 0;
  if (policy !== undefined && !outside) {
    const detail = 'may only be set for externally-accessible services';
    errors.push(invalidField('spec.externalTrafficPolicy', policy, detail));
  }
  const health = spec.healthCheckNodePort ?? 0;
  if (health !== 0 && !(balancer && policy === 'Local')) {
    const detail =
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalidField('spec.healthCheckNodePort', health, detail));
  }
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const only = "may only be used when `type` is 'LoadBalancer'";
  if (ranges.length > 0 && !balancer)
    errors.push(forbiddenField('spec.loadBalancerSourceRanges', only));
  ranges.forEach((range, index) => {
    if (parseCidr(range.trim()) !== undefined) return;
    const detail = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
    errors.push(invalidField(`spec.loadBalancerSourceRanges[${index}]`, range, detail));
  });
  if (!balancer && spec.allocateLoadBalancerNodePorts !== undefined)
    errors.push(forbiddenField('spec.allocateLoadBalancerNodePorts', only));
  if (!balancer && spec.loadBalancerClass !== undefined)
    errors.push(forbiddenField('spec.loadBalancerClass', only));
  return [...errors, ...familyErrors(spec)];
}

/** The cluster has IPv4 alone (pkg/registry/core/service/storage/alloc.go initIPFamilyFields). */
function familyErrors(spec: Spec): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.ipFamilyPolicy === 'RequireDualStack') {
    const detail = 'this cluster is not configured for dual-stack services';
    errors.push(invalidField('spec.ipFamilyPolicy', spec.ipFamilyPolicy, detail));
  }
  (spec.ipFamilies ?? []).forEach((family, index) => {
    if (family === 'IPv4') return;
    const path = `spec.ipFamilies[${index}]`;
    if (family === 'IPv6')
      errors.push(invalidField(path, family, 'not configured on this cluster'));
  });
  return errors;
}

/** A port as Go prints the internal type, which has no JSON names of its own. */
function internalPort({ protocol, port }: ServicePort): object {
  return {
    Name: '',
    Protocol: protocol,
    AppProtocol: null,
    Port: port,
    TargetPort: 0,
    NodePort: 0,
  };
}

function portsErrors(ports: readonly ServicePort[], type: string): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const numbers = new Set<string>();
  const nodePorts = new Set<string>();
  ports.forEach((port, index) => {
    const at = `spec.ports[${index}]`;
    const name = port.name ?? '';
    if (name === '' && ports.length > 1) errors.push(requiredField(`${at}.name`));
    else if (name !== '') {
      for (const text of isDns1123Label(name)) errors.push(invalidField(`${at}.name`, name, text));
      if (names.has(name)) errors.push(duplicateField(`${at}.name`, name));
      names.add(name);
    }
    for (const text of isPortNumber(port.port ?? 0)) {
      errors.push(invalidField(`${at}.port`, port.port ?? 0, text));
    }
    errors.push(...oneOf(`${at}.protocol`, port.protocol, PROTOCOLS));
    errors.push(...portErrors(port.targetPort, `${at}.targetPort`));
    const key = `${port.protocol}/${port.port}`;
    if (numbers.has(key)) {
      errors.push(duplicateField(at, internalPort(port)));
    }
    numbers.add(key);
    const nodePort = port.nodePort ?? 0;
    if (nodePort === 0) return;
    if (type === 'ClusterIP' || type === 'ExternalName') {
      errors.push(forbiddenField(`${at}.nodePort`, `may not be used when \`type\` is '${type}'`));
    }
    const nodeKey = `${port.protocol}/${nodePort}`;
    if (nodePorts.has(nodeKey)) errors.push(duplicateField(`${at}.nodePort`, nodePort));
    nodePorts.add(nodeKey);
  });
  return errors;
}

/** The address of a service stays, except where its type changes from or to ExternalName. */
function addressErrors(spec: Spec | undefined, old: Spec | undefined): FieldError[] {
  if (old?.type === 'ExternalName' || spec?.type === 'ExternalName') return [];
  const before = old?.clusterIP ?? '';
  const now = spec?.clusterIP ?? '';
  if (before === '' || now === '' || now === before) return [];
  return [
    invalidField('spec.clusterIPs[0]', spec?.clusterIPs ?? [now], 'may not change once set'),
    ...(before === 'None' ? [invalidField('spec.clusterIP', now, IMMUTABLE)] : []),
  ].slice(0, 1);
}

function clusterIpText(service: Service): string {
  return service.spec?.clusterIPs?.[0] ?? service.spec?.clusterIP ?? '<none>';
}

function externalText(service: Service): string {
  const ips = (service.spec?.externalIPs ?? []).join(',');
  switch (service.spec?.type) {
    case 'LoadBalancer': {
      const given = (service.status?.loadBalancer?.ingress ?? [])
        .map((each) => each.ip ?? each.hostname ?? '')
        .join(',');
      if (ips !== '') return given === '' ? ips : `${given},${ips}`;
      return given === '' ? '<pending>' : given;
    }
    case 'ExternalName':
      return service.spec.externalName ?? '';
    default:
      return ips === '' ? '<none>' : ips;
  }
}

function portsText(service: Service): string {
  const ports = (service.spec?.ports ?? []).map((port) => {
    const nodePort = port.nodePort ?? 0;
    const protocol = port.protocol ?? 'TCP';
    return nodePort === 0 ? `${port.port}/${protocol}` : `${port.port}:${nodePort}/${protocol}`;
  });
  return ports.length === 0 ? '<none>' : ports.join(',');
}

function selectorText(service: Service): string {
  const entries = Object.entries(service.spec?.selector ?? {});
  if (entries.length === 0) return '<none>';
  return sortedText(entries.map(([key, value]) => `${key}=${value}`)).join(',');
}
