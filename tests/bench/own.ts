/** Drydock's side of the comparison with the peer: a cluster that is up, and the way of N replicas to Ready. */
import { BenchCluster } from './cluster.ts';

export interface Times {
  /** Milliseconds until the cluster is up. */
  readonly start: number;
  /** From the create of each Deployment to its last replica Ready. */
  readonly ready: readonly number[];
}

/** One cluster, and Deployments of so many replicas on it, one after another. */
export function runOwn(nodes: number, counts: readonly number[]): Times {
  const before = performance.now();
  const cluster = new BenchCluster(nodes);
  const start = performance.now() - before;
  const ready = counts.map((replicas) => {
    const begin = performance.now();
    cluster.deploy(`web-${replicas}`, replicas);
    return performance.now() - begin;
  });
  return { start, ready };
}
