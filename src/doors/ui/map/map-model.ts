/**
 * The map as data, from the mirror: hosts with their pods, services with the pods behind them, links
 * that are cut. The picture and its list twin are both drawn from this.
 */
import type { Batch, HostRow, ObjectRow, StateWord } from '../../worker/protocol.ts';

export interface MapUnit {
  readonly key: string;
  /** `web`, and the part that tells replicas apart. */
  readonly name: string;
  readonly suffix: string;
  readonly state: StateWord;
  readonly status: string;
  /** A control-plane pod, drawn in its plane's colour. */
  readonly system: boolean;
}

export interface MapRoom {
  readonly key: string;
  readonly name: string;
  readonly state: StateWord;
  readonly status: string;
  readonly powered: boolean;
  readonly cpu: number;
  readonly memory: number;
  readonly units: readonly MapUnit[];
  /** System pods that are counted, not drawn. */
  readonly others: number;
}

export interface MapService {
  readonly key: string;
  readonly name: string;
  readonly address: string;
  readonly ports: string;
  /** Pods behind ready endpoints. */
  readonly pods: readonly string[];
  /** Pods that it selects and that get nothing. */
  readonly unready: readonly string[];
  readonly rate: number;
}

export interface MapLink {
  /** The fault's name. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** As the status bar and `lab fault get` say it. */
  readonly text: string;
  readonly cut: boolean;
}

export interface ClusterMap {
  readonly rooms: readonly MapRoom[];
  readonly services: readonly MapService[];
  /** Pods without a node. */
  readonly waiting: readonly MapUnit[];
  /** Links between drawn hosts that have a fault. */
  readonly links: readonly MapLink[];
  readonly pods: number;
}

const CONTROL_PLANE = /^(etcd|kube-apiserver|kube-controller-manager|kube-scheduler)-/;
const SHORT: Readonly<Record<string, string>> = {
  'kube-controller-manager': 'controllers',
  'kube-scheduler': 'scheduler',
};

export function clusterMap(
  rows: ReadonlyMap<string, ObjectRow>,
  hosts: readonly HostRow[],
  faults: Batch['faults'],
  rates: ReadonlyMap<string, number>,
): ClusterMap {
  const pods = new Map<string, ObjectRow[]>();
  const nodes: ObjectRow[] = [];
  const services: ObjectRow[] = [];
  const slices = new Map<string, ObjectRow[]>();
  let count = 0;
  for (const row of rows.values()) {
    if (row.kind === 'Pod') {
      count += 1;
      addTo(pods, row.node, row);
    } else if (row.kind === 'EndpointSlice') {
      addTo(slices, `Service/${row.namespace}/${row.extra['service']}`, row);
    } else if (row.kind === 'Node') nodes.push(row);
    else if (row.kind === 'Service') services.push(row);
  }
  const byName = new Map(nodes.map((row) => [row.name, row]));
  const usage = new Map(hosts.map((host) => [host.name, host]));
  const names = [...new Set([...hosts.map((host) => host.name), ...byName.keys()])].sort(naturally);
  const rooms = names.map((name) =>
    roomOf(name, byName.get(name), usage.get(name), pods.get(name) ?? []),
  );
  const shown = services.filter(
    (row) => row.namespace !== 'kube-system' && row.name !== 'kubernetes',
  );
  return {
    rooms,
    services: shown
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map((row) => serviceOf(row, slices.get(row.key) ?? [], rates)),
    waiting: (pods.get('') ?? []).map(unitOf),
    links: faults.flatMap((fault) => linkOf(fault, names)),
    pods: count,
  };
}

/** The link that a fault is on, if it is on one between two of these hosts. */
function linkOf({ name, text, target }: Batch['faults'][number], hosts: readonly string[]) {
  const [from = '', to = ''] = target.split(' ');
  const drawn = hosts.includes(from) && hosts.includes(to);
  return drawn ? [{ id: name, from, to, text, cut: text.startsWith('cut ') }] : [];
}

function addTo(lists: Map<string, ObjectRow[]>, key: string, row: ObjectRow): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [row]);
  else list.push(row);
}

function roomOf(
  name: string,
  row: ObjectRow | undefined,
  host: HostRow | undefined,
  pods: readonly ObjectRow[],
): MapRoom {
  const powered = host?.powered ?? true;
  const drawn = pods.filter(
    (pod) => pod.namespace !== 'kube-system' || CONTROL_PLANE.test(pod.name),
  );
  return {
    key: `Node/${name}`,
    name,
    state: powered ? (row?.state ?? 'pending') : 'off',
    status: row?.status ?? '',
    powered,
    cpu: host?.cpuPercent ?? 0,
    memory: host?.memoryPercent ?? 0,
    units: drawn.map(unitOf).sort((a, b) => (a.key < b.key ? -1 : 1)),
    others: pods.length - drawn.length,
  };
}

/** A row never changes, another takes its place: the same row gives the same unit, which is not drawn again. */
const unitsOfRows = new WeakMap<ObjectRow, MapUnit>();

function unitOf(row: ObjectRow): MapUnit {
  const known = unitsOfRows.get(row);
  if (known !== undefined) return known;
  const unit = makeUnit(row);
  unitsOfRows.set(row, unit);
  return unit;
}

function makeUnit(row: ObjectRow): MapUnit {
  const control = row.namespace === 'kube-system' ? CONTROL_PLANE.exec(row.name)?.[1] : undefined;
  const { name, suffix } =
    control === undefined ? splitName(row) : { name: SHORT[control] ?? control, suffix: '' };
  const system = control !== undefined && row.state === 'ok';
  return { key: row.key, name, suffix, state: row.state, status: row.status, system };
}

/** `web` and `q8rtn` of web-7d4b9c6f5-q8rtn: what tells a replica from its sisters. */
function splitName(row: ObjectRow): { readonly name: string; readonly suffix: string } {
  const match = /^(.+?)(?:-[a-z0-9]{6,10})?-([a-z0-9]{5})$/.exec(row.name);
  if (row.owner === '' || match === null) return { name: row.name, suffix: '' };
  return { name: match[1] ?? row.name, suffix: match[2] ?? '' };
}

function serviceOf(
  row: ObjectRow,
  slices: readonly ObjectRow[],
  rates: ReadonlyMap<string, number>,
): MapService {
  return {
    key: row.key,
    name: row.name,
    address: row.ip,
    ports: row.extra['ports'] ?? '',
    pods: slices.flatMap((slice) => slice.links),
    unready: slices.flatMap((slice) => slice.unready),
    rate: rates.get(row.key) ?? 0,
  };
}

/** node-2 before node-10. */
function naturally(a: string, b: string): number {
  const [, wordA = a, numberA = ''] = /^(.*?)(\d*)$/.exec(a) ?? [];
  const [, wordB = b, numberB = ''] = /^(.*?)(\d*)$/.exec(b) ?? [];
  if (wordA !== wordB) return wordA < wordB ? -1 : 1;
  return Number(numberA) - Number(numberB);
}
