/**
 * The host side of the scheduler core (`assembly/scheduler`): keeps the columns of its memory, hands
 * over one pod at a time, and reads the verdicts back. The same calls drive the Wasm build and, in
 * tests, its TypeScript twin. Layout and constants are imported from the core's own source.
 */
import * as layout from '../../../assembly/scheduler/layout.ts';
import { assert } from '../../ground/base/assert.ts';

/** What a build of the core exports. */
export interface SchedulerCoreExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  version(): number;
  init(nodes: number): number;
  schedule(): number;
  explain(): void;
  benchRead(count: number): number;
}

/** A node's quantities; cpu in milli, memory and ephemeral storage in bytes. */
export interface NodeQuantities {
  readonly cpu: number;
  readonly memory: number;
  readonly extra: readonly number[];
  readonly pods: number;
}

/** What the pods on a node request; `Nonzero` with the defaults for containers that ask for nothing. */
export interface NodeUse extends NodeQuantities {
  readonly cpuNonzero: number;
  readonly memoryNonzero: number;
}

/** One pod, compiled for the core. */
export interface PodProgram {
  readonly cpu: number;
  readonly memory: number;
  readonly cpuNonzero: number;
  readonly memoryNonzero: number;
  readonly extra: readonly number[];
  readonly classSlot: number;
  readonly flags: number;
  readonly start: number;
  readonly wanted: number;
  readonly tieSeed: number;
}

export interface Weights {
  readonly taint: number;
  readonly affinity: number;
  readonly fit: number;
  readonly balanced: number;
  readonly image: number;
  /** 100, or 10 in the seed era. */
  readonly scoreMax: number;
}

export interface CoreDecision {
  /** Index of the chosen node, or −1. */
  readonly chosen: number;
  readonly looked: number;
  readonly feasible: number;
  /** True when scoring was left out because at most one node was feasible. */
  readonly single: boolean;
}

const INITIAL_CAPACITY = 64;

export class SchedulerCore {
  readonly #core: SchedulerCoreExports;
  #capacity = 0;
  #count = 0;
  #doubles = new Float64Array();
  #words = new Uint32Array();
  /** Class slots in which some node has a raw score by its taints. */
  readonly #tainted = new Set<number>();

  constructor(core: SchedulerCoreExports) {
    assert(core.version() === layout.CORE_VERSION, 'the scheduler core is of another version');
    this.#core = core;
    this.#reserve(INITIAL_CAPACITY);
  }

