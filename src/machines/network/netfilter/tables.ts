/**
 * The tables of one network namespace: chains by name with their rules, in the core's memory. All
 * changes come as transactions, taken or refused as a whole. Built-in chains exist from a table's
 * first use on, as with nf_tables. A service block stands at the end of its chain; a change to that
 * chain or to a chain of its endpoints by any other means first writes the block out as plain rules
 * (it is then no longer shared or edited per endpoint), and goes on from there.
 */
import * as at from '../../../../assembly/packet/layout.ts';
import { BLOCK_ENDPOINTS_MAX } from '../../../../assembly/shared/limits.ts';
import { assert, required } from '../../../ground/base/assert.ts';
import { err, ok, type Result } from '../../../ground/base/result.ts';
import type { PacketCore } from '../packet-core.ts';
import { type Block, BlockStore, endpointKey, lowerBound } from './block.ts';
import { encodeRule, releaseRule } from './encode.ts';
import { endpointRules, serviceRules } from './block-rules.ts';
import {
  blockCounters,
  type Chain,
  countersAt,
  type ListedChain,
  listChains,
  type RuleEntry,
  pointAt,
} from './chain.ts';
import { isMisplaced, leadsAstray, nameIn, reaches, redirect } from './chain-checks.ts';
import { ruleText } from './print.ts';
import { type Counters, NO_COUNTERS, type Rule } from './rule.ts';
import type { BlockSpec, Change, ChangeError, Refusal, Transaction } from './transaction.ts';
import type { TableName } from './types.ts';

const HOOKS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;
const BUILTIN: Record<TableName, readonly string[]> = {
  mangle: HOOKS,
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
};
const SPACE_OFFSETS: Record<TableName, number> = {
  mangle: at.S_MANGLE,
  filter: at.S_FILTER,
  nat: at.S_NAT,
};
export const TABLES: readonly TableName[] = ['mangle', 'filter', 'nat'];

/** Bytes of a table of the recent match, and of one of its slots. */
const RECENT_TABLE_SIZE = 16;
const RECENT_SLOT_SIZE = 16;

type Undo = () => void;

export class RuleTables {
  readonly core: PacketCore;
  readonly space: number;
  readonly blocks: BlockStore;
  /** Raised by every transaction that is taken. */
  generation = 0;
  /** Rules, blocks and policies other than ACCEPT. */
  weight = 0;
  readonly #tables = new Map<TableName, Map<string, Chain>>();
  readonly #byAddress = new Map<number, Chain>();
  readonly #recent = new Map<string, number>();
  #undo: Undo[] = [];
  /** What to free once a transaction is taken. */
  #doomed: (() => void)[] = [];

  constructor(core: PacketCore) {
    this.core = core;
    this.space = core.allocate(at.SPACE_SIZE);
    this.blocks = core.shared('blocks', () => new BlockStore(core));
  }

  /** True when the table has been used. */
  has(table: TableName): boolean {
    return this.#tables.has(table);
  }

  chainAt(address: number): Chain | undefined {
    return this.#byAddress.get(address);
  }

  /** Makes the built-in chains of a table, as its first use does. */
  open(table: TableName): Map<string, Chain> {
    const known = this.#tables.get(table);
    if (known !== undefined) return known;
    const chains = new Map<string, Chain>();
    this.#tables.set(table, chains);
    for (const name of BUILTIN[table]) {
      const chain = this.#makeChain(table, chains, name, 'ACCEPT');
      const hook = HOOKS.indexOf(name as (typeof HOOKS)[number]);
      this.core.words[(this.space + SPACE_OFFSETS[table] + hook * 4) >>> 2] = chain.address;
    }
    return chains;
  }

