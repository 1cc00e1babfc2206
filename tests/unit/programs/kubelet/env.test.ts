/** Variables of containers: services in the documented forms, references, expansion. */
import { describe, expect, it } from 'vitest';
import type { Container, Pod, Service } from '../../../../src/ground/api/types.ts';
import { type EnvSources, makeEnvironment } from '../../../../src/programs/kubelet/env.ts';
import { expand } from '../../../../src/programs/kubelet/expansion.ts';

function service(
  name: string,
  ip: string,
  ports: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[],
): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: { clusterIP: ip, ports },
  };
}

const POD: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web-1', namespace: 'default', uid: 'u', labels: { app: 'web' } },
  spec: { containers: [], nodeName: 'node-1' },
};

function sources(services: readonly Service[]): EnvSources {
  return {
    podIp: '10.244.1.5',
    hostIp: '192.168.0.11',
    node: { cpuMilli: 4000, memory: 8_000_000_000 },
    services,
    configMap: (name) =>
      name === 'settings'
        ? {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name },
            data: { mode: 'fast', constructor: 'plain' },
          }
        : undefined,
    secret: (name) =>
      name === 'login'
        ? { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: { user: 'cm9vdA==' } }
        : undefined,
  };
}

function environment(
  container: Partial<Container>,
  services: readonly Service[] = [],
  pod: Pod = POD,
): Record<string, string> {
  const made = makeEnvironment(pod, { name: 'c', ...container }, sources(services));
  if (!made.ok) throw new Error(made.error);
  return Object.fromEntries(made.value.map(({ key, value }) => [key, value]));
}

describe('service variables', () => {
  it('has the forms of the seeds, R217', () => {
    const made = environment({}, [
      service('asset', '10.109.122.107', [{ port: 8090 }]),
      service('reviews', '10.97.1.1', [{ name: 'http', port: 9080 }]),
    ]);
    expect(made).toMatchObject({
      ASSET_SERVICE_HOST: '10.109.122.107',
      ASSET_SERVICE_PORT: '8090',
      ASSET_PORT: 'tcp://10.109.122.107:8090',
      ASSET_PORT_8090_TCP: 'tcp://10.109.122.107:8090',
      ASSET_PORT_8090_TCP_PROTO: 'tcp',
      ASSET_PORT_8090_TCP_PORT: '8090',
      ASSET_PORT_8090_TCP_ADDR: '10.109.122.107',
      REVIEWS_SERVICE_PORT_HTTP: '9080',
    });
    expect(Object.keys(made)).toHaveLength(15);
  });

  it('without links names the API server alone', () => {
    const services = [
      service('web', '10.96.1.1', [{ port: 80 }]),
      service('kubernetes', '10.96.0.1', [{ name: 'https', port: 443 }]),
    ];
    const pod = { ...POD, spec: { containers: [], enableServiceLinks: false } };
    const made = environment({}, services, pod);
    expect(made['KUBERNETES_SERVICE_PORT_HTTPS']).toBe('443');
    expect(made['WEB_SERVICE_HOST']).toBeUndefined();
  });

  it('leaves headless services out', () => {
    expect(environment({}, [service('db', 'None', [{ port: 1 }])])).toEqual({});
  });
});

describe('references', () => {
  it('reads fields, resources, maps and secrets, and expands in order', () => {
    const made = environment({
      resources: { limits: { memory: '64Mi' } },
      envFrom: [{ prefix: 'S_', configMapRef: { name: 'settings' } }],
      env: [
        { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'APP', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: 'CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
        {
          name: 'MEMORY',
          valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } },
        },
        { name: 'USER', valueFrom: { secretKeyRef: { name: 'login', key: 'user' } } },
        { name: 'BOTH', value: '$(IP)/$(USER)/$(LATER)/$$(IP)' },
        { name: 'LATER', value: 'x' },
      ],
    });
    expect(made).toEqual({
      S_mode: 'fast',
      S_constructor: 'plain',
      IP: '10.244.1.5',
      APP: 'web',
      CPU: '4',
      MEMORY: '64',
      USER: 'root',
      BOTH: '10.244.1.5/root/$(LATER)/$(IP)',
      LATER: 'x',
    });
  });

  it.each([
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'none', key: 'k' } } }] },
      'configmap "none" not found',
    ],
    [
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'k' } } }] },
      "couldn't find key k in ConfigMap default/settings",
    ],
    [{ envFrom: [{ secretRef: { name: 'none' } }] }, 'secret "none" not found'],
  ] as const)('refuses %j', (container, text) => {
    const made = makeEnvironment(POD, { name: 'c', ...container }, sources([]));
    expect(made).toEqual({ ok: false, error: text });
  });
});

describe('expand', () => {
  it.each([
    ['$(A)', 'a'],
    ['$(B)', '$(B)'],
    ['$$(A)', '$(A)'],
    ['$', '$'],
    ['$(A', '$(A'],
    ['x$(A)$(A)', 'xaa'],
  ])('%s → %s', (text, expected) => {
    expect(expand(text, (name) => (name === 'A' ? 'a' : undefined))).toBe(expected);
  });
});
