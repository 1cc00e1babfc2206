/**
 * Service blocks in the core's memory, shared by the namespaces of all nodes of a core. Blocks of
 * equal content are one block: when many nodes make the same edit, the first makes the new content
 * and the others only move over. A block that one namespace alone holds is edited in place. The
 * identity of content is a sum over its endpoints, so an edit computes it without reading the rest.
 */
import * as at from '../../../../assembly/packet/layout.ts';
import { assert } from '../../../ground/base/assert.ts';
import { fnv1a, mixWord } from '../../../ground/base/hash.ts';
import { formatIp } from '../../../ground/base/ip.ts';
import { compareText } from '../../../ground/base/text.ts';
import type { PacketCore } from '../packet-core.ts';
import { encodeRule, releaseRule } from './encode.ts';
import { ruleText } from './print.ts';
import type { BlockEndpoint, BlockSpec } from './transaction.ts';

/** A shared block. `spec.endpoints` is in order. */
export class Block {
  readonly spec: Omit<BlockSpec, 'endpoints'>;
  readonly base: number;
  readonly address: number;
  endpoints: readonly BlockEndpoint[] = [];
  keys: readonly string[] = [];
  low = 0;
  high = 0;
  holders = 0;
  room = 0;
  identity = '';

  constructor(spec: Omit<BlockSpec, 'endpoints'>, base: number, address: number) {
    this.spec = spec;
    this.base = base;
    this.address = address;
  }
}

/** The text by which endpoints are ordered. */
export function endpointKey(endpoint: { readonly ip: number; readonly port: number }): string {
  return `${formatIp(endpoint.ip)}:${endpoint.port}`;
}

/** All blocks of a core. */
export class BlockStore {
  readonly #core: PacketCore;
  readonly #blocks = new Map<string, Block>();
  readonly #bases = new Map<string, number>();
  #stamp = 0;

  constructor(core: PacketCore) {
    this.#core = core;
  }

  /** The number of different blocks, for tests and inspectors. */
  get size(): number {
    return this.#blocks.size;
  }

  /** A block of this content, held once more. */
  acquire(spec: BlockSpec): Block {
    const base = this.#baseOf(spec);
    const endpoints = [...spec.endpoints].sort((a, b) =>
      compareText(endpointKey(a), endpointKey(b)),
    );
    const [low, high] = endpoints.reduce((sums, endpoint) => shifted(sums, endpoint, 1), [
      0, 0,
    ] as readonly [number, number]);
    const known = this.#blocks.get(identityOf(base, endpoints.length, low, high));
    if (known !== undefined) return hold(known);
    const { endpoints: _, ...rest } = spec;
    return this.#make(rest, base, endpoints, endpoints.map(endpointKey), low, high);
  }

