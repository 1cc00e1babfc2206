/**
 * The chains of a port whose choice of an endpoint is narrowed: ClientIP affinity, traffic policies that
 * are Local, a load balancer's own addresses and the sources that may use them
 * (k8s.io/kubernetes/pkg/proxy/iptables/proxier.go syncProxyRules and writeServiceToEndpointRules, v1.34).
 * They are plain rules, not a block: such services are few, and all their chains are written anew.
 */
import { type Cidr, contains, maskOf } from '../../ground/base/cidr.ts';
import { formatIp, type Ip } from '../../ground/base/ip.ts';
import { compareText } from '../../ground/base/text.ts';
import { TCP } from '../../machines/network/netfilter/types.ts';
import type { Match, Rule } from '../../machines/network/netfilter/rule.ts';
import { thresholdOf } from '../../machines/network/packet-core.ts';
import { externalChain, firewallChain, localChain, serviceChain } from './names.ts';
import type { Target } from './port-targets.ts';
import {
  comment,
  jump,
  nodePortRule,
  offClusterRule,
  only,
  protocolNumber,
  refusedNodePortRule,
  refusedRule,
  virtualAddress,
} from './rules.ts';
import type { PortPolicy, PortState } from './service-map.ts';

/** A rule in a chain that services share. */
export interface SharedRule {
  readonly table: 'nat' | 'filter';
  readonly chain: string;
  readonly rule: Rule;
}

/** A port's own chains in nat; those that jump stand behind those that they jump to. */
export interface OwnChain {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** What the rules depend on beyond the port: the range of pods, and the node's own address. */
export interface Surroundings {
  readonly podRange: Cidr | undefined;
  readonly nodeIp: Ip | undefined;
}

const SOURCE_LOCAL: Match = { kind: 'addrtype', src: { types: 2, invert: false } };

/** All that stands for a port with a policy. */
export function policyRules(
  state: PortState,
  policy: PortPolicy,
  around: Surroundings,
): { readonly own: readonly OwnChain[]; readonly shared: readonly SharedRule[] } {
  return new PolicyRules(state, policy, around).make();
}

class PolicyRules {
  readonly #state: PortState;
  readonly #policy: PortPolicy;
  readonly #around: Surroundings;
  readonly #own: OwnChain[] = [];
  readonly #shared: SharedRule[] = [];

  constructor(state: PortState, policy: PortPolicy, around: Surroundings) {
    this.#state = state;
    this.#policy = policy;
    this.#around = around;
  }

  make() {
    const { name, protocol, targets } = this.#state;
    const { localTargets, internalLocal, externalLocal, balancerIps, sourceRanges } = this.#policy;
    const all = targets.length > 0 || localTargets.length > 0;
    const here = localTargets.length > 0;
    const inside = internalLocal ? here : all;
    const outside = externalLocal ? here : all;
    const accessible = this.#accessible();
    const insideChain = internalLocal ? localChain(name, protocol) : serviceChain(name, protocol);
    const usesCluster = targets.length > 0 && (!internalLocal || accessible);
    const usesLocal = here && (internalLocal || (externalLocal && accessible));
    const firewalled = all && balancerIps.length > 0 && sourceRanges.length > 0;
    if (all) {
      this.#endpoints(usesCluster ? targets : [], usesLocal ? localTargets : []);
      const first = inside ? this.#offCluster() : undefined;
      if (usesCluster)
        this.#choice(serviceChain(name, protocol), targets, internalLocal ? undefined : first);
      if (usesLocal)
        this.#choice(localChain(name, protocol), localTargets, internalLocal ? first : undefined);
      if (accessible) this.#external(outside);
      if (firewalled) this.#firewall();
    }
    this.#captureCluster(inside, all, insideChain);
    this.#captureExternal(all, outside, firewalled);
    return { own: this.#own, shared: this.#shared };
  }

  #accessible(): boolean {
    const { nodePort, externalIps } = this.#state;
    return nodePort > 0 || externalIps.length > 0 || this.#policy.balancerIps.length > 0;
  }

  #put(table: 'nat' | 'filter', chain: string, rule: Rule): void {
    this.#shared.push({ table, chain, rule });
  }

