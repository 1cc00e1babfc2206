/** Drydock's side of the comparison with the peer: a cluster that is up, and the way of N replicas to Ready. */
import { BenchCluster } from './cluster.ts';

/** Milliseconds until a cluster is up, and from the create of a Deployment to its last replica Ready. */
export function runOwn(nodes: number, replicas: number): { start: number; ready: number } {
  const before = performance.now();
  const cluster = new BenchCluster(nodes);
  const up = performance.now();
  cluster.deploy('web', replicas);
  return { start: up - before, ready: performance.now() - up };
}
