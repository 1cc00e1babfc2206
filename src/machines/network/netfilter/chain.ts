/**
 * Chains as the host keeps them beside the core, and as they are listed: rules with their counters,
 * service blocks written out as the chains and rules they stand for.
 */
import * as at from '../../../../assembly/packet/layout.ts';
import { required } from '../../../ground/base/assert.ts';
import { sortedText } from '../../../ground/base/text.ts';
import type { PacketCore } from '../packet-core.ts';
import type { Block } from './block.ts';
import { endpointRules, serviceRules } from './block-rules.ts';
import { type Counters, NO_COUNTERS, type Rule } from './rule.ts';
import type { BlockSpec } from './transaction.ts';
import type { TableName } from './types.ts';

/** A rule in place. */
export interface RuleEntry {
  readonly rule: Rule;
  readonly address: number;
}

/** A chain; `policy` is undefined for user chains. */
export interface Chain {
  name: string;
  readonly table: TableName;
  readonly address: number;
  policy: 'ACCEPT' | 'DROP' | undefined;
  readonly rules: RuleEntry[];
  /** Jumps to it from rules and blocks. */
  references: number;
  block: Block | undefined;
  /** What the block was, once it has been written out as plain rules. */
  written: BlockSpec | undefined;
  /** Memory of the block's counters, and for how many endpoints. */
  instance: number;
  instanceRoom: number;
}

/** A rule to be printed: what stands, and what it has counted. */
export interface ListedRule {
  readonly rule: Rule;
  readonly counters: Counters;
}

/** A chain to be printed; chains of endpoints are listed like all others. */
export interface ListedChain {
  readonly name: string;
  readonly policy: 'ACCEPT' | 'DROP' | undefined;
  readonly counters: Counters;
  readonly references: number;
  readonly rules: () => readonly ListedRule[];
}

/** Packets and bytes at an address. */
export function countersAt(core: PacketCore, address: number): Counters {
  const { doubles } = core;
  return {
    packets: doubles[address >>> 3] as number,
    bytes: doubles[(address >>> 3) + 1] as number,
  };
}

/** The counters of a place in a block: 0 first rule, 1 jump, 2 hairpin, 3 DNAT of an endpoint. */
export function blockCounters(
  core: PacketCore,
  chain: Chain,
  place: number,
  index: number,
): Counters {
  const block = required(chain.block, 'the chain has a block');
  const { words } = core;
  const current =
    words[(chain.instance + at.I_STAMP) >>> 2] === words[(block.address + at.B_STAMP) >>> 2];
  if (!current) return NO_COUNTERS;
  const offset = place === 0 ? at.I_FIRST : at.I_SLOTS + index * at.SLOT_SIZE + (place - 1) * 16;
  return countersAt(core, chain.instance + offset);
}

/** Chains in the order of printing: built-in ones, then the others by name. */
export function listChains(
  core: PacketCore,
  chains: ReadonlyMap<string, Chain>,
  builtin: readonly string[],
): readonly ListedChain[] {
  const listed = new Map<string, ListedChain>();
  const marks = new Map<string, number>();
  for (const { block } of chains.values()) {
    if (block === undefined) continue;
    // A block's rules jump to the mark chain once per endpoint, and once in front.
    const jumps =
      (block.spec.hairpin ? block.endpoints.length : 0) +
      (block.spec.first === undefined ? 0 : 1) -
      1;
    marks.set(block.spec.markChain, (marks.get(block.spec.markChain) ?? 0) + jumps);
  }
  for (const chain of chains.values()) {
    listed.set(chain.name, {
      name: chain.name,
      policy: chain.policy,
      counters:
        chain.policy === undefined ? NO_COUNTERS : countersAt(core, chain.address + at.C_PACKETS),
      references: chain.references + (marks.get(chain.name) ?? 0),
      rules: () => rulesOfChain(core, chain),
    });
    for (const [index, endpoint] of (chain.block?.endpoints ?? []).entries()) {
      const { spec } = required(chain.block, 'it has endpoints');
      const rules = (): readonly ListedRule[] =>
        endpointRules(spec, endpoint).map((rule, place, all) => ({
          rule,
          counters: blockCounters(core, chain, all.length - place === 1 ? 3 : 2, index),
        }));
      listed.set(endpoint.chain, {
        name: endpoint.chain,
        policy: undefined,
        counters: NO_COUNTERS,
        references: 1,
        rules,
      });
    }
  }
  const users = sortedText([...listed.keys()].filter((name) => !builtin.includes(name)));
  return [...builtin, ...users].map((name) => required(listed.get(name), 'listed above'));
}

function rulesOfChain(core: PacketCore, chain: Chain): readonly ListedRule[] {
  const plain = chain.rules.map((entry) => ({
    rule: entry.rule,
    counters: countersAt(core, entry.address + at.R_PACKETS),
  }));
  const { block } = chain;
  if (block === undefined) return plain;
  const lead = block.spec.first === undefined ? 0 : 1;
  const rules = serviceRules(block.spec, block.endpoints).map((rule, index) => ({
    rule,
    counters:
      index < lead ? blockCounters(core, chain, 0, 0) : blockCounters(core, chain, 1, index - lead),
  }));
  return [...plain, ...rules];
}

/** Points the chain at a block, with room for its counters. */
export function pointAt(core: PacketCore, chain: Chain, block: Block): void {
  chain.block = block;
  const { calls } = core;
  const count = block.endpoints.length;
  if (chain.instance === 0 || count > chain.instanceRoom) {
    const room = Math.max(4, 2 ** (32 - Math.clz32(count)));
    const larger = core.allocate(at.I_SLOTS + room * at.SLOT_SIZE);
    const words = core.words;
    if (chain.instance !== 0) {
      words[(larger + at.I_MARK_CHAIN) >>> 2] = words[
        (chain.instance + at.I_MARK_CHAIN) >>> 2
      ] as number;
      calls.release(chain.instance, at.I_SLOTS + chain.instanceRoom * at.SLOT_SIZE);
    }
    words[(larger + at.I_ROOM) >>> 2] = 16 + room * at.SLOT_SIZE;
    chain.instance = larger;
    chain.instanceRoom = room;
  }
  const words = core.words;
  words[(chain.address + at.C_BLOCK) >>> 2] = block.address;
  words[(chain.address + at.C_INSTANCE) >>> 2] = chain.instance;
}
