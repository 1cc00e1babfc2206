/**
 * Node IPAM, the range allocator (k8s.io/kubernetes/pkg/controller/nodeipam/ipam, v1.34): each node gets
 * the next free block of the cluster range, a /24 by default, in the order in which nodes register.
 * Watches Nodes; the key is the node's name. Event: CIDRNotAvailable.
 */
import { freezeDeep } from '../../ground/api/edit.ts';
import { NODES } from '../../ground/api/names.ts';
import type { Node } from '../../ground/api/types.ts';
import { formatCidr, parseCidr } from '../../ground/base/cidr.ts';
import { WorkQueue } from '../../spine/client/workqueue.ts';
import { type Controller, startWorkers } from './context.ts';

/** Which blocks of the range are taken; the next one is looked for after the last one given. */
class CidrSet {
  readonly #base: number;
  readonly #blockSize: number;
  readonly #bits: number;
  readonly #count: number;
  readonly #taken = new Set<number>();
  #next = 0;

  constructor(base: number, clusterBits: number, bits: number) {
    this.#base = base;
    this.#bits = bits;
    this.#blockSize = 2 ** (32 - bits);
    this.#count = 2 ** Math.max(0, bits - clusterBits);
  }

  /** The next free block, or undefined when none is left. */
  allocate(): string | undefined {
    if (this.#taken.size >= this.#count) return undefined;
    while (this.#taken.has(this.#next)) this.#next = (this.#next + 1) % this.#count;
    const index = this.#next;
    this.#taken.add(index);
    this.#next = (index + 1) % this.#count;
    return formatCidr({ base: this.#base + index * this.#blockSize, bits: this.#bits });
  }

  occupy(text: string): void {
    const index = this.#indexOf(text);
    if (index !== undefined) this.#taken.add(index);
  }

  release(text: string): void {
    const index = this.#indexOf(text);
    if (index !== undefined) this.#taken.delete(index);
  }

  #indexOf(text: string): number | undefined {
    const cidr = parseCidr(text);
    if (cidr === undefined) return undefined;
    const index = Math.floor((cidr.base - this.#base) / this.#blockSize);
    return index >= 0 && index < this.#count ? index : undefined;
  }
}

export const nodeIpamController: Controller = {
  name: 'node-ipam-controller',
  account: 'node-controller',
  component: 'cidrAllocator',
  start(context) {
    const cluster = parseCidr(context.flags.clusterCidr);
    if (cluster === undefined) return;
    const blocks = new CidrSet(cluster.base, cluster.bits, context.flags.nodeCidrMaskSize);
    const given = new Map<string, string>();
    const nodes = context.informers.of<Node>(NODES);
    const queue = new WorkQueue(context.process, 'cidrallocator-node');
    nodes.addHandler({
      onAdd(node) {
        const cidr = node.spec?.podCIDR;
        if (cidr !== undefined && cidr !== '') {
          blocks.occupy(cidr);
          given.set(node.metadata.name, cidr);
        }
        queue.add(node.metadata.name);
      },
      onUpdate(old, node) {
        if ((node.spec?.podCIDR ?? '') === '' && old !== node) queue.add(node.metadata.name);
      },
      onDelete(node) {
        const cidr = given.get(node.metadata.name);
        given.delete(node.metadata.name);
        if (cidr !== undefined) blocks.release(cidr);
      },
    });
    startWorkers(context, queue, [nodes], { workers: 1 }, function* (key) {
      const node = nodes.get(key);
      if (node === undefined || (node.spec?.podCIDR ?? '') !== '') return undefined;
      const cidr = given.get(key) ?? blocks.allocate();
      if (cidr === undefined) {
        const message = `Node ${key} status is now: CIDRNotAvailable`;
        context.recorder.event(node, 'Normal', 'CIDRNotAvailable', message);
        return 'failed to allocate cidr from cluster cidr: CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range';
      }
      given.set(key, cidr);
      const patch = freezeDeep({ spec: { podCIDR: cidr, podCIDRs: [cidr] } });
      const patched = yield* context.client.patch(NODES, '', key, 'strategic', patch);
      if (patched.ok) {
        const { process } = context;
        const what = `node="${key}" podCIDRs=["${cidr}"]`;
        process.log('I', 'range_allocator.go:433', `"Set node PodCIDR" ${what}`);
        return undefined;
      }
      given.delete(key);
      blocks.release(cidr);
      return patched.error.message;
    });
  },
};