  /** Takes all changes, or none. */
  apply(transactions: readonly Transaction[]): Result<void, Refusal> {
    assert(this.#undo.length === 0, 'transactions do not nest');
    let count = 0;
    for (const { table, changes } of transactions) {
      const chains = this.open(table);
      for (const change of changes) {
        const refused = this.#change(table, chains, change);
        if (refused !== undefined) {
          const chain = 'chain' in change ? (change.chain ?? '') : '';
          for (const undo of this.#undo.reverse()) undo();
          this.#undo = [];
          this.#doomed = [];
          return err({ error: refused, change: count, chain, name: nameIn(change), op: change.op });
        }
        count += 1;
      }
    }
    for (const free of this.#doomed) free();
    this.#undo = [];
    this.#doomed = [];
    this.generation += 1;
    return ok(undefined);
  }

  #makeChain(
    table: TableName,
    chains: Map<string, Chain>,
    name: string,
    policy: Chain['policy'],
  ): Chain {
    const address = this.core.allocate(at.CHAIN_SIZE);
    const chain: Chain = {
      name,
      table,
      address,
      policy,
      rules: [],
      references: 0,
      block: undefined,
      written: undefined,
      instance: 0,
      instanceRoom: 0,
    };
    this.core.words[(address + at.C_POLICY) >>> 2] = policy === undefined ? 0 : at.T_ACCEPT;
    chains.set(name, chain);
    this.#byAddress.set(address, chain);
    return chain;
  }

  #change(table: TableName, chains: Map<string, Chain>, change: Change): ChangeError | undefined {
    if (change.op === 'newChain') return this.#newChain(table, chains, change.chain);
    if (change.op === 'resetChain') {
      const known = chains.get(change.chain) ?? this.#materialiseOwner(chains, change.chain);
      if (known === undefined) return this.#newChain(table, chains, change.chain);
      this.#flush(chains, known);
      return undefined;
    }
    if (change.op === 'block') return this.#setBlock(table, chains, change.chain, change.block);
    if (change.op === 'zero') return this.#zero(chains, change);
    if (change.op === 'rename' && chains.has(change.to)) return 'chain-exists';
    const chain = chains.get(change.chain) ?? this.#materialiseOwner(chains, change.chain);
    if (chain === undefined) return 'no-chain';
    switch (change.op) {
      case 'addEndpoint':
      case 'removeEndpoint':
        return this.#editBlock(table, chains, chain, change);
      case 'deleteBlock':
        this.#flush(chains, chain);
        return this.#dropWritten(chains, chain) ?? this.#deleteChain(chains, chain);
      case 'deleteChain':
        return this.#deleteChain(chains, chain);
      case 'rename':
        return this.#rename(chains, chain, change.to);
      case 'policy':
        return this.#setPolicy(chain, change.policy, change.counters);
      case 'flush':
        this.#flush(chains, chain);
        return undefined;
      default:
        return this.#edit(chains, chain, change);
    }
  }

  #edit(
    chains: Map<string, Chain>,
    chain: Chain,
    change: Change & { op: 'append' | 'insert' | 'replace' | 'delete' | 'deleteRule' },
  ): ChangeError | undefined {
    if (chain.block !== undefined) this.#materialise(chains, chain);
    switch (change.op) {
      case 'append':
        return this.#insert(chains, chain, chain.rules.length, change.rule, change.counters);
      case 'insert':
        if (change.index > chain.rules.length) return 'index-too-big';
        return this.#insert(chains, chain, change.index, change.rule, change.counters);
      case 'replace': {
        if (change.index >= chain.rules.length) return 'index-too-big';
        const refused = this.#insert(chains, chain, change.index, change.rule, change.counters);
        if (refused === undefined) this.#remove(chains, chain, change.index + 1);
        return refused;
      }
      case 'delete':
        if (change.index >= chain.rules.length) return 'index-too-big';
        this.#remove(chains, chain, change.index);
        return undefined;
      case 'deleteRule': {
        const text = ruleText(change.rule);
        const index = chain.rules.findIndex((entry) => ruleText(entry.rule) === text);
        if (index < 0) return 'no-rule';
        this.#remove(chains, chain, index);
        return undefined;
      }
    }
  }