  /** How many nodes the columns hold. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Makes room; false above the static maximum. What the columns held is lost when they move. */
  resize(count: number): boolean {
    if (count > layout.NODES_MAX) return false;
    this.#count = count;
    if (count > this.#capacity) this.#reserve(Math.max(count, this.#capacity * 2));
    this.#words[layout.NODE_COUNT / 4] = count;
    return true;
  }

  setWeights(weights: Weights): void {
    const doubles = this.#doubles;
    doubles[layout.WEIGHT_TAINT / 8] = weights.taint;
    doubles[layout.WEIGHT_AFFINITY / 8] = weights.affinity;
    doubles[layout.WEIGHT_FIT / 8] = weights.fit;
    doubles[layout.WEIGHT_BALANCED / 8] = weights.balanced;
    doubles[layout.WEIGHT_IMAGE / 8] = weights.image;
    doubles[layout.SCORE_MAX / 8] = weights.scoreMax;
  }

  /** Sets what a node offers, and the seed of its tie fractions. */
  setNode(node: number, offers: NodeQuantities, seed: number): void {
    this.#put(layout.ALLOCATABLE_CPU, node, offers.cpu);
    this.#put(layout.ALLOCATABLE_MEMORY, node, offers.memory);
    this.#put(layout.MEAN, node, offers.cpu > 0 && offers.memory > 0 ? 0.5 : 1);
    this.#put(layout.PODS_ALLOWED, node, offers.pods);
    for (let extra = 0; extra < layout.EXTRA_RESOURCES; extra += 1) {
      this.#put(layout.EXTRA + 2 * extra, node, offers.extra[extra] ?? 0);
    }
    this.#putWord(layout.NODE_SEED, node, seed);
  }

  /** Sets what the pods of a node use. */
  setUse(node: number, use: NodeUse): void {
    this.#put(layout.REQUESTED_CPU, node, use.cpu);
    this.#put(layout.REQUESTED_MEMORY, node, use.memory);
    this.#put(layout.NONZERO_CPU, node, use.cpuNonzero);
    this.#put(layout.NONZERO_MEMORY, node, use.memoryNonzero);
    this.#put(layout.PODS, node, use.pods);
    for (let extra = 0; extra < layout.EXTRA_RESOURCES; extra += 1) {
      this.#put(layout.EXTRA + 2 * extra + 1, node, use.extra[extra] ?? 0);
    }
  }

  /** Begins a class in a slot; that of every node is to be set. */
  openClass(slot: number): void {
    this.#tainted.delete(slot);
  }

  /** Sets the gates and raw scores of a node in a class slot. */
  setClass(
    slot: number,
    node: number,
    gates: number,
    taint: number,
    affinity: number,
    image: number,
  ): void {
    this.#words[layout.gateColumn(this.#capacity, slot) / 4 + node] = gates | layout.PASSED;
    const raw = (column: number, value: number): void => {
      this.#doubles[layout.rawColumn(this.#capacity, slot, column) / 8 + node] = value;
    };
    if (taint !== 0) this.#tainted.add(slot);
    raw(layout.RAW_TAINT, taint);
    raw(layout.RAW_AFFINITY, affinity);
    raw(layout.RAW_IMAGE, image);
  }

  /** Says whether the host ports of the pod in hand are taken on a node. */
  setPortConflict(node: number, conflict: boolean): void {
    this.#putWord(layout.PORT_CONFLICTS, node, conflict ? layout.GATE_PORTS : 0);
  }

  /** Decides one pod. */
  schedule(pod: PodProgram): CoreDecision {
    const doubles = this.#doubles;
    const words = this.#words;
    doubles[layout.POD_CPU / 8] = pod.cpu;
    doubles[layout.POD_MEMORY / 8] = pod.memory;
    doubles[layout.POD_CPU_NONZERO / 8] = pod.cpuNonzero;
    doubles[layout.POD_MEMORY_NONZERO / 8] = pod.memoryNonzero;
    for (let extra = 0; extra < layout.EXTRA_RESOURCES; extra += 1) {
      doubles[layout.POD_EXTRA / 8 + extra] = pod.extra[extra] ?? 0;
    }
    words[layout.START / 4] = pod.start;
    words[layout.WANTED / 4] = pod.wanted;
    words[layout.CLASS / 4] = pod.classSlot;
    words[layout.NODE_NAME / 4] = layout.NONE;
    const untainted = this.#tainted.has(pod.classSlot) ? 0 : layout.FLAG_NO_TAINTS;
    words[layout.FLAGS / 4] = pod.flags | untainted;
    words[layout.TIE_SEED / 4] = pod.tieSeed;
    const chosen = this.#core.schedule() >>> 0;
    return {
      chosen: chosen === layout.NONE ? -1 : chosen,
      looked: words[layout.LOOKED / 4] as number,
      feasible: words[layout.FEASIBLE / 4] as number,
      single: words[layout.SINGLE / 4] === 1,
    };
  }

  /** Verdicts of the last run, one word per node (layout: UNSEEN, PASSED, BY_…). A copy. */
  verdicts(): Uint32Array {
    return this.#wordColumn(layout.VERDICT);
  }

  /** Reasons of NodeResourcesFit of the last run. A copy; valid where the verdict is BY_FIT. */
  reasons(): Uint32Array {
    this.#core.explain();
    return this.#wordColumn(layout.REASONS);
  }

  /** A double column of the last run, for the matrix in the trace. A copy. */
  column(column: number): Float64Array {
    const at = layout.doubleColumn(this.#capacity, column) / 8;
    return this.#doubles.slice(at, at + this.#count);
  }

  /** A raw score column of a class slot. A copy. */
  raw(slot: number, column: number): Float64Array {
    const at = layout.rawColumn(this.#capacity, slot, column) / 8;
    return this.#doubles.slice(at, at + this.#count);
  }

  #wordColumn(column: number): Uint32Array {
    const at = layout.wordColumn(this.#capacity, column) / 4;
    return this.#words.slice(at, at + this.#count);
  }

  #put(column: number, node: number, value: number): void {
    this.#doubles[layout.doubleColumn(this.#capacity, column) / 8 + node] = value;
  }

  #putWord(column: number, node: number, value: number): void {
    this.#words[layout.wordColumn(this.#capacity, column) / 4 + node] = value;
  }

  #reserve(nodes: number): void {
    const even = Math.min(nodes + (nodes % 2), layout.NODES_MAX);
    const weights = this.#doubles.slice(layout.WEIGHT_TAINT / 8, layout.SCORE_MAX / 8 + 1);
    assert(this.#core.init(even) === even, `the scheduler core has no room for ${even} nodes`);
    this.#capacity = even;
    this.#doubles = new Float64Array(this.#core.memory.buffer);
    this.#words = new Uint32Array(this.#core.memory.buffer);
    this.#doubles.set(weights, layout.WEIGHT_TAINT / 8);
  }
}
