/**
 * The bridge plugin: a veth pair between the pod and a bridge of the host, an address from IPAM, the
 * bridge's own address as the pod's gateway. (containernetworking/plugins v1.7 plugins/main/bridge;
 * with `ipMasq` pods are hidden from everybody outside their own node's range; VLANs and MAC spoof
 * checks are refused.)
 */
import { maskOf } from '../../../ground/base/cidr.ts';
import { DONE, err, ok, type Result } from '../../../ground/base/result.ts';
import { fnv1a } from '../../../ground/base/hash.ts';
import { strerror } from '../../../machines/network/errno.ts';
import type { Change } from '../../../machines/network/netfilter/transaction.ts';
import { defaultRoute, type NetworkNamespace } from '../../../machines/network/namespace.ts';
import { changeNat, chainName, commentOf, formatComment, jump, natChains, only } from './chains.ts';
import {
  cniProgram,
  type CniConfig,
  type CniRequest,
  type CniResult,
  isCniPlugin,
} from './plugin.ts';

const PLUGIN_FOLDER = '/opt/cni/bin';

/** `veth` and eight hex digits, drawn from the container: the same on every run. */
function vethName(containerId: string): string {
  return `veth${fnv1a(containerId).toString(16).padStart(8, '0')}`;
}

export const bridge = cniProgram('bridge', (request) =>
  request.command === 'ADD' ? add(request) : remove(request),
);

function bridgeName(config: CniConfig): string {
  return typeof config['bridge'] === 'string' ? config['bridge'] : 'cni0';
}

function runIpam(request: CniRequest): Result<CniResult, string> {
  const ipam = (request.config['ipam'] ?? {}) as CniConfig;
  const type = String(ipam['type'] ?? '');
  const content = request.files.readContent(`${PLUGIN_FOLDER}/${type}`);
  if (!content.ok || !isCniPlugin(content.value)) {
    return err(`failed to find plugin "${type}" in path [${PLUGIN_FOLDER}]`);
  }
  return content.value.invoke(request);
}

function add(request: CniRequest): Result<CniResult, string> {
  const { host, pod, config } = request;
  if (pod === undefined) return err('failed to open netns: no such file or directory');
  if (config['vlan'] !== undefined) return err('vlan is not supported by this bridge plugin');
  const name = bridgeName(config);
  const bridged = ensureBridge(host, name);
  if (!bridged.ok) return bridged;
  const veth = vethName(request.containerId);
  const paired = host.addVeth(veth, pod, request.ifName);
  if (!paired.ok) return err(`failed to create veth pair: ${strerror(paired.error)}`);
  host.setUp(veth, true);
  host.setMaster(veth, name);
  const ipam = runIpam(request);
  if (!ipam.ok) {
    host.deleteInterface(veth);
    return ipam;
  }
  for (const { ip, bits, gateway } of ipam.value.ips) {
    if (gateway !== undefined && config['isGateway'] === true) host.addAddress(name, gateway, bits);
    pod.setUp(request.ifName, true);
    pod.addAddress(request.ifName, ip, bits);
    if (gateway !== undefined) pod.addRoute(defaultRoute(gateway));
  }
  if (config['ipMasq'] === true) masquerade(request, ipam.value);
  const interfaces = [
    { name, sandbox: false },
    { name: veth, sandbox: false },
    { name: request.ifName, sandbox: true },
  ];
  return ok({ interfaces, ips: ipam.value.ips });
}

const MULTICAST = { ip: 0xe0000000, mask: 0xf0000000, invert: true };

/** The pod's chain of POSTROUTING (pkg/ip/ipmasq_iptables_linux.go). */
function masquerade(request: CniRequest, result: CniResult): void {
  const { network, containerId, host } = request;
  const chain = chainName(network, containerId, '');
  const matches = [commentOf(formatComment(network, containerId))];
  const changes: Change[] = [{ op: 'resetChain', chain }];
  for (const { ip, bits } of result.ips) {
    const mask = maskOf(bits);
    const dst = { ip: (ip & mask) >>> 0, mask, invert: false };
    const target = { kind: 'MASQUERADE', ports: undefined, random: '' } as const;
    changes.push(
      { op: 'append', chain, rule: { dst, matches, target: { kind: 'ACCEPT' } } },
      { op: 'append', chain, rule: { dst: MULTICAST, matches, target } },
      {
        op: 'append',
        chain: 'POSTROUTING',
        rule: { src: only(ip), matches, target: jump(chain) },
      },
    );
  }
  changeNat(host, changes);
}

function unmasquerade(request: CniRequest): void {
  const { network, containerId, host } = request;
  const chain = chainName(network, containerId, '');
  if (!natChains(host).has(chain)) return;
  const matches = [commentOf(formatComment(network, containerId))];
  const entries = (request.previous?.ips ?? []).map(({ ip }): Change => {
    const rule = { src: only(ip), matches, target: jump(chain) };
    return { op: 'deleteRule', chain: 'POSTROUTING', rule };
  });
  changeNat(host, [...entries, { op: 'flush', chain }, { op: 'deleteChain', chain }]);
}

function ensureBridge(host: NetworkNamespace, name: string): Result<void, string> {
  const existing = host.interface(name);
  if (existing !== undefined && existing.kind !== 'bridge') {
    return err(`failed to set bridge addr: "${name}" already exists but is not a bridge`);
  }
  if (existing === undefined) {
    const made = host.addInterface('bridge', name);
    if (!made.ok) return err(`could not add "${name}": ${strerror(made.error)}`);
  }
  host.setUp(name, true);
  if (!host.forwards) host.setSysctl('net.ipv4.ip_forward', '1');
  return DONE;
}

function remove(request: CniRequest): Result<CniResult, string> {
  const released = runIpam(request);
  if (!released.ok) return released;
  if (request.config['ipMasq'] === true) unmasquerade(request);
  request.host.deleteInterface(vethName(request.containerId));
  return ok({ interfaces: [], ips: [] });
}
