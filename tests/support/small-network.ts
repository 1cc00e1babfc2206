/** Small networks for tests: hosts on a fabric, a pod on a bridge, tasks that run to their end. */
import { EventLoop, type Micros } from '../../src/ground/base/event-loop.ts';
import { required } from '../../src/ground/base/assert.ts';
import { parseCidr } from '../../src/ground/base/cidr.ts';
import { type Ip, parseIp } from '../../src/ground/base/ip.ts';
import { startTask, type Task } from '../../src/ground/base/task.ts';
import { Recorder } from '../../src/ground/trace/recorder.ts';
import { MODERN_COSTS } from '../../src/machines/machine/costs.ts';
import { Fabric, type FabricHost, type FabricOptions } from '../../src/machines/network/fabric.ts';
import { defaultRoute, type NetworkNamespace } from '../../src/machines/network/namespace.ts';
import type { HttpHost } from '../../src/machines/network/http-client.ts';
import { type ProcessSockets, socketsOf } from '../../src/machines/network/sockets.ts';

export function address(text: string): Ip {
  return required(parseIp(text), `${text} is an address`);
}

export interface SmallNetwork {
  readonly loop: EventLoop;
  readonly recorder: Recorder;
  readonly fabric: Fabric;
}

export function newNetwork(options: FabricOptions = {}): SmallNetwork {
  const loop = new EventLoop();
  const recorder = new Recorder(loop);
  return { loop, recorder, fabric: new Fabric(loop, recorder, MODERN_COSTS, options) };
}

/** A node: card, forwarding, bridge cni0 with the first address of its pod range. */
export function addNode(fabric: Fabric, name: string, ip: string, podRange: string): FabricHost {
  const host = fabric.addHost(name, address(ip), 16);
  const { namespace } = host;
  const range = required(parseCidr(podRange), podRange);
  namespace.setSysctl('net.ipv4.ip_forward', '1');
  namespace.addInterface('bridge', 'cni0');
  namespace.addAddress('cni0', range.base + 1, range.bits);
  namespace.setUp('cni0', true);
  return host;
}

/** Routes from each node to the pod ranges of the others. */
export function joinNodes(nodes: readonly (readonly [FabricHost, string, string])[]): void {
  for (const [host] of nodes) {
    for (const [other, ip, range] of nodes) {
      if (host === other) continue;
      const destination = required(parseCidr(range), range);
      host.namespace.addRoute({ destination, via: address(ip), device: 'eth0' });
    }
  }
}

/** A pod's namespace on a node: eth0 at this address, behind the bridge. */
export function addPod(
  fabric: Fabric,
  node: FabricHost,
  name: string,
  ip: string,
): NetworkNamespace {
  const pod = fabric.newNamespace(node, name);
  const veth = `veth${name}`.slice(0, 15);
  node.namespace.addVeth(veth, pod, 'eth0');
  node.namespace.setMaster(veth, 'cni0');
  node.namespace.setUp(veth, true);
  pod.addAddress('eth0', address(ip), 24);
  pod.setUp('eth0', true);
  pod.addRoute(defaultRoute(((address(ip) & 0xffffff00) >>> 0) + 1));
  return pod;
}

/** The sockets of a root process there. */
export function socketsIn(namespace: NetworkNamespace, comm = 'test', uid = 0): ProcessSockets {
  return socketsOf(namespace, { pid: 100, comm, uid });
}

/** A process as far as HTTP needs one. */
export function httpHost(
  network: SmallNetwork,
  namespace: NetworkNamespace,
  comm = 'test',
): HttpHost & { readonly net: ProcessSockets } {
  const { loop } = network;
  return {
    net: socketsIn(namespace, comm),
    start: (name, task) => startTask(loop, task, name),
    clock: { wall: () => MODERN_COSTS.epoch + loop.now },
  };
}

/** Runs a task until it ends, or until the time is over: then undefined. */
export function runTask<T>(
  loop: EventLoop,
  task: Task<T>,
  atMost: Micros = 3_600_000_000,
): T | undefined {
  const running = startTask(loop, task, 'test');
  loop.run({ until: loop.now + atMost, when: () => running.finished.settled });
  return running.finished.value;
}
