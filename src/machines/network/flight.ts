/** Whether and when a packet gets over the links of its path: faults, power, latency and rate. */
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Fabric } from './fabric.ts';
import type { Path } from './walk.ts';

export interface Flight {
  /** From leaving the sender to arriving, without `wire`. */
  readonly delay: Micros;
  /** Time to put the bytes on the wire; 0 within a host. */
  readonly wire: Micros;
}

/** Undefined when it is lost on the way. Draws once per faulty link. */
export function flightOf(fabric: Fabric, path: Path, size: number): Flight | undefined {
  const delay = delayOf(fabric, path);
  return delay === undefined ? undefined : { delay, wire: wireTime(fabric, path, size) };
}

/** Time to put the bytes on the wire; 0 within a host. */
export function wireTime(fabric: Fabric, path: Path, size: number): Micros {
  if (path.links.length === 0) return 0;
  return Math.floor((size * 8_000_000) / fabric.costs.linkBitsPerSecond);
}

/** From leaving the sender to arriving; undefined when it is lost. Draws once per faulty link. */
export function delayOf(fabric: Fabric, path: Path): Micros | undefined {
  const { links } = path;
  let { delay } = path;
  for (let index = 0; index < links.length; index += 2) {
    const from = links[index];
    const to = links[index + 1];
    if (from === undefined || to === undefined) break;
    if (!from.powered || !to.powered) return undefined;
    if (fabric.healthy) continue;
    const extra = fabric.cross(from, to);
    if (extra === undefined) return undefined;
    delay += extra;
  }
  return delay;
}

/** The same for an ICMP error or a reset that returns on the path that its cause came by. */
export function returnOf(fabric: Fabric, path: Path): Micros | undefined {
  let delay = path.delay;
  for (let index = path.links.length - 2; index >= 0; index -= 2) {
    const to = path.links[index];
    const from = path.links[index + 1];
    if (from === undefined || to === undefined) break;
    if (!from.powered || !to.powered) return undefined;
    const extra = fabric.healthy ? 0 : fabric.cross(from, to);
    if (extra === undefined) return undefined;
    delay += extra;
  }
  return delay;
}
