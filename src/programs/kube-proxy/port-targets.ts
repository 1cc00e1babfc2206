/**
 * The endpoints of one port of a service, kept up as its slices change: a change costs what changed,
 * not what exists (k8s.io/kubernetes/pkg/proxy/endpointslicecache.go, v1.34, which merges all slices
 * anew). Endpoints that are ready count; when there are none, those that still serve while they
 * terminate. The same address in two slices is one endpoint.
 */
import type { EndpointSlice } from '../../ground/api/types.ts';
import { type Ip, parseIp } from '../../ground/base/ip.ts';
import { compareText } from '../../ground/base/text.ts';

export interface Target {
  readonly ip: Ip;
  readonly port: number;
  /** `10.244.1.5:8080` */
  readonly text: string;
  readonly chain: string;
}

/** What leads from one list of targets to the next. */
export interface TargetEdits {
  readonly from: readonly Target[];
  readonly added: readonly Target[];
  readonly removed: readonly Target[];
}

type Endpoint = EndpointSlice['endpoints'][number];

/** One address, and in how many places slices call it ready, or serving while it terminates. */
interface Entry {
  readonly target: Target;
  ready: number;
  leaving: number;
  /** Of these, how many are on the proxy's own node. */
  readonly local: { ready: number; leaving: number };
}

export class PortTargets {
  readonly #portName: string;
  readonly #chainOf: (text: string) => string;
  readonly #node: string;
  readonly #entries = new Map<string, Entry>();
  /** Texts whose entries changed since the last `take`. */
  readonly #touched = new Set<string>();
  #ready = 0;
  #readyBefore = 0;
  /** In byte order of their texts. */
  #targets: readonly Target[] = [];

  constructor(portName: string, chainOf: (text: string) => string, node = '') {
    this.#portName = portName;
    this.#chainOf = chainOf;
    this.#node = node;
  }

  /**
   * Those on this node, for traffic policies that are Local: the ready ones, or those that still serve
   * while they terminate. Looks at all endpoints.
   */
  localTargets(): readonly Target[] {
    const entries = [...this.#entries.values()];
    const ready = entries.filter(({ local }) => local.ready > 0);
    const chosen = ready.length > 0 ? ready : entries.filter(({ local }) => local.leaving > 0);
    return chosen.map(({ target }) => target).sort((a, b) => compareText(a.text, b.text));
  }

  /** Addresses on this node that are ready, each once (what a health check is told). */
  localReadyAddresses(): readonly string[] {
    return [...this.#entries.values()].flatMap(({ local, target }) =>
      local.ready > 0 ? [target.text.slice(0, target.text.lastIndexOf(':'))] : [],
    );
  }

  /** True for an endpoint that serves, ready or on its way out. */
  serves(ip: Ip, port: number): boolean {
    for (const { target, ready, leaving } of this.#entries.values())
      if (target.ip === ip && target.port === port) return ready > 0 || leaving > 0;
    return false;
  }

  /** Goes from one state of a slice to another; undefined where it is absent. */
  change(old: EndpointSlice | undefined, slice: EndpointSlice | undefined): void {
    const before = this.#numberIn(old);
    const after = this.#numberIn(slice);
    const left = old?.endpoints ?? [];
    const right = slice?.endpoints ?? [];
    const count = Math.max(left.length, right.length);
    for (let index = 0; index < count; index += 1) {
      if (before === after && left[index] === right[index]) continue;
      this.#count(left[index], before, -1);
      this.#count(right[index], after, 1);
    }
  }

  /** The targets now, and the way there from those given last. */
  take(): { readonly targets: readonly Target[]; readonly edits: TargetEdits } {
    const from = this.#targets;
    // When the last ready one goes or the first comes, all others are seen in another light.
    const turned = this.#ready > 0 !== this.#readyBefore > 0;
    const texts = turned ? this.#entries.keys() : this.#touched;
    const added: Target[] = [];
    const removed: Target[] = [];
    const next = from.slice();
    for (const text of texts) {
      const entry = this.#entries.get(text) as Entry;
      const at = lowerBound(next, text);
      const stands = next[at]?.text === text;
      const wanted = this.#ready > 0 ? entry.ready > 0 : entry.leaving > 0;
      if (wanted && !stands) {
        next.splice(at, 0, entry.target);
        added.push(entry.target);
      } else if (!wanted && stands) {
        next.splice(at, 1);
        removed.push(entry.target);
      }
    }
    for (const text of this.#touched) {
      const entry = this.#entries.get(text) as Entry;
      if (entry.ready === 0 && entry.leaving === 0) this.#entries.delete(text);
    }
    this.#touched.clear();
    this.#readyBefore = this.#ready;
    if (added.length > 0 || removed.length > 0) this.#targets = next;
    return { targets: this.#targets, edits: { from, added, removed } };
  }

  #numberIn(slice: EndpointSlice | undefined): number | undefined {
    return slice?.ports?.find((port) => (port.name ?? '') === this.#portName)?.port;
  }

  #count(endpoint: Endpoint | undefined, port: number | undefined, change: number): void {
    if (endpoint === undefined || port === undefined) return;
    const { ready, serving, terminating } = endpoint.conditions ?? {};
    const isLeaving = ready === false && serving === true && terminating === true;
    if (ready === false && !isLeaving) return;
    const address = endpoint.addresses[0] ?? '';
    const text = `${address}:${port}`;
    let entry = this.#entries.get(text);
    if (entry === undefined) {
      const ip = parseIp(address);
      if (ip === undefined) return;
      const target = { ip, port, text, chain: this.#chainOf(text) };
      entry = { target, ready: 0, leaving: 0, local: { ready: 0, leaving: 0 } };
      this.#entries.set(text, entry);
    }
    this.#touched.add(text);
    if (endpoint.nodeName === this.#node) entry.local[isLeaving ? 'leaving' : 'ready'] += change;
    if (isLeaving) entry.leaving += change;
    else {
      const was = entry.ready > 0;
      entry.ready += change;
      if (was !== entry.ready > 0) this.#ready += was ? -1 : 1;
    }
  }
}

function lowerBound(targets: readonly Target[], text: string): number {
  let low = 0;
  let high = targets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareText((targets[middle] as Target).text, text) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
