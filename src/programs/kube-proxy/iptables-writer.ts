/**
 * Makes the tables of the node say what the service map says, one transaction per sync, only for the
 * ports that changed. Endpoints go into service blocks, which equal nodes share. When somebody has
 * changed the chains so that a transaction is refused, or has flushed them, everything is written anew.
 */
import type { Cidr } from '../../ground/base/cidr.ts';
import type { Ip } from '../../ground/base/ip.ts';
import type { Result } from '../../ground/base/result.ts';
import { compareText } from '../../ground/base/text.ts';
import type { NamespaceNetfilter } from '../../machines/network/netfilter/netfilter.ts';
import { ruleText } from '../../machines/network/netfilter/print.ts';
import type { Rule } from '../../machines/network/netfilter/rule.ts';
import type {
  BlockSpec,
  Change,
  Refusal,
  Transaction,
} from '../../machines/network/netfilter/transaction.ts';
import { thresholdOf } from '../../machines/network/packet-core.ts';
import { externalChain, type ProxyEra, serviceChain } from './names.ts';
import {
  comment,
  FILTER_JUMPS,
  FORWARD_RULES,
  jump,
  jumpsTo,
  MARK_DROP,
  MARK_MASQ,
  NAT_JUMPS,
  NODE_PORTS_JUMP,
  nodePortRule,
  offClusterRule,
  only,
  POSTROUTING,
  POSTROUTING_SEED,
  protocolNumber,
  refusedNodePortRule,
  refusedRule,
  virtualAddress,
} from './rules.ts';
import { policyRules, type SharedRule } from './policy-rules.ts';
import type { Target, TargetEdits } from './port-targets.ts';
import type { PortState } from './service-map.ts';

/** What stands in the tables for one port. */
interface Written {
  readonly state: PortState;
  /** Rules in shared chains: table, chain, rule. */
  readonly shared: readonly SharedRule[];
  /** Chains of its own that are no block, those that jump behind those they jump to. */
  readonly own: readonly string[];
}

const NONE: readonly string[] = [];

/** Changes by table, gathered and applied together. */
class Batch {
  readonly #nat: Change[] = [];
  readonly #filter: Change[] = [];
  readonly #mangle: Change[] = [];

