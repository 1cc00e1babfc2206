/**
 * The routing table of a namespace: longest prefix first, the lower metric among equals, as `ip route`
 * shows it. The local table (own addresses, 127.0.0.0/8) is asked before it, in `namespace`.
 */
import { type Cidr, contains, formatCidr } from '../../ground/base/cidr.ts';
import { formatIp, type Ip } from '../../ground/base/ip.ts';

export interface Route {
  readonly destination: Cidr;
  /** Next hop; undefined: on link. */
  readonly via: Ip | undefined;
  /** Interface name; empty for unreachable, blackhole and prohibit. */
  readonly device: string;
  readonly type: 'unicast' | 'unreachable' | 'blackhole' | 'prohibit';
  /** `kernel`: came with an address; `static`, `boot`: added by somebody. */
  readonly protocol: 'kernel' | 'boot' | 'static';
  /** Preferred source address. */
  readonly source: Ip | undefined;
  readonly metric: number;
}

export class RouteTable {
  #routes: Route[] = [];

  /** In order of lookup. */
  all(): readonly Route[] {
    return this.#routes;
  }

  find(destination: Ip): Route | undefined {
    for (const route of this.#routes) if (contains(route.destination, destination)) return route;
    return undefined;
  }

  /** False when there is one with the same destination and metric. */
  add(route: Route): boolean {
    if (this.#routes.some((other) => sameKey(other, route))) return false;
    const at = this.#routes.findIndex((other) => comesAfter(other, route));
    if (at < 0) this.#routes.push(route);
    else this.#routes.splice(at, 0, route);
    return true;
  }

  /** Removes what the test names; says how many. */
  remove(test: (route: Route) => boolean): number {
    const before = this.#routes.length;
    this.#routes = this.#routes.filter((route) => !test(route));
    return before - this.#routes.length;
  }
}

/** As `ip route` prints it, without the trailing blank: `10.244.1.0/24 dev cni0 proto kernel scope link src 10.244.1.1`. */
export function formatRoute(route: Route): string {
  const { base, bits } = route.destination;
  const destination =
    bits === 0 ? 'default' : bits === 32 ? formatIp(base) : formatCidr(route.destination);
  const parts = [route.type === 'unicast' ? destination : `${route.type} ${destination}`];
  if (route.via !== undefined) parts.push(`via ${formatIp(route.via)}`);
  if (route.device !== '') parts.push(`dev ${route.device}`);
  if (route.protocol !== 'boot') parts.push(`proto ${route.protocol}`);
  if (route.via === undefined && route.type === 'unicast') parts.push('scope link');
  if (route.source !== undefined) parts.push(`src ${formatIp(route.source)}`);
  if (route.metric !== 0) parts.push(`metric ${route.metric}`);
  return parts.join(' ');
}

function sameKey(a: Route, b: Route): boolean {
  return (
    a.destination.base === b.destination.base &&
    a.destination.bits === b.destination.bits &&
    a.metric === b.metric
  );
}

function comesAfter(a: Route, b: Route): boolean {
  if (a.destination.bits !== b.destination.bits) return a.destination.bits < b.destination.bits;
  if (a.destination.base === b.destination.base) return a.metric > b.metric;
  return false;
}