  /** A short name for all of a block but its endpoints; edits then compare short texts. */
  #baseOf(spec: BlockSpec): number {
    const first = spec.first === undefined ? '' : ruleText(spec.first);
    const text = `${spec.comment}|${spec.protocol}|${spec.hairpin}|${spec.markChain}|${first}`;
    const known = this.#bases.get(text);
    if (known !== undefined) return known;
    this.#bases.set(text, this.#bases.size);
    return this.#bases.size - 1;
  }

  /** Gives up one hold. */
  release(block: Block): void {
    block.holders -= 1;
    if (block.holders > 0) return;
    this.#blocks.delete(block.identity);
    const { words, calls } = this.#core;
    const first = words[(block.address + at.B_FIRST) >>> 2] as number;
    const list = words[(block.address + at.B_ENDPOINTS) >>> 2] as number;
    if (first !== 0) releaseRule(this.#core, first);
    calls.release(list, block.room * at.ENDPOINT_SIZE);
    calls.release(block.address, at.BLOCK_SIZE);
  }

  /** The block with one endpoint more; the hold on the old one moves. Undefined when it is there already. */
  add(block: Block, endpoint: BlockEndpoint): Block | undefined {
    const key = endpointKey(endpoint);
    const index = lowerBound(block.keys, key);
    if (block.keys[index] === key) return undefined;
    const [low, high] = shifted([block.low, block.high], endpoint, 1);
    const count = block.endpoints.length + 1;
    const identity = identityOf(block.base, count, low, high);
    return this.#move(block, identity, low, high, (target) =>
      this.#insert(target, index, key, endpoint),
    );
  }

  /** The block with one endpoint less, or undefined when it has none like this. */
  remove(
    block: Block,
    endpoint: { readonly ip: number; readonly port: number },
  ): Block | undefined {
    const key = endpointKey(endpoint);
    const index = lowerBound(block.keys, key);
    const known = block.endpoints[index];
    if (known === undefined || block.keys[index] !== key) return undefined;
    const [low, high] = shifted([block.low, block.high], known, -1);
    const count = block.endpoints.length - 1;
    const identity = identityOf(block.base, count, low, high);
    return this.#move(block, identity, low, high, (target) => this.#take(target, index));
  }

  #move(
    block: Block,
    identity: string,
    low: number,
    high: number,
    edit: (target: Block) => void,
  ): Block {
    const known = this.#blocks.get(identity);
    if (known !== undefined) {
      this.release(block);
      return hold(known);
    }
    let target = block;
    if (block.holders > 1) {
      block.holders -= 1;
      target = this.#make(
        block.spec,
        block.base,
        block.endpoints,
        block.keys,
        block.low,
        block.high,
      );
    }
    // A copy has taken the name of its original, which lives on.
    if (target === block) this.#blocks.delete(block.identity);
    else this.#blocks.set(block.identity, block);
    edit(target);
    target.low = low;
    target.high = high;
    target.identity = identity;
    this.#blocks.set(identity, target);
    this.#restamp(target);
    return target;
  }

  #make(
    spec: Omit<BlockSpec, 'endpoints'>,
    base: number,
    endpoints: readonly BlockEndpoint[],
    keys: readonly string[],
    low: number,
    high: number,
  ): Block {
    const core = this.#core;
    const address = core.allocate(at.BLOCK_SIZE);
    const block = new Block(spec, base, address);
    block.holders = 1;
    block.endpoints = [...endpoints];
    block.keys = [...keys];
    block.low = low;
    block.high = high;
    block.room = Math.max(4, endpoints.length);
    core.prepareDraws(block.room);
    const list = core.allocate(block.room * at.ENDPOINT_SIZE);
    // The first rule's target is the node's own mark chain, so the record has none.
    const first =
      spec.first === undefined
        ? 0
        : encodeRule(core, spec.first, { chain: () => 0, recent: () => 0 });
    const words = core.words;
    words[(address + at.B_FIRST) >>> 2] = first;
    words[(address + at.B_PROTOCOL) >>> 2] = spec.protocol;
    words[(address + at.B_HAIRPIN) >>> 2] = spec.hairpin ? 1 : 0;
    words[(address + at.B_COUNT) >>> 2] = endpoints.length;
    words[(address + at.B_ENDPOINTS) >>> 2] = list;
    endpoints.forEach((endpoint, index) => {
      writeEndpoint(words, list + index * at.ENDPOINT_SIZE, endpoint);
    });
    block.identity = identityOf(base, endpoints.length, low, high);
    this.#blocks.set(block.identity, block);
    this.#restamp(block);
    return block;
  }

  #restamp(block: Block): void {
    this.#stamp += 1;
    this.#core.words[(block.address + at.B_STAMP) >>> 2] = this.#stamp;
  }

  #insert(block: Block, index: number, key: string, endpoint: BlockEndpoint): void {
    const count = block.endpoints.length;
    const listAt = (block.address + at.B_ENDPOINTS) >>> 2;
    if (count === block.room) {
      const room = block.room * 2;
      this.#core.prepareDraws(room);
      const larger = this.#core.allocate(room * at.ENDPOINT_SIZE);
      const words = this.#core.words;
      const old = words[listAt] as number;
      words.copyWithin(larger >>> 2, old >>> 2, (old + count * at.ENDPOINT_SIZE) >>> 2);
      this.#core.calls.release(old, block.room * at.ENDPOINT_SIZE);
      words[listAt] = larger;
      block.room = room;
    }
    const words = this.#core.words;
    const list = words[listAt] as number;
    const place = list + index * at.ENDPOINT_SIZE;
    words.copyWithin(
      (place + at.ENDPOINT_SIZE) >>> 2,
      place >>> 2,
      (list + count * at.ENDPOINT_SIZE) >>> 2,
    );
    writeEndpoint(words, place, endpoint);
    words[(block.address + at.B_COUNT) >>> 2] = count + 1;
    (block.endpoints as BlockEndpoint[]).splice(index, 0, endpoint);
    (block.keys as string[]).splice(index, 0, key);
  }

  #take(block: Block, index: number): void {
    const words = this.#core.words;
    const count = block.endpoints.length;
    const list = words[(block.address + at.B_ENDPOINTS) >>> 2] as number;
    const place = list + index * at.ENDPOINT_SIZE;
    words.copyWithin(
      place >>> 2,
      (place + at.ENDPOINT_SIZE) >>> 2,
      (list + count * at.ENDPOINT_SIZE) >>> 2,
    );
    words[(block.address + at.B_COUNT) >>> 2] = count - 1;
    (block.endpoints as BlockEndpoint[]).splice(index, 1);
    (block.keys as string[]).splice(index, 1);
  }
}

function hold(block: Block): Block {
  block.holders += 1;
  return block;
}

function writeEndpoint(words: Uint32Array, address: number, endpoint: BlockEndpoint): void {
  words[(address + at.E_IP) >>> 2] = endpoint.ip;
  words[(address + at.E_PORT) >>> 2] = endpoint.port;
}

function identityOf(base: number, count: number, low: number, high: number): string {
  return `${base}|${count}|${low}|${high}`;
}

/** Two sums of 32 bits over the endpoints; adding and taking away commute. */
function shifted(
  sums: readonly [number, number],
  endpoint: BlockEndpoint,
  sign: 1 | -1,
): readonly [number, number] {
  const name = fnv1a(endpoint.chain);
  const low = mixWord(mixWord(name, endpoint.ip), endpoint.port);
  const high = mixWord(mixWord(low, endpoint.ip), name);
  return [(sums[0] + sign * low) >>> 0, (sums[1] + sign * high) >>> 0];
}

/** The first index whose key is not below `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = keys[middle];
    assert(found !== undefined, 'block keys are dense');
    if (compareText(found, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
