/**
 * Host side of the packet core: starts it from its bytes, or takes its TypeScript twin in tests, and
 * offers its memory as words and doubles. One core serves all network namespaces of a lab; several
 * cores (two labs, a replay) are independent. Records are laid out by `assembly/packet/layout`.
 *
 * Views of the memory are good until the next call into the core, which may make it grow: ask for
 * `words` and `doubles` again after each.
 */
import * as layout from '../../../assembly/packet/layout.ts';
import { BLOCK_ENDPOINTS_MAX } from '../../../assembly/shared/limits.ts';
import { assert } from '../../ground/base/assert.ts';
import { type CoreExports, startCore } from '../../ground/base/wasm.ts';

/** What the core was built as; raised with its layout. */
const VERSION = 1;

/** The calls of the core; `assembly/packet/index.ts` says what each does. */
export interface PacketExports extends CoreExports {
  start(): void;
  allocate(bytes: number): number;
  release(address: number, bytes: number): void;
  insertRule(chain: number, index: number, rule: number): number;
  removeRule(chain: number, index: number): number;
  clearChain(chain: number): void;
  compileChain(chain: number): void;
  runHook(space: number, hook: number, mode: number): number;
  walkChain(space: number, chain: number, table: number, mode: number): number;
  walkBatch(space: number, packets: number, count: number, mode: number): number;
  walkPacket(space: number, packet: number, mode: number): number;
  noteTcp(space: number, state: number): void;
  findEntry(space: number): number;
  touchEntry(entry: number, serial: number, reply: number): void;
  removeEntry(space: number, entry: number): void;
  flushEntries(space: number): number;
  setClock(seconds: number): void;
}

/** The bytes of the built core, or a twin with a memory of its own (tests/support/packet-twin). */
export type PacketCoreSource = { readonly wasm: Uint8Array } | { readonly twin: PacketExports };

/** Starts a core. The twin is for tests only: it is about ten times slower. */
export function createPacketCore(source: PacketCoreSource): PacketCore {
  if ('wasm' in source) return new PacketCore(startCore(source.wasm, VERSION), true);
  return new PacketCore(source.twin, false);
}

/** A started core and what all namespaces share: memory, interned interface names. */
export class PacketCore {
  readonly calls: PacketExports;
  /** Whether views of the old memory become empty when it grows (Wasm); cheaper than asking for the buffer. */
  readonly #detaches: boolean;
  #buffer: ArrayBuffer;
  #words: Uint32Array;
  #doubles: Float64Array;
  /** Thresholds of draws that stand in memory. */
  #drawsMost = 0;
  readonly #names = new Map<string, number>();
  readonly #hosted = new Map<string, unknown>();

  constructor(calls: PacketExports, detaches: boolean) {
    this.calls = calls;
    this.#detaches = detaches;
    calls.start();
    this.#buffer = calls.memory.buffer;
    this.#words = new Uint32Array(this.#buffer);
    this.#doubles = new Float64Array(this.#buffer);
  }

  /** From now on the core can draw among up to this many endpoints of a block. */
  prepareDraws(most: number): void {
    const words = this.words;
    const base = layout.THRESHOLDS >>> 2;
    while (this.#drawsMost < most && this.#drawsMost < BLOCK_ENDPOINTS_MAX) {
      this.#drawsMost += 1;
      words[base + this.#drawsMost] = thresholdOf(this.#drawsMost);
    }
  }

  /** Memory as words; index = address / 4. */
  get words(): Uint32Array {
    if (this.#isStale) this.#refresh();
    return this.#words;
  }

  /** Memory as doubles; index = address / 8. */
  get doubles(): Float64Array {
    if (this.#isStale) this.#refresh();
    return this.#doubles;
  }

  get #isStale(): boolean {
    return this.#detaches ? this.#words.length === 0 : this.#buffer !== this.calls.memory.buffer;
  }

  #refresh(): void {
    this.#buffer = this.calls.memory.buffer;
    this.#words = new Uint32Array(this.#buffer);
    this.#doubles = new Float64Array(this.#buffer);
  }

  /** Zeroed memory; asserts that the core's maximum (PACKET_MEMORY_MAX, 1 GiB) is not reached. */
  allocate(bytes: number): number {
    const address = this.calls.allocate(bytes) >>> 0;
    assert(address !== 0, 'the packet core has no memory left (PACKET_MEMORY_MAX)');
    return address;
  }

  /** The record of an interface name, 16 bytes; 0 for none. Names are never forgotten. */
  nameOf(name: string): number {
    if (name === '') return 0;
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const address = this.allocate(16);
    const words = this.words;
    const bytes = nameWords(name);
    for (let index = 0; index < 4; index += 1)
      words[(address >>> 2) + index] = bytes[index] as number;
    this.#names.set(name, address);
    return address;
  }

  /** What a part of the host keeps once per core, made at its first use. */
  shared<T>(key: string, make: () => T): T {
    if (!this.#hosted.has(key)) this.#hosted.set(key, make());
    return this.#hosted.get(key) as T;
  }
}

/** The first 16 bytes of a name as little-endian words (IFNAMSIZ). */
export function nameWords(name: string): readonly number[] {
  const words = [0, 0, 0, 0];
  for (let index = 0; index < Math.min(name.length, 15); index += 1) {
    const at = index >>> 2;
    words[at] =
      ((words[at] as number) | ((name.charCodeAt(index) & 0xff) << ((index & 3) * 8))) >>> 0;
  }
  return words;
}

/**
 * The 31-bit number that iptables makes of the probability kube-proxy writes for one of `count`
 * endpoints: ten decimals of 1/count (pkg/proxy/iptables computeProbability), rounded at 2³¹.
 */
export function thresholdOf(count: number): number {
  return probabilityThreshold(Number((1 / count).toFixed(10)));
}

/** A probability as xt_statistic keeps it (libxt_statistic: lround(0x80000000 · p)). */
export function probabilityThreshold(probability: number): number {
  return Math.floor(probability * 0x80000000 + 0.5);
}