  #newChain(table: TableName, chains: Map<string, Chain>, name: string): ChangeError | undefined {
    if (chains.has(name)) return 'chain-exists';
    const chain = this.#makeChain(table, chains, name, undefined);
    this.#undo.push(() => this.#freeChain(chains, chain));
    return undefined;
  }

  #freeChain(chains: Map<string, Chain>, chain: Chain): void {
    chains.delete(chain.name);
    this.#byAddress.delete(chain.address);
    this.core.calls.clearChain(chain.address);
    this.core.calls.release(chain.address, at.CHAIN_SIZE);
  }

  #deleteChain(chains: Map<string, Chain>, chain: Chain): ChangeError | undefined {
    if (chain.policy !== undefined) return 'builtin-chain';
    if (chain.references > 0) return 'chain-in-use';
    if (chain.rules.length > 0 || chain.block !== undefined) return 'chain-not-empty';
    chains.delete(chain.name);
    this.#byAddress.delete(chain.address);
    this.#undo.push(() => {
      chains.set(chain.name, chain);
      this.#byAddress.set(chain.address, chain);
    });
    this.#doomed.push(() => {
      this.core.calls.clearChain(chain.address);
      this.core.calls.release(chain.address, at.CHAIN_SIZE);
    });
    return undefined;
  }

  #rename(chains: Map<string, Chain>, chain: Chain, to: string): ChangeError | undefined {
    if (chain.policy !== undefined) return 'builtin-chain';
    for (const other of [...chains.values()]) {
      if (other === chain || other.block?.spec.markChain === chain.name) {
        if (other.block !== undefined) this.#materialise(chains, other);
      }
    }
    const move = (before: string, after: string): void => {
      chains.delete(before);
      chain.name = after;
      chains.set(after, chain);
      for (const { rules } of chains.values()) redirect(rules, before, after);
    };
    const from = chain.name;
    move(from, to);
    this.#undo.push(() => move(to, from));
    return undefined;
  }

  #setPolicy(
    chain: Chain,
    policy: 'ACCEPT' | 'DROP',
    counters: Counters | undefined,
  ): ChangeError | undefined {
    if (chain.policy === undefined) return 'no-chain';
    const before = chain.policy;
    const put = (value: 'ACCEPT' | 'DROP'): void => {
      this.weight += Number(value === 'DROP') - Number(chain.policy === 'DROP');
      chain.policy = value;
      this.core.words[(chain.address + at.C_POLICY) >>> 2] =
        value === 'DROP' ? at.T_DROP : at.T_ACCEPT;
    };
    put(policy);
    this.#undo.push(() => put(before));
    if (counters !== undefined) this.#setCounters(chain.address + at.C_PACKETS, counters);
    return undefined;
  }

  #insert(
    chains: Map<string, Chain>,
    chain: Chain,
    index: number,
    rule: Rule,
    counters: Counters | undefined,
  ): ChangeError | undefined {
    const refused = this.#checkTarget(chains, chain, rule);
    if (refused !== undefined) return refused;
    const address = encodeRule(this.core, rule, {
      chain: (name) => required(chains.get(name), 'checked above').address,
      recent: (name) => this.#recentTable(name),
    });
    if (counters !== undefined) this.#setCounters(address + at.R_PACKETS, counters);
    this.#place(chains, chain, index, { rule, address });
    this.#undo.push(() => releaseRule(this.core, this.#displace(chains, chain, index).address));
    return undefined;
  }

  #remove(chains: Map<string, Chain>, chain: Chain, index: number): void {
    const entry = this.#displace(chains, chain, index);
    this.#undo.push(() => this.#place(chains, chain, index, entry));
    this.#doomed.push(() => releaseRule(this.core, entry.address));
  }

  #place(chains: Map<string, Chain>, chain: Chain, index: number, entry: RuleEntry): void {
    assert(
      this.core.calls.insertRule(chain.address, index, entry.address) === 1,
      'the packet core has no memory left (PACKET_MEMORY_MAX)',
    );
    if (index === chain.rules.length) chain.rules.push(entry);
    else chain.rules.splice(index, 0, entry);
    this.#refer(chains, entry.rule, 1);
    this.weight += 1;
  }

  #displace(chains: Map<string, Chain>, chain: Chain, index: number): RuleEntry {
    const entry = required(chain.rules[index], 'the index was checked');
    this.core.calls.removeRule(chain.address, index);
    chain.rules.splice(index, 1);
    this.#refer(chains, entry.rule, -1);
    this.weight -= 1;
    return entry;
  }

  #refer(chains: Map<string, Chain>, rule: Rule, change: 1 | -1): void {
    const { target } = rule;
    if (target.kind !== 'jump' && target.kind !== 'goto') return;
    const chain = chains.get(target.chain);
    if (chain !== undefined) chain.references += change;
  }

  #checkTarget(chains: Map<string, Chain>, chain: Chain, rule: Rule): ChangeError | undefined {
    const { target } = rule;
    if (target.kind === 'jump' || target.kind === 'goto') {
      const to = chains.get(target.chain) ?? this.#materialiseOwner(chains, target.chain);
      if (to === undefined || to.policy !== undefined) return 'no-target';
      if (to === chain) return 'loop';
      // A loop needs a way back from a chain that somebody already jumps from.
      if (chain.policy === undefined && reaches(chains, to, chain, new Set())) return 'loop';
      return chain.table === 'nat' && leadsAstray(chains, chain, target)
        ? 'target-misplaced'
        : undefined;
    }
    if (isMisplaced(chain, target.kind)) return 'target-misplaced';
    const source = target.kind === 'MASQUERADE' || target.kind === 'SNAT';
    return source && leadsAstray(chains, chain, target) ? 'target-misplaced' : undefined;
  }

  #flush(chains: Map<string, Chain>, chain: Chain): void {
    if (chain.block !== undefined) this.#dropBlock(chains, chain);
    const entries = chain.rules.splice(0);
    this.core.calls.clearChain(chain.address);
    for (const entry of entries) this.#refer(chains, entry.rule, -1);
    this.weight -= entries.length;
    this.#undo.push(() => {
      for (const [index, entry] of entries.entries()) this.#place(chains, chain, index, entry);
    });
    this.#doomed.push(() => {
      for (const entry of entries) releaseRule(this.core, entry.address);
    });
  }

  #recentTable(name: string): number {
    const known = this.#recent.get(name);
    if (known !== undefined) return known;
    const table = this.core.allocate(RECENT_TABLE_SIZE);
    const slots = this.core.allocate(16 * RECENT_SLOT_SIZE);
    this.core.words[table >>> 2] = slots;
    this.core.words[(table + 4) >>> 2] = 15;
    this.#recent.set(name, table);
    return table;
  }

  // ---- service blocks ----

  #setBlock(
    table: TableName,
    chains: Map<string, Chain>,
    name: string,
    spec: BlockSpec,
  ): ChangeError | undefined {
    if (spec.endpoints.length > BLOCK_ENDPOINTS_MAX) return 'too-many-endpoints';
    if (!chains.has(name)) this.#newChain(table, chains, name);
    const chain = required(chains.get(name), 'just made');
    const mark = chains.get(spec.markChain);
    if (mark === undefined && (spec.hairpin || spec.first !== undefined)) return 'no-target';
    this.#flush(chains, chain);
    const refused = this.#dropWritten(chains, chain);
    if (refused !== undefined) return refused;
    this.#adopt(chains, chain, this.blocks.acquire(spec));
    this.#undo.push(() => this.#abandon(chains, chain, true));
    return undefined;
  }

  /** Takes away the chains of endpoints that a written-out block has left. */
  #dropWritten(chains: Map<string, Chain>, chain: Chain): ChangeError | undefined {
    const { written } = chain;
    if (written === undefined) return undefined;
    chain.written = undefined;
    this.#undo.push(() => {
      chain.written = written;
    });
    for (const endpoint of written.endpoints) {
      const own = chains.get(endpoint.chain);
      if (own === undefined) continue;
      this.#flush(chains, own);
      const refused = this.#deleteChain(chains, own);
      if (refused !== undefined) return refused;
    }
    return undefined;
  }

  #editBlock(
    table: TableName,
    chains: Map<string, Chain>,
    chain: Chain,
    change: Change & { op: 'addEndpoint' | 'removeEndpoint' },
  ): ChangeError | undefined {
    // As kube-proxy does, an edit writes all chains of the service anew: what was put in by hand goes.
    if (chain.written !== undefined) {
      const refused = this.#setBlock(table, chains, chain.name, chain.written);
      if (refused !== undefined) return refused;
    }
    const before = chain.block;
    if (before === undefined) return 'no-rule';
    if (change.op === 'addEndpoint' && before.endpoints.length >= BLOCK_ENDPOINTS_MAX)
      return 'too-many-endpoints';
    const removed =
      change.op === 'removeEndpoint'
        ? before.endpoints[lowerBound(before.keys, endpointKey(change))]
        : undefined;
    const after =
      change.op === 'addEndpoint'
        ? this.blocks.add(before, change.endpoint)
        : this.blocks.remove(before, change);
    if (after === undefined) return change.op === 'addEndpoint' ? 'chain-exists' : 'no-rule';
    pointAt(this.core, chain, after);
    this.#undo.push(() => {
      const block = required(chain.block, 'blocks are undone in order');
      const back =
        change.op === 'addEndpoint'
          ? this.blocks.remove(block, change.endpoint)
          : this.blocks.add(block, required(removed, 'it was there'));
      pointAt(this.core, chain, required(back, 'the edit can be undone'));
    });
    return undefined;
  }

  #adopt(chains: Map<string, Chain>, chain: Chain, block: Block): void {
    pointAt(this.core, chain, block);
    const mark = chains.get(block.spec.markChain);
    if (mark !== undefined) {
      mark.references += 1;
      this.core.words[(chain.instance + at.I_MARK_CHAIN) >>> 2] = mark.address;
    }
    this.weight += 1;
  }

  #dropBlock(chains: Map<string, Chain>, chain: Chain): void {
    const block = required(chain.block, 'the caller saw it');
    block.holders += 1;
    this.#abandon(chains, chain, true);
    this.#undo.push(() => this.#adopt(chains, chain, block));
    this.#doomed.push(() => this.blocks.release(block));
  }

  #abandon(chains: Map<string, Chain>, chain: Chain, give: boolean): void {
    const block = required(chain.block, 'the chain has a block');
    const mark = chains.get(block.spec.markChain);
    if (mark !== undefined) mark.references -= 1;
    const words = this.core.words;
    words[(chain.address + at.C_BLOCK) >>> 2] = 0;
    words[(chain.address + at.C_INSTANCE) >>> 2] = 0;
    this.core.calls.release(chain.instance, at.I_SLOTS + chain.instanceRoom * at.SLOT_SIZE);
    chain.block = undefined;
    chain.instance = 0;
    chain.instanceRoom = 0;
    this.weight -= 1;
    if (give) this.blocks.release(block);
  }

  /** The chain by this name once the block that implies it is written out, or undefined. */
  #materialiseOwner(chains: Map<string, Chain>, name: string): Chain | undefined {
    for (const chain of chains.values()) {
      if (chain.block?.endpoints.some((endpoint) => endpoint.chain === name) === true) {
        this.#materialise(chains, chain);
        return chains.get(name);
      }
    }
    return undefined;
  }

  /** Writes a block out as plain rules with their counters. */
  #materialise(chains: Map<string, Chain>, chain: Chain): void {
    const block = required(chain.block, 'the chain has a block');
    const { spec } = block;
    const endpoints = [...block.endpoints];
    const lead = spec.first === undefined ? 0 : 1;
    const service = serviceRules(spec, endpoints).map((rule, index) => ({
      rule,
      counters:
        index < lead
          ? blockCounters(this.core, chain, 0, 0)
          : blockCounters(this.core, chain, 1, index - lead),
    }));
    const own = endpoints.map((endpoint, index) => ({
      chain: endpoint.chain,
      rules: endpointRules(spec, endpoint).map((rule, place, all) => ({
        rule,
        counters: blockCounters(this.core, chain, all.length - place === 1 ? 3 : 2, index),
      })),
    }));
    this.#dropBlock(chains, chain);
    chain.written = { ...spec, endpoints };
    this.#undo.push(() => {
      chain.written = undefined;
    });
    for (const endpoint of own) {
      if (!chains.has(endpoint.chain)) this.#newChain(chain.table, chains, endpoint.chain);
      const target = required(chains.get(endpoint.chain), 'just made');
      for (const { rule, counters } of endpoint.rules) {
        this.#insert(chains, target, target.rules.length, rule, counters);
      }
    }
    for (const { rule, counters } of service) {
      this.#insert(chains, chain, chain.rules.length, rule, counters);
    }
  }

  /** Gives all memory back; nobody may use the tables afterwards. */
  dispose(): void {
    const { calls, words } = this.core;
    for (const chains of this.#tables.values()) {
      for (const chain of chains.values()) this.#flush(chains, chain);
      for (const chain of [...chains.values()]) this.#freeChain(chains, chain);
    }
    for (const free of this.#doomed) free();
    this.#undo = [];
    this.#doomed = [];
    this.#tables.clear();
    for (const table of this.#recent.values()) {
      const mask = words[(table + 4) >>> 2] as number;
      calls.release(words[table >>> 2] as number, (mask + 1) * RECENT_SLOT_SIZE);
      calls.release(table, RECENT_TABLE_SIZE);
    }
    this.#recent.clear();
    calls.flushEntries(this.space);
    const connections = words[(this.space + at.S_TABLE) >>> 2] as number;
    const mask = words[(this.space + at.S_TABLE_MASK) >>> 2] as number;
    if (connections !== 0) calls.release(connections, (mask + 1) * 4);
    calls.release(this.space, at.SPACE_SIZE);
  }

  // ---- reading ----

  /** Chains in the order of printing: built-in ones, then the others by name. */
  list(table: TableName): readonly ListedChain[] {
    const chains = this.#tables.get(table);
    return chains === undefined ? [] : listChains(this.core, chains, BUILTIN[table]);
  }

  /** True for a chain that stands by itself, not only as part of a block. */
  isOwn(table: TableName, name: string): boolean {
    return this.#tables.get(table)?.has(name) === true;
  }

  /** True when a rule may jump to this chain. */
  hasChain(table: TableName, name: string): boolean {
    const chains = this.#tables.get(table);
    if (chains === undefined) return false;
    if (chains.has(name)) return true;
    for (const { block } of chains.values()) {
      if (block?.endpoints.some((endpoint) => endpoint.chain === name) === true) return true;
    }
    return false;
  }

  #setCounters(address: number, counters: Counters): void {
    const before = countersAt(this.core, address);
    const put = (value: Counters): void => {
      const { doubles } = this.core;
      doubles[address >>> 3] = value.packets;
      doubles[(address >>> 3) + 1] = value.bytes;
    };
    put(counters);
    this.#undo.push(() => put(before));
  }

  #zero(chains: Map<string, Chain>, change: Change & { op: 'zero' }): ChangeError | undefined {
    if (change.chain !== undefined && !chains.has(change.chain)) return 'no-chain';
    const chosen =
      change.chain === undefined
        ? [...chains.values()]
        : [required(chains.get(change.chain), 'checked')];
    for (const chain of chosen) {
      if (change.index !== undefined) {
        const entry = chain.rules[change.index];
        if (entry === undefined) return 'index-too-big';
        this.#setCounters(entry.address + at.R_PACKETS, NO_COUNTERS);
        continue;
      }
      this.#setCounters(chain.address + at.C_PACKETS, NO_COUNTERS);
      for (const entry of chain.rules) this.#setCounters(entry.address + at.R_PACKETS, NO_COUNTERS);
      // A stamp that no block has lets the counters begin anew.
      if (chain.block !== undefined) this.core.words[(chain.instance + at.I_STAMP) >>> 2] = 0;
    }
    return undefined;
  }
}
