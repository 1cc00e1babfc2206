/**
 * ImageLocality: nodes that hold the pod's images score, in proportion to size and to how widely an
 * image is spread (pkg/scheduler/framework/plugins/imagelocality, v1.34).
 *
 *     sum   = Σ ⌊size · nodesWithImage / totalNodes⌋ over the pod's containers
 *     score = ⌊100 · (clamp(sum, 23 MiB, 1000 MiB · containers) − 23 MiB) / (1000 MiB · containers − 23 MiB)⌋
 */
const MIB = 1024 * 1024;
const THRESHOLD_MIN = 23 * MIB;
const CONTAINER_MAX = 1000 * MIB;

/** An image on a node: its size, and how many nodes have it. */
export interface ImageState {
  readonly size: number;
  readonly nodes: number;
}

/** `nginx` → `docker.io/library/nginx:latest`, the name under which nodes report it. */
export function normalisedImage(name: string): string {
  const slash = name.lastIndexOf('/');
  const tail = name.slice(slash + 1);
  const tagged = tail.includes(':') || name.includes('@') ? name : `${name}:latest`;
  const first = name.slice(0, Math.max(0, name.indexOf('/')));
  if (slash < 0) return `docker.io/library/${tagged}`;
  if (!first.includes('.') && !first.includes(':') && first !== 'localhost')
    return `docker.io/${tagged}`;
  return tagged;
}

/** The score of a node from the states of those of the pod's images that it holds. */
export function imageScore(
  held: readonly ImageState[],
  containers: number,
  totalNodes: number,
): number {
  let sum = 0;
  for (const image of held) sum += Math.floor((image.size * image.nodes) / totalNodes);
  const most = CONTAINER_MAX * containers;
  const clamped = Math.min(Math.max(sum, THRESHOLD_MIN), most);
  return Math.floor((100 * (clamped - THRESHOLD_MIN)) / (most - THRESHOLD_MIN));
}