  add(table: 'nat' | 'filter' | 'mangle', change: Change): void {
    (table === 'nat' ? this.#nat : table === 'filter' ? this.#filter : this.#mangle).push(change);
  }

  transactions(): Transaction[] {
    const all: Transaction[] = [
      { table: 'mangle', changes: this.#mangle },
      { table: 'filter', changes: this.#filter },
      { table: 'nat', changes: this.#nat },
    ];
    return all.filter((transaction) => transaction.changes.length > 0);
  }
}

export class IptablesWriter {
  readonly #netfilter: NamespaceNetfilter;
  readonly #era: ProxyEra;
  readonly #podRange: Cidr | undefined;
  readonly #nodeIp: () => Ip | undefined;
  readonly #written = new Map<string, Written>();
  /** Names of the ports with rules in KUBE-SERVICES of nat, in byte order: the order of their rules. */
  readonly #order: string[] = [];
  #basesStand = false;

  constructor(
    netfilter: NamespaceNetfilter,
    era: ProxyEra,
    podRange: Cidr | undefined,
    nodeIp: () => Ip | undefined = () => undefined,
  ) {
    this.#nodeIp = nodeIp;
    this.#netfilter = netfilter;
    this.#era = era;
    this.#podRange = podRange;
  }

  /** Forgets what stands: the next sync writes everything. */
  invalidate(): void {
    this.#basesStand = false;
  }

  /** True while the chain that nobody else touches is there. */
  canaryLives(): boolean {
    return this.#netfilter.list('mangle').some((chain) => chain.name === 'KUBE-PROXY-CANARY');
  }

  /** Makes the tables say what these ports are now. */
  sync(
    changes: ReadonlyMap<string, PortState | undefined>,
    all: () => ReadonlyMap<string, PortState>,
  ): Result<void, Refusal> {
    if (this.#basesStand) {
      const batch = new Batch();
      for (const [key, state] of changes) this.#change(batch, key, state);
      const applied = this.#netfilter.apply(batch.transactions());
      if (applied.ok) return applied;
    }
    return this.#writeAll(all());
  }

  #writeAll(states: ReadonlyMap<string, PortState>): Result<void, Refusal> {
    const batch = new Batch();
    this.#clear(batch);
    this.#bases(batch);
    this.#written.clear();
    this.#order.length = 0;
    for (const [key, state] of [...states].sort((a, b) => compareText(a[0], b[0])))
      this.#change(batch, key, state);
    const applied = this.#netfilter.apply(batch.transactions());
    this.#basesStand = applied.ok;
    return applied;
  }

  // ---- the chains that all services share

  /** Takes away what an earlier proxy left: shared chains are emptied, then blocks and chains of ports go. */
  #clear(batch: Batch): void {
    const present = this.#netfilter.list('nat').map((chain) => chain.name);
    for (const chain of ['KUBE-SERVICES', 'KUBE-NODEPORTS']) {
      if (present.includes(chain)) batch.add('nat', { op: 'flush', chain });
    }
    for (const prefix of ['KUBE-FW-', 'KUBE-EXT-']) {
      for (const chain of present) {
        if (!chain.startsWith(prefix)) continue;
        batch.add('nat', { op: 'flush', chain });
        batch.add('nat', { op: 'deleteChain', chain });
      }
    }
    const services = present.filter((chain) => chain.startsWith('KUBE-SVC-'));
    for (const chain of services)
      batch.add(
        'nat',
        this.#era.modernRules ? { op: 'deleteBlock', chain } : { op: 'flush', chain },
      );
    if (this.#era.modernRules) {
      this.#clearOwn(batch, present);
      return;
    }
    for (const chain of services) batch.add('nat', { op: 'deleteChain', chain });
    for (const chain of present) {
      if (!chain.startsWith('KUBE-SEP-')) continue;
      batch.add('nat', { op: 'flush', chain });
      batch.add('nat', { op: 'deleteChain', chain });
    }
  }

  /** Chains of ports with policies, once nothing jumps to them: what a block implied is gone by now. */
  #clearOwn(batch: Batch, present: readonly string[]): void {
    for (const prefix of ['KUBE-SVL-', 'KUBE-SEP-']) {
      for (const chain of present) {
        if (!chain.startsWith(prefix) || !this.#netfilter.tables.isOwn('nat', chain)) continue;
        batch.add('nat', { op: 'resetChain', chain });
        batch.add('nat', { op: 'deleteChain', chain });
      }
    }
  }

  #bases(batch: Batch): void {
    const modern = this.#era.modernRules;
    for (const table of ['mangle', 'filter', 'nat'] as const)
      batch.add(table, { op: 'resetChain', chain: 'KUBE-PROXY-CANARY' });
    const filterChains = [
      'KUBE-SERVICES',
      'KUBE-EXTERNAL-SERVICES',
      'KUBE-FORWARD',
      'KUBE-NODEPORTS',
      ...(modern ? ['KUBE-PROXY-FIREWALL'] : []),
    ];
    for (const chain of filterChains) batch.add('filter', { op: 'resetChain', chain });
    for (const rule of FORWARD_RULES)
      batch.add('filter', { op: 'append', chain: 'KUBE-FORWARD', rule });
    const natChains = [
      'KUBE-SERVICES',
      'KUBE-NODEPORTS',
      'KUBE-POSTROUTING',
      'KUBE-MARK-MASQ',
      ...(modern ? [] : ['KUBE-MARK-DROP']),
    ];
    for (const chain of natChains) batch.add('nat', { op: 'resetChain', chain });
    batch.add('nat', { op: 'append', chain: 'KUBE-MARK-MASQ', rule: MARK_MASQ });
    if (!modern) batch.add('nat', { op: 'append', chain: 'KUBE-MARK-DROP', rule: MARK_DROP });
    for (const rule of modern ? POSTROUTING : POSTROUTING_SEED)
      batch.add('nat', { op: 'append', chain: 'KUBE-POSTROUTING', rule });
    batch.add('nat', { op: 'append', chain: 'KUBE-SERVICES', rule: NODE_PORTS_JUMP });
    this.#jumps(
      batch,
      'filter',
      FILTER_JUMPS.filter(([, rule]) => modern || !jumpsTo(rule, 'KUBE-PROXY-FIREWALL')),
    );
    this.#jumps(batch, 'nat', NAT_JUMPS);
  }

  /** Puts the jumps in front of what stands in the built-in chains, unless they are there already. */
  #jumps(batch: Batch, table: 'filter' | 'nat', jumps: readonly (readonly [string, Rule])[]): void {
    const chains = new Map(this.#netfilter.list(table).map((chain) => [chain.name, chain]));
    const next = new Map<string, number>();
    for (const [chain, rule] of jumps) {
      const index = next.get(chain) ?? 0;
      const text = ruleText(rule);
      const stands = (chains.get(chain)?.rules() ?? []).some(
        (listed) => ruleText(listed.rule) === text,
      );
      if (stands) continue;
      batch.add(table, { op: 'insert', chain, index, rule });
      next.set(chain, index + 1);
    }
  }

  // ---- one port