  #offCluster(): Rule | undefined {
    const { name, protocol, clusterIp, port } = this.#state;
    const { podRange } = this.#around;
    return podRange === undefined
      ? undefined
      : offClusterRule(clusterIp, protocol, port, `${name} cluster IP`, podRange);
  }

  #endpoints(cluster: readonly Target[], local: readonly Target[]): void {
    const { name, protocol } = this.#state;
    const number = { number: protocolNumber(protocol), invert: false };
    const reachable = new Map([...cluster, ...local].map((target) => [target.text, target]));
    for (const target of [...reachable.values()].sort((a, b) => compareText(a.text, b.text))) {
      const kept: Match[] = this.#policy.affinity > 0 ? [recent('set', target.chain, 0)] : [];
      this.#own.push({
        name: target.chain,
        rules: [
          { src: only(target.ip), matches: [comment(name)], target: jump('KUBE-MARK-MASQ') },
          {
            protocol: number,
            matches: [comment(name), ...kept, { kind: protocol }],
            target: {
              kind: 'DNAT',
              to: { low: target.ip, high: target.ip },
              ports: { low: target.port, high: target.port },
              random: '',
            },
          },
        ],
      });
    }
  }

  /** First who has been here before, then the draw. */
  #choice(chain: string, targets: readonly Target[], first: Rule | undefined): void {
    const { name } = this.#state;
    const { affinity } = this.#policy;
    const text = (target: Target): Match =>
      comment(`${name} -> ${formatIp(target.ip)}:${target.port}`);
    const rules: Rule[] = first === undefined ? [] : [first];
    if (affinity > 0) {
      for (const target of targets) {
        const matches = [text(target), recent('rcheck', target.chain, affinity)];
        rules.push({ matches, target: jump(target.chain) });
      }
    }
    targets.forEach((target, index) => {
      const left = targets.length - index;
      const draw: Match = { kind: 'random', threshold: thresholdOf(left), invert: false };
      const matches = left > 1 ? [text(target), draw] : [text(target)];
      rules.push({ matches, target: jump(target.chain) });
    });
    this.#own.push({ name: chain, rules });
  }

  /** Pods and the node itself go to any endpoint, as if they had gone out and come back in. */
  #external(outside: boolean): void {
    const { name, protocol } = this.#state;
    const cluster = serviceChain(name, protocol);
    const to = `${name} external destinations`;
    const rules: Rule[] = [];
    if (!this.#policy.externalLocal) {
      const matches = [comment(`masquerade traffic for ${to}`)];
      rules.push({ matches, target: jump('KUBE-MARK-MASQ') });
    } else {
      const { podRange } = this.#around;
      const any = this.#state.targets.length > 0;
      if (podRange !== undefined && any) {
        rules.push({
          src: { ip: podRange.base, mask: maskOf(podRange.bits), invert: false },
          matches: [comment(`pod traffic for ${to}`)],
          target: jump(cluster),
        });
      }
      const masquerade = [comment(`masquerade LOCAL traffic for ${to}`), SOURCE_LOCAL];
      rules.push({ matches: masquerade, target: jump('KUBE-MARK-MASQ') });
      const route = [comment(`route LOCAL traffic for ${to}`), SOURCE_LOCAL];
      if (any) rules.push({ matches: route, target: jump(cluster) });
    }
    if (outside) {
      const next = this.#policy.externalLocal ? localChain(name, protocol) : cluster;
      rules.push({ matches: [], target: jump(next) });
    }
    this.#own.push({ name: externalChain(name, protocol), rules });
  }

  #firewall(): void {
    const { name, protocol } = this.#state;
    const { sourceRanges, balancerIps } = this.#policy;
    const chain = firewallChain(name, protocol);
    const next = jump(externalChain(name, protocol));
    const matches = [comment(`${name} loadbalancer IP`)];
    const rules: Rule[] = sourceRanges.map((range) => ({
      ...(range.bits === 0
        ? {}
        : { src: { ip: range.base, mask: maskOf(range.bits), invert: false } }),
      matches,
      target: next,
    }));
    const { nodeIp } = this.#around;
    if (nodeIp !== undefined && sourceRanges.some((range) => contains(range, nodeIp)))
      for (const ip of balancerIps) rules.push({ src: only(ip), matches, target: next });
    rules.push({
      matches: [comment(`other traffic to ${name} will be dropped by KUBE-PROXY-FIREWALL`)],
      target: { kind: 'none' },
    });
    this.#own.push({ name: chain, rules });
  }

  #captureCluster(inside: boolean, all: boolean, chain: string): void {
    const { name, protocol, clusterIp, port } = this.#state;
    if (inside) {
      const text = `${name} cluster IP`;
      this.#put(
        'nat',
        'KUBE-SERVICES',
        virtualAddress(clusterIp, protocol, port, text, jump(chain)),
      );
    } else this.#put('filter', 'KUBE-SERVICES', refusedRule(clusterIp, protocol, port, name, all));
  }

  #captureExternal(all: boolean, outside: boolean, firewalled: boolean): void {
    const { name, protocol, port, nodePort, externalIps } = this.#state;
    const { balancerIps, healthPort } = this.#policy;
    const external = jump(externalChain(name, protocol));
    const refuse = (ip: Ip): void =>
      this.#put('filter', 'KUBE-EXTERNAL-SERVICES', refusedRule(ip, protocol, port, name, all));
    const lead = (ip: Ip, what: string, target: Rule['target']): void =>
      this.#put(
        'nat',
        'KUBE-SERVICES',
        virtualAddress(ip, protocol, port, `${name} ${what}`, target),
      );
    for (const ip of externalIps) {
      if (all) lead(ip, 'external IP', external);
      if (!outside) refuse(ip);
    }
    const wall = firewallChain(name, protocol);
    for (const ip of balancerIps) {
      if (all) lead(ip, 'loadbalancer IP', firewalled ? jump(wall) : external);
      if (firewalled) {
        const text = `${name} traffic not accepted by ${wall}`;
        const rule = virtualAddress(ip, protocol, port, text, { kind: 'DROP' });
        this.#put('filter', 'KUBE-PROXY-FIREWALL', rule);
      }
    }
    if (!outside) for (const ip of balancerIps) refuse(ip);
    if (nodePort > 0) {
      if (all) this.#put('nat', 'KUBE-NODEPORTS', nodePortRule(protocol, nodePort, name, external));
      if (!outside) {
        const rule = refusedNodePortRule(protocol, nodePort, name, all);
        this.#put('filter', 'KUBE-EXTERNAL-SERVICES', rule);
      }
    }
    if (healthPort > 0) {
      this.#put('filter', 'KUBE-NODEPORTS', {
        protocol: { number: TCP, invert: false },
        matches: [
          comment(`${name} health check node port`),
          { kind: 'tcp', dport: { low: healthPort, high: healthPort, invert: false } },
        ],
        target: { kind: 'ACCEPT' },
      });
    }
  }
}

function recent(action: 'set' | 'rcheck', name: string, seconds: number): Match {
  return {
    kind: 'recent',
    action,
    name,
    seconds,
    reap: seconds > 0,
    mask: 0xffffffff,
    side: 'rsource',
    invert: false,
  };
}
