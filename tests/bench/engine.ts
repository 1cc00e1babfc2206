/**
 * The engine as a whole: what a pod costs from the create of its Deployment to Ready, whatever the
 * size of the cluster; how fast idle time replays; what one endpoint costs; what stored objects cost
 * to read; whether memory comes back. Everything runs once for warm-up, then counts at its least.
 */
import { freezeDeep, withFields } from '../../src/ground/api/edit.ts';
import { DEPLOYMENTS, ENDPOINT_SLICES, PODS, SERVICES } from '../../src/ground/api/names.ts';
import type { KubeObject } from '../../src/ground/api/object.ts';
import type { Deployment, EndpointSlice, Pod } from '../../src/ground/api/types.ts';
import { MINUTE, SECOND } from '../../src/ground/base/event-loop.ts';
import { BenchCluster, type Probes } from './cluster.ts';
import { atLeast, atMost, leastTimes, median, timed } from './measure.ts';
import type { BenchRow } from './row.ts';

const collect = (globalThis as { gc?: () => void }).gc ?? ((): void => {});

/** Milliseconds of a Deployment's way to Ready on a fresh cluster: the least of some turns. */
function readyTime(nodes: number, replicas: number, turns: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < turns; turn += 1) {
    const cluster = new BenchCluster(nodes);
    collect();
    least = Math.min(
      least,
      timed(() => cluster.deploy('web', replicas)),
    );
  }
  return least;
}

/** Cost per pod at 1, 100 and 1,000 on 10 nodes, and at 4,000 on 40. */
export function scaleBench(): BenchRow[] {
  readyTime(10, 300, 1);
  const one = readyTime(10, 1, 3);
  const hundred = readyTime(10, 100, 3) / 100;
  const thousand = readyTime(10, 1000, 2) / 1000;
  const many = readyTime(40, 4000, 1) / 4000;
  const first: BenchRow = {
    id: 'E1',
    what: 'the first replica against the cost per pod of 100',
    ratio: one / hundred,
    goal: '',
    met: true,
  };
  return [
    first,
    atMost('E2', 'cost per pod of 1,000 against 100, 10 nodes', thousand / hundred, 1.5),
    atMost('E3', 'cost per pod, 4,000 on 40 nodes against 1,000 on 10', many / thousand, 1.5),
  ];
}

/** An idle half hour of 10 nodes with 100 probed pods: how much faster than life, the best of some. */
function idleRate(probes: Probes): number {
  const cluster = new BenchCluster(10);
  cluster.deploy('web', 100, probes);
  cluster.pass(2 * MINUTE);
  const span = 30 * MINUTE;
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 3; turn += 1) {
    collect();
    least = Math.min(
      least,
      timed(() => cluster.pass(span)),
    );
  }
  return span / 1000 / least;
}

/** Idle time with a readiness probe for each pod, and with a liveness probe beside it. */
export function idleBench(): BenchRow[] {
  const what = 'idle half hour, 10 nodes, 100 probed pods: faster than life';
  const both = 'the same with two probes for each pod';
  return [
    atLeast('E4', what, idleRate('readiness'), 1800),
    { id: 'E4b', what: both, ratio: idleRate('both'), goal: '', met: true },
  ];
}

const SLICE_MAX = 100;

/** A Service with hand-made slices, as large as the controller makes them. */
function service(cluster: BenchCluster, name: string, endpoints: number): void {
  cluster.call(function* (client) {
    const ports = [{ name: '', port: 80, protocol: 'TCP' }];
    yield* client.create(SERVICES, frozen('v1', 'Service', name, { spec: { ports } }));
    for (let first = 0; first < endpoints; first += SLICE_MAX) {
      const count = Math.min(SLICE_MAX, endpoints - first);
      const list = Array.from({ length: count }, (_, index) => ({
        addresses: [`10.250.${(first + index) >> 8}.${(first + index) & 255}`],
        conditions: { ready: true },
      }));
      const fields = { addressType: 'IPv4', endpoints: list, ports };
      const slice = frozen('discovery.k8s.io/v1', 'EndpointSlice', `${name}-${first}`, fields, {
        'kubernetes.io/service-name': name,
      });
      const made = yield* client.create(ENDPOINT_SLICES, slice);
      if (!made.ok) throw new Error(made.error.message);
    }
  });
  cluster.pass(3 * SECOND);
}

function frozen(
  apiVersion: string,
  kind: string,
  name: string,
  fields: object,
  labels: Readonly<Record<string, string>> = {},
): KubeObject {
  const metadata = { name, namespace: 'default', labels };
  return freezeDeep({ apiVersion, kind, metadata, ...fields });
}

/** Simulated time in which a change has reached the rules of all nodes. */
const CHANGE_SPAN = 2 * SECOND;
const CHANGES = 60;

/** Makes the first endpoint of a Service's first slice ready, or takes that from it. */
function changeEndpoint(cluster: BenchCluster, name: string, ready: boolean): void {
  cluster.begin(function* (client) {
    const found = yield* client.get<EndpointSlice>(ENDPOINT_SLICES, 'default', `${name}-0`);
    if (!found.ok) throw new Error(found.error.message);
    const [first, ...others] = found.value.endpoints ?? [];
    const endpoints = [{ ...first, addresses: first?.addresses ?? [], conditions: { ready } }];
    const next = withFields(found.value, { endpoints: freezeDeep([...endpoints, ...others]) });
    yield* client.update(ENDPOINT_SLICES, next);
  });
}