  #change(batch: Batch, key: string, state: PortState | undefined): void {
    const old = this.#written.get(key);
    if (state === undefined) {
      if (old !== undefined) this.#remove(batch, key, old);
      return;
    }
    if (
      old !== undefined &&
      sameFrame(old.state, state) &&
      this.#era.modernRules &&
      old.state.policy === undefined &&
      state.policy === undefined &&
      old.state.targets.length > 0 &&
      state.targets.length > 0
    ) {
      this.#editTargets(batch, key, old, state);
      return;
    }
    if (old !== undefined) this.#remove(batch, key, old);
    this.#add(batch, key, state);
  }

  #editTargets(batch: Batch, key: string, old: Written, state: PortState): void {
    const chain = serviceChain(state.name, state.protocol);
    const { added, removed } =
      state.edits?.from === old.state.targets ? state.edits : editsBetween(old.state, state);
    for (const { ip, port, chain: own } of added)
      batch.add('nat', { op: 'addEndpoint', chain, endpoint: { ip, port, chain: own } });
    for (const { ip, port: number } of removed)
      batch.add('nat', { op: 'removeEndpoint', chain, ip, port: number });
    this.#written.set(key, { state, shared: old.shared, own: NONE });
  }

  #add(batch: Batch, key: string, state: PortState): void {
    const { own, shared } = this.#rulesOf(batch, state);
    for (const { table, chain, rule } of shared) {
      if (table === 'nat' && chain === 'KUBE-SERVICES') {
        const index = this.#place(key);
        batch.add('nat', { op: 'insert', chain, index, rule });
      } else batch.add(table, { op: 'append', chain, rule });
    }
    this.#written.set(key, { state, shared, own });
  }

  #rulesOf(
    batch: Batch,
    state: PortState,
  ): { readonly own: readonly string[]; readonly shared: readonly SharedRule[] } {
    if (state.policy === undefined) {
      const shared =
        state.targets.length === 0 ? this.#rejects(state) : this.#accepts(batch, state);
      return { own: NONE, shared };
    }
    const around = { podRange: this.#podRange, nodeIp: this.#nodeIp() };
    const { own, shared } = policyRules(state, state.policy, around);
    for (const { name, rules } of own) {
      batch.add('nat', { op: 'resetChain', chain: name });
      for (const rule of rules) batch.add('nat', { op: 'append', chain: name, rule });
    }
    return { own: own.map(({ name }) => name), shared };
  }

  /** Index of a new rule in KUBE-SERVICES: ports in byte order of their names, the node ports last. */
  #place(key: string): number {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareText(this.#order[middle] as string, key) <= 0) low = middle + 1;
      else high = middle;
    }
    this.#order.splice(low, 0, key);
    return low;
  }

  #accepts(batch: Batch, state: PortState): SharedRule[] {
    const { name, protocol, clusterIp } = state;
    const chain = serviceChain(name, protocol);
    this.#writeTargets(batch, chain, state);
    const shared: SharedRule[] = [
      {
        table: 'nat',
        chain: 'KUBE-SERVICES',
        rule: virtualAddress(clusterIp, protocol, state.port, `${name} cluster IP`, jump(chain)),
      },
    ];
    if (state.nodePort === 0 && state.externalIps.length === 0) return shared;
    let outside = chain;
    if (this.#era.modernRules) {
      outside = externalChain(name, protocol);
      batch.add('nat', { op: 'resetChain', chain: outside });
      batch.add('nat', {
        op: 'append',
        chain: outside,
        rule: {
          matches: [comment(`masquerade traffic for ${name} external destinations`)],
          target: jump('KUBE-MARK-MASQ'),
        },
      });
      batch.add('nat', {
        op: 'append',
        chain: outside,
        rule: { matches: [], target: jump(chain) },
      });
    }
    for (const ip of state.externalIps) {
      shared.push({
        table: 'nat',
        chain: 'KUBE-SERVICES',
        rule: virtualAddress(ip, protocol, state.port, `${name} external IP`, jump(outside)),
      });
    }
    if (state.nodePort > 0) {
      if (!this.#era.modernRules)
        shared.push({
          table: 'nat',
          chain: 'KUBE-NODEPORTS',
          rule: nodePortRule(protocol, state.nodePort, name, jump('KUBE-MARK-MASQ')),
        });
      shared.push({
        table: 'nat',
        chain: 'KUBE-NODEPORTS',
        rule: nodePortRule(protocol, state.nodePort, name, jump(outside)),
      });
    }
    return shared;
  }

  #rejects(state: PortState): SharedRule[] {
    const { name, protocol } = state;
    const rules: SharedRule[] = [
      {
        table: 'filter',
        chain: 'KUBE-SERVICES',
        rule: refusedRule(state.clusterIp, protocol, state.port, name),
      },
    ];
    for (const ip of state.externalIps)
      rules.push({
        table: 'filter',
        chain: 'KUBE-EXTERNAL-SERVICES',
        rule: refusedRule(ip, protocol, state.port, name),
      });
    if (state.nodePort > 0)
      rules.push({
        table: 'filter',
        chain: 'KUBE-EXTERNAL-SERVICES',
        rule: refusedNodePortRule(protocol, state.nodePort, name),
      });
    return rules;
  }

  #writeTargets(batch: Batch, chain: string, state: PortState): void {
    if (!this.#era.modernRules) {
      this.#writeSeedTargets(batch, chain, state);
      return;
    }
    const { name, protocol, clusterIp } = state;
    const first =
      this.#podRange === undefined
        ? undefined
        : offClusterRule(clusterIp, protocol, state.port, `${name} cluster IP`, this.#podRange);
    const block: BlockSpec = {
      comment: name,
      protocol: protocolNumber(protocol),
      first,
      hairpin: true,
      markChain: 'KUBE-MARK-MASQ',
      endpoints: state.targets.map((target) => ({
        ip: target.ip,
        port: target.port,
        chain: target.chain,
      })),
    };
    batch.add('nat', { op: 'block', chain, block });
  }

  /** The seeds' release names no endpoint in its comments, so its rules are no block. */
  #writeSeedTargets(batch: Batch, chain: string, state: PortState): void {
    const { name, protocol, targets } = state;
    const number = { number: protocolNumber(protocol), invert: false };
    for (const target of targets) {
      batch.add('nat', { op: 'resetChain', chain: target.chain });
      batch.add('nat', {
        op: 'append',
        chain: target.chain,
        rule: { src: only(target.ip), matches: [comment(name)], target: jump('KUBE-MARK-MASQ') },
      });
      const to = { low: target.ip, high: target.ip };
      batch.add('nat', {
        op: 'append',
        chain: target.chain,
        rule: {
          protocol: number,
          matches: [comment(name), { kind: protocol }],
          target: { kind: 'DNAT', to, ports: { low: target.port, high: target.port }, random: '' },
        },
      });
    }
    batch.add('nat', { op: 'resetChain', chain });
    targets.forEach((target: Target, index) => {
      const left = targets.length - index;
      const draw = { kind: 'random', threshold: thresholdOf(left), invert: false } as const;
      batch.add('nat', {
        op: 'append',
        chain,
        rule: {
          matches: left > 1 ? [comment(name), draw] : [comment(name)],
          target: jump(target.chain),
        },
      });
    });
  }

  #remove(batch: Batch, key: string, old: Written): void {
    for (const { table, chain, rule } of old.shared) {
      batch.add(table, { op: 'deleteRule', chain, rule });
      if (table === 'nat' && chain === 'KUBE-SERVICES')
        this.#order.splice(this.#order.indexOf(key), 1);
    }
    this.#written.delete(key);
    const { state } = old;
    for (const chain of [...old.own].reverse()) {
      batch.add('nat', { op: 'flush', chain });
      batch.add('nat', { op: 'deleteChain', chain });
    }
    if (state.policy !== undefined || state.targets.length === 0) return;
    const chain = serviceChain(state.name, state.protocol);
    if (this.#era.modernRules && (state.nodePort > 0 || state.externalIps.length > 0)) {
      const outside = externalChain(state.name, state.protocol);
      batch.add('nat', { op: 'flush', chain: outside });
      batch.add('nat', { op: 'deleteChain', chain: outside });
    }
    if (this.#era.modernRules) {
      batch.add('nat', { op: 'deleteBlock', chain });
      return;
    }
    batch.add('nat', { op: 'flush', chain });
    batch.add('nat', { op: 'deleteChain', chain });
    for (const target of state.targets) {
      batch.add('nat', { op: 'flush', chain: target.chain });
      batch.add('nat', { op: 'deleteChain', chain: target.chain });
    }
  }
}

/** True when nothing but the endpoints differs. */
function sameFrame(a: PortState, b: PortState): boolean {
  return (
    a.clusterIp === b.clusterIp &&
    a.port === b.port &&
    a.nodePort === b.nodePort &&
    a.externalIps.length === b.externalIps.length &&
    a.externalIps.every((ip, index) => ip === b.externalIps[index])
  );
}

function editsBetween(old: PortState, state: PortState): TargetEdits {
  const before = new Map(old.targets.map((target) => [target.text, target]));
  const added = state.targets.filter((target) => !before.delete(target.text));
  return { from: old.targets, added, removed: [...before.values()] };
}

/** By which a port is known from one sync to the next. */
export function portKey(state: PortState): string {
  return `${state.name}/${state.protocol}`;
}
