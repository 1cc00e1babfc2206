/** Endpoints and EndpointSlices over a fake store: packing, terminating pods, and what one change writes. */
import { expect, test } from 'vitest';
import { freezeDeep } from '../../../../src/ground/api/edit.ts';
import { ENDPOINT_SLICES, ENDPOINTS, PODS, SERVICES } from '../../../../src/ground/api/names.ts';
import type { Endpoints, EndpointSlice, Pod, Service } from '../../../../src/ground/api/types.ts';
import { SECOND } from '../../../../src/ground/base/event-loop.ts';
import { formatIp } from '../../../../src/ground/base/ip.ts';
import {
  packEndpoints,
  type Packed,
} from '../../../../src/programs/controllers/endpoint-packing.ts';
import { endpointSliceController } from '../../../../src/programs/controllers/endpointslice.ts';
import { endpointSliceMirroringController } from '../../../../src/programs/controllers/endpointslice-mirroring.ts';
import { endpointsController } from '../../../../src/programs/controllers/endpoints.ts';
import { type ControllerLab, controllerLab, makeReady } from '../../../support/controllers.ts';

function service(selector: Record<string, string> | undefined): Service {
  return freezeDeep<Service>({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      ...(selector === undefined ? {} : { selector }),
      ports: [{ port: 80, targetPort: 8080 }],
    },
  });
}

function pod(index: number): Pod {
  return freezeDeep<Pod>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `web-${index}`, namespace: 'default', labels: { app: 'web' } },
    spec: { containers: [] },
  });
}

function serving(count: number): ControllerLab {
  const lab = controllerLab([endpointsController, endpointSliceController]);
  lab.client.put(SERVICES, service({ app: 'web' }));
  for (let index = 0; index < count; index += 1) {
    makeReady(lab, pod(index), `node-${index % 3}`, formatIp(0x0af40102 + index));
  }
  lab.run(5 * SECOND);
  return lab;
}

const slicesOf = (lab: ControllerLab) => lab.client.all<EndpointSlice>(ENDPOINT_SLICES);
const sizes = (lab: ControllerLab) =>
  slicesOf(lab)
    .map((slice) => slice.endpoints.length)
    .sort((a, b) => b - a);

test('250 pods fill three slices; one change writes one slice', () => {
  const lab = serving(250);
  expect(sizes(lab)).toEqual([100, 100, 50]);
  lab.client.calls.length = 0;
  lab.client.remove(PODS, 'default/web-7');
  lab.run(SECOND);
  expect(sizes(lab)).toEqual([100, 99, 50]);
  expect(lab.client.calls.filter((call) => call.includes('endpointslices'))).toHaveLength(1);
  expect(lab.client.calls.filter((call) => call.includes('endpoints '))).toHaveLength(1);
});

test('Endpoints have at most 1,000 addresses and say so', () => {
  const lab = serving(1001);
  const endpoints = lab.client.peek<Endpoints>(ENDPOINTS, 'default/web');
  expect(endpoints?.subsets?.[0]?.addresses).toHaveLength(1000);
  expect(endpoints?.metadata.annotations?.['endpoints.kubernetes.io/over-capacity']).toBe(
    'truncated',
  );
  expect(sizes(lab).reduce((sum, size) => sum + size, 0)).toBe(1001);
});

test('a terminating pod stays in its slice, not ready, and leaves Endpoints', () => {
  const lab = serving(2);
  const first = lab.client.peek<Pod>(PODS, 'default/web-0') as Pod;
  lab.client.put<Pod>(
    PODS,
    freezeDeep({
      ...first,
      metadata: { ...first.metadata, deletionTimestamp: '2026-03-02T09:00:10Z', finalizers: ['x'] },
    }) as Pod,
  );
  lab.run(SECOND);
  const endpoint = slicesOf(lab)[0]?.endpoints.find((each) => each.targetRef?.name === 'web-0');
  expect(endpoint?.conditions).toEqual({ ready: false, serving: true, terminating: true });
  const endpoints = lab.client.peek<Endpoints>(ENDPOINTS, 'default/web');
  expect(endpoints?.subsets?.[0]?.addresses?.map((each) => each.ip)).toEqual(['10.244.1.3']);
});

test('without pods one empty slice stays, and the next pod takes its place', () => {
  const lab = serving(1);
  const name = slicesOf(lab)[0]?.metadata.name;
  lab.client.remove(PODS, 'default/web-0');
  lab.run(SECOND);
  expect(slicesOf(lab).map((slice) => [slice.metadata.name, slice.endpoints.length])).toEqual([
    [name, 0],
  ]);
  makeReady(lab, pod(5));
  lab.run(SECOND);
  expect(slicesOf(lab).map((slice) => [slice.metadata.name, slice.endpoints.length])).toEqual([
    [name, 1],
  ]);
});

test('a slice that somebody changed is put right', () => {
  const lab = serving(2);
  const slice = slicesOf(lab)[0] as EndpointSlice;
  lab.client.put(ENDPOINT_SLICES, freezeDeep({ ...slice, endpoints: [] }) as EndpointSlice);
  lab.run(3 * SECOND);
  expect(slicesOf(lab)[0]?.endpoints).toHaveLength(2);
});

test('Endpoints made by hand are mirrored', () => {
  const lab = controllerLab([endpointSliceMirroringController]);
  lab.client.put(SERVICES, service(undefined));
  lab.client.put(
    ENDPOINTS,
    freezeDeep<Endpoints>({
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'web', namespace: 'default' },
      subsets: [{ addresses: [{ ip: '192.0.2.1' }], ports: [{ port: 9376, protocol: 'TCP' }] }],
    }),
  );
  lab.run(SECOND);
  expect(slicesOf(lab).map((slice) => [slice.endpoints[0]?.addresses, slice.ports])).toEqual([
    [['192.0.2.1'], [{ port: 9376, protocol: 'TCP' }]],
  ]);
  lab.client.remove(ENDPOINTS, 'default/web');
  lab.run(SECOND);
  expect(slicesOf(lab)).toEqual([]);
});

test.each([
  // sizes (changed ones with !), additions, sizes afterwards
  [
    'a changed slice is filled first',
    [
      [98, true],
      [50, false],
    ],
    3,
    [
      [100, true],
      [51, true],
    ],
  ],
  [
    'the fullest unchanged slice that takes all',
    [
      [90, false],
      [95, false],
    ],
    5,
    [
      [90, false],
      [100, true],
    ],
  ],
  [
    'else a new one',
    [
      [98, false],
      [99, false],
    ],
    5,
    [
      [98, false],
      [99, false],
      [5, true],
    ],
  ],
  [
    'hundreds get new slices',
    [[10, false]],
    150,
    [
      [60, true],
      [100, true],
    ],
  ],
] as const)('packing: %s', (_, before, count, after) => {
  let next = 0;
  const slices: Packed[] = before.map(([size, changed]) => ({
    group: 'g',
    members: new Map(Array.from({ length: size }, () => [`old-${next++}`, { addresses: [] }])),
    changed,
  }));
  const additions = Array.from(
    { length: count },
    (_each, index) => [`new-${index}`, { addresses: [] }] as const,
  );
  packEndpoints(slices, 'g', additions, 100, () => {
    const slice: Packed = { group: 'g', members: new Map(), changed: true };
    slices.push(slice);
    return slice;
  });
  expect(slices.map((slice) => [slice.members.size, slice.changed])).toEqual(after);
});