/**
 * Milliseconds of one change of an endpoint of each Service, kube-proxies included, above those of
 * idle time. Services and idle time take turns, and the middle one of many counts: what else the
 * machine does, and what nodes do now and then, is in neither.
 */
function changeTimes(cluster: BenchCluster, names: readonly string[]): readonly number[] {
  const times: number[][] = [...names, ''].map(() => []);
  const once = (name: string, ready: boolean): number =>
    timed(() => {
      if (name !== '') changeEndpoint(cluster, name, ready);
      else {
        cluster.begin(function* (client) {
          yield* client.get<EndpointSlice>(ENDPOINT_SLICES, 'default', `${names[0]}-0`);
        });
      }
      cluster.pass(CHANGE_SPAN);
    });
  for (let turn = 0; turn < CHANGES; turn += 1) {
    [...names, ''].forEach((name, index) => {
      times[index]?.push(once(name, turn % 2 === 1));
    });
  }
  const middles = times.map(median);
  const idle = middles.pop() ?? 0;
  return middles.map((middle) => Math.max(middle - idle, 0.001));
}

/** One endpoint changes among 10 and among 1,000, on 2 nodes and on 50. */
export function endpointBench(): BenchRow[] {
  const times = [2, 50].map((nodes) => {
    const cluster = new BenchCluster(nodes);
    service(cluster, 'small', 10);
    service(cluster, 'large', 1000);
    changeTimes(cluster, ['small', 'large']);
    const [small = 0, large = 0] = changeTimes(cluster, ['small', 'large']);
    return { nodes: nodes + 1, small, large };
  });
  const [few, many] = times as [(typeof times)[0], (typeof times)[0]];
  return [
    atMost('E5', 'one endpoint among 1,000 against 10, 2 nodes', few.large / few.small, 2),
    atMost('E6', 'one endpoint among 1,000 against 10, 50 nodes', many.large / many.small, 2),
    atMost(
      'E7',
      'one endpoint on 50 nodes against 2, per node',
      many.small / many.nodes / (few.small / few.nodes),
      2,
    ),
  ];
}

const WALKED = 5000;

function walk(pods: readonly Pod[]): number {
  let sum = 0;
  for (const pod of pods) {
    sum += pod.metadata.name.length + (pod.status?.phase?.length ?? 0);
    for (const container of pod.spec?.containers ?? []) sum += container.image?.length ?? 0;
    for (const condition of pod.status?.conditions ?? []) sum += condition.type.length;
  }
  return sum;
}

/** The same fields in literals that nobody has frozen. */
function literalOf(pod: Pod): Pod {
  const { metadata, spec, status } = pod;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: metadata.name, namespace: 'default', uid: metadata.uid ?? '' },
    spec: {
      containers: (spec?.containers ?? []).map((each) => ({
        name: each.name,
        image: each.image ?? '',
      })),
      nodeName: spec?.nodeName ?? '',
    },
    status: {
      phase: status?.phase ?? '',
      conditions: (status?.conditions ?? []).map((each) => ({
        type: each.type,
        status: each.status,
      })),
    },
  };
}

/** A walk over the fields of 5,000 stored pods against the same over plain literals. */
export function walkBench(): BenchRow[] {
  const cluster = new BenchCluster(10);
  cluster.deploy('web', 1000);
  const ready = cluster.lab.cluster
    .storedBelow<Pod>('/registry/pods/default/')
    .filter((pod) => pod.metadata.name.startsWith('web-'));
  cluster.call(function* (client) {
    for (let index = ready.length; index < WALKED; index += 1) {
      const spec = { containers: [{ name: 'web', image: 'nginx' }], schedulerName: 'nobody' };
      yield* client.create(PODS, frozen('v1', 'Pod', `more-${index}`, { spec }));
    }
  });
  const stored = cluster.lab.cluster.storedBelow<Pod>('/registry/pods/default/');
  if (stored.length !== WALKED) throw new Error(`${stored.length} pods are stored`);
  const literals = stored.map(literalOf);
  collect();
  const [frozenTime, literalTime] = leastTimes([() => walk(stored), () => walk(literals)], 301) as [
    number,
    number,
  ];
  return [
    atMost('E8', 'fields of 5,000 stored pods against literals', frozenTime / literalTime, 3),
  ];
}

/** Time between cycles: in twenty of them the events of an hour have expired. */
const REST = 3 * MINUTE;

/** Heap after many cycles of 0 ↔ 50 pods against that after the first ones. */
export function heapBench(cycles = 100, told: (cycle: number) => void = () => {}): BenchRow[] {
  const cluster = new BenchCluster(3);
  cluster.deploy('web', 1);
  const scale = (replicas: number): void => {
    cluster.call(function* (client) {
      const found = yield* client.get<Deployment>(DEPLOYMENTS, 'default', 'web');
      if (!found.ok || found.value.spec === undefined) throw new Error('the Deployment is gone');
      const spec = withFields(found.value.spec, { replicas });
      yield* client.update(DEPLOYMENTS, withFields(found.value, { spec }));
    });
    cluster.runUntil(
      () => cluster.ready('web') === replicas && cluster.replicas('web') === replicas,
    );
  };
  const heap = (): number => {
    cluster.pass(MINUTE);
    collect();
    return process.memoryUsage().heapUsed;
  };
  let early = 0;
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    scale(50);
    scale(0);
    cluster.pass(REST);
    told(cycle);
    if (cycle === cycles / 2) early = heap();
  }
  return [
    atMost('E9', 'heap after 100 cycles of 0 ↔ 50 pods against that after 50', heap() / early, 1.1),
  ];
}
