/**
 * How endpoints are distributed over slices (k8s.io/endpointslice reconciler, v0.34). Endpoints that
 * have a slice stay in it; slices that must be written anyway are filled first; what is left goes into
 * the fullest unchanged slice that can take all of it, else into new slices. So one change of one pod
 * writes one slice, however many there are.
 */
import type { Endpoint } from '../../ground/api/types.ts';

/** What packing knows of a slice. `members` are its endpoints by pod key. */
export interface Packed {
  /** Which set of ports; '' for the placeholder of a Service without endpoints. */
  group: string;
  readonly members: Map<string, Endpoint>;
  /** Must be written. */
  changed: boolean;
}

/** Finds slices for endpoints of one group; `make` makes a new slice. Returns where each went. */
export function packEndpoints<S extends Packed>(
  slices: readonly S[],
  group: string,
  additions: readonly (readonly [string, Endpoint])[],
  perSlice: number,
  make: () => S,
): ReadonlyMap<string, S> {
  const placed = new Map<string, S>();
  let next = 0;
  const fill = (slice: S): void => {
    while (next < additions.length && slice.members.size < perSlice) {
      const [key, endpoint] = additions[next] as readonly [string, Endpoint];
      slice.members.set(key, endpoint);
      slice.changed = true;
      placed.set(key, slice);
      next += 1;
    }
  };
  const own = slices.filter((slice) => slice.group === group);
  for (const slice of own) if (slice.changed && slice.members.size > 0) fill(slice);
  while (next < additions.length) {
    const left = additions.length - next;
    let target: S | undefined;
    if (left < perSlice) {
      for (const slice of own) {
        if (slice.changed || slice.members.size + left > perSlice) continue;
        if (target === undefined || slice.members.size > target.members.size) target = slice;
      }
    }
    fill(target ?? make());
  }
  return placed;
}
