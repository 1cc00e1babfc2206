/**
 * The scheduler's cache (pkg/scheduler/internal/cache, v1.34): nodes in snapshot order, what the pods
 * on them request, and pods that are assumed to be bound before the API server says so. It feeds the
 * core's columns in place: one placement changes one node. Everything textual is compiled to *classes*
 * here: pods with equal selectors, tolerations and images share gates and raw scores per node.
 */
import * as layout from '../../../assembly/scheduler/layout.ts';
import { keyOf } from '../../ground/api/object.ts';
import { milliValue, wholeValue } from '../../ground/api/quantity.ts';
import type { Node, Pod, Toleration } from '../../ground/api/types.ts';
import { assert, required } from '../../ground/base/assert.ts';
import { fnv1a } from '../../ground/base/hash.ts';
import type { SchedulerCore } from './core.ts';
import { type ImageState, imageScore, normalisedImage } from './plugins/image-locality.ts';
import { affinityAdmits, preferredWeight } from './plugins/node-affinity.ts';
import { type HostPort, hostPortsOf } from './plugins/node-ports.ts';
import { type PodRequest, podRequest } from './plugins/resources.ts';
import { isClosed, preferNoScheduleCount, untoleratedTaint } from './plugins/taints.ts';

interface PlacedPod {
  readonly pod: Pod;
  readonly request: PodRequest;
  readonly ports: readonly HostPort[];
  readonly node: string;
}

/** A node as the scheduler knows it. */
export interface NodeEntry {
  readonly name: string;
  node: Node;
  readonly pods: Map<string, PlacedPod>;
  cpu: number;
  memory: number;
  cpuNonzero: number;
  memoryNonzero: number;
  readonly others: Map<string, number>;
  images: ReadonlySet<string>;
}

interface PodClass {
  readonly slot: number;
  readonly key: string;
  lastUse: number;
}

export class SchedulerCache {
  readonly #core: SchedulerCore;
  readonly #nodes: NodeEntry[] = [];
  readonly #byName = new Map<string, number>();
  readonly #placed = new Map<string, PlacedPod>();
  readonly #assumed = new Set<string>();
  /** Pods whose node is not known yet; counted when it comes. */
  readonly #homeless = new Map<string, Map<string, Pod>>();
  readonly #images = new Map<string, { size: number; nodes: number }>();
  readonly #classes = new Map<string, PodClass>();
  /** Extended resources in the order of their core columns; ephemeral-storage is always the first. */
  readonly #extra: string[] = ['ephemeral-storage'];
  #uses = 0;
  #full: string | undefined;

  constructor(core: SchedulerCore) {
    this.#core = core;
  }

  get nodes(): readonly NodeEntry[] {
    return this.#nodes;
  }

  /** What does not fit into the core's static maxima, in words; undefined while all does. */
  get refusal(): string | undefined {
    return this.#full;
  }

  nodeNamed(name: string): NodeEntry | undefined {
    const index = this.#byName.get(name);
    return index === undefined ? undefined : this.#nodes[index];
  }

  setNode(node: Node): void {
    const name = node.metadata.name;
    const index = this.#byName.get(name);
    if (index === undefined) {
      this.#addNode(node);
      return;
    }
    const entry = required(this.#nodes[index], 'an index points at its node');
    const old = entry.node;
    entry.node = node;
    if (old.status?.images !== node.status?.images) this.#noteImages(entry);
    this.#writeNode(index);
    const sameGates =
      old.metadata.labels === node.metadata.labels &&
      old.spec?.taints === node.spec?.taints &&
      old.spec?.unschedulable === node.spec?.unschedulable;
    if (!sameGates) this.#classes.clear();
  }

  removeNode(name: string): void {
    const index = this.#byName.get(name);
    if (index === undefined) return;
    const [entry] = this.#nodes.splice(index, 1);
    const pods = new Map<string, Pod>();
    for (const [key, placed] of entry?.pods ?? []) {
      pods.set(key, placed.pod);
      this.#placed.delete(key);
    }
    if (pods.size > 0) this.#homeless.set(name, pods);
    for (const image of entry?.images ?? []) this.#dropImage(image);
    this.#byName.clear();
    this.#nodes.forEach((one, position) => {
      this.#byName.set(one.name, position);
    });
    this.#reload();
  }

  /** A pod that the API server shows on a node, or one that changed there. */
  setPod(pod: Pod): void {
    const key = keyOf(pod);
    this.#assumed.delete(key);
    const placed = this.#placed.get(key);
    if (placed !== undefined && placed.node === pod.spec?.nodeName && sameNeeds(placed.pod, pod)) {
      // What it takes is counted already: most changes are of its status.
      const next = { ...placed, pod };
      this.#placed.set(key, next);
      this.nodeNamed(placed.node)?.pods.set(key, next);
      return;
    }
    this.removePod(key);
    this.#place(pod, required(pod.spec?.nodeName, 'a placed pod has a node'));
  }

  removePod(key: string): void {
    this.#assumed.delete(key);
    const placed = this.#placed.get(key);
    if (placed === undefined) {
      for (const pods of this.#homeless.values()) pods.delete(key);
      return;
    }
    this.#placed.delete(key);
    this.#count(placed, -1);
  }

  /** Counts a pod on the chosen node before its binding is confirmed. */
  assume(pod: Pod, node: string): void {
    const key = keyOf(pod);
    assert(!this.#placed.has(key), `${key} is placed twice`);
    this.#assumed.add(key);
    this.#place(pod, node);
  }

  /** Takes an assumed pod back: its binding failed. */
  forget(key: string): void {
    if (this.#assumed.has(key)) this.removePod(key);
  }

  isPlaced(key: string): boolean {
    return this.#placed.has(key);
  }

  /** The class slot of a pod, filled for all nodes. */
  classOf(pod: Pod): number {
    const spec = required(pod.spec, 'a pod has a spec');
    const images = spec.containers.map((one) => normalisedImage(one.image ?? ''));
    const key = JSON.stringify([
      spec.nodeSelector,
      spec.affinity?.nodeAffinity,
      spec.tolerations,
      images,
    ]);
    this.#uses += 1;
    const known = this.#classes.get(key);
    if (known !== undefined) {
      known.lastUse = this.#uses;
      return known.slot;
    }
    const slot = this.#freeSlot();
    this.#classes.set(key, { slot, key, lastUse: this.#uses });
    this.#core.openClass(slot);
    const tolerations: readonly Toleration[] = spec.tolerations ?? [];
    this.#nodes.forEach((entry, index) => {
      const node = entry.node;
      const gates =
        (isClosed(node, tolerations) ? layout.GATE_UNSCHEDULABLE : 0) |
        (untoleratedTaint(node, tolerations) === undefined ? 0 : layout.GATE_TAINT) |
        (affinityAdmits(spec, node) ? 0 : layout.GATE_AFFINITY);
      const taint = preferNoScheduleCount(node, tolerations);
      const image = imageScore(this.#held(entry, images), images.length, this.#nodes.length);
      this.#core.setClass(slot, index, gates, taint, preferredWeight(spec, node), image);
    });
    return slot;
  }

  /** A pod's further resources in the order of the core's columns; undefined when there are too many kinds. */
  extraOf(others: ReadonlyMap<string, number>): readonly number[] | undefined {
    for (const name of others.keys()) {
      if (this.#extra.includes(name)) continue;
      if (this.#extra.length === layout.EXTRA_RESOURCES) {
        this.#full = `more than ${layout.EXTRA_RESOURCES} kinds of resources besides cpu and memory`;
        return undefined;
      }
      this.#extra.push(name);
      this.#nodes.forEach((_, index) => {
        this.#writeNode(index);
        this.#writeUse(index);
      });
    }
    return this.#extra.map((name) => others.get(name) ?? 0);
  }

  /** Names of the further resources, by core column. */
  get extraNames(): readonly string[] {
    return this.#extra;
  }

  portsOn(entry: NodeEntry): readonly HostPort[] {
    return [...entry.pods.values()].flatMap((placed) => placed.ports);
  }

  #addNode(node: Node): void {
    const name = node.metadata.name;
    const entry: NodeEntry = {
      name,
      node,
      pods: new Map(),
      cpu: 0,
      memory: 0,
      cpuNonzero: 0,
      memoryNonzero: 0,
      others: new Map(),
      images: new Set(),
    };
    this.#byName.set(name, this.#nodes.length);
    this.#nodes.push(entry);
    this.#noteImages(entry);
    this.#reload();
    const waiting = this.#homeless.get(name);
    this.#homeless.delete(name);
    for (const pod of waiting?.values() ?? []) this.#place(pod, name);
  }

  /** Writes all columns anew: the set of nodes changed. */
  #reload(): void {
    this.#classes.clear();
    if (!this.#core.resize(this.#nodes.length)) {
      this.#full = `more than ${layout.NODES_MAX} nodes`;
      return;
    }
    this.#nodes.forEach((_, index) => {
      this.#writeNode(index);
      this.#writeUse(index);
    });
  }

  #writeNode(index: number): void {
    const entry = this.#nodes[index] as NodeEntry;
    const offers = entry.node.status?.allocatable;
    const quantities = {
      cpu: milliValue(offers?.['cpu']),
      memory: wholeValue(offers?.['memory']),
      pods: wholeValue(offers?.['pods']),
      extra: this.#extra.map((name) => wholeValue(offers?.[name])),
    };
    this.#core.setNode(index, quantities, fnv1a(entry.name));
  }

  #writeUse(index: number): void {
    const entry = this.#nodes[index] as NodeEntry;
    this.#core.setUse(index, {
      cpu: entry.cpu,
      memory: entry.memory,
      cpuNonzero: entry.cpuNonzero,
      memoryNonzero: entry.memoryNonzero,
      pods: entry.pods.size,
      extra: this.#extra.map((name) => entry.others.get(name) ?? 0),
    });
  }

  #place(pod: Pod, node: string): void {
    const key = keyOf(pod);
    if (!this.#byName.has(node)) {
      const pods = this.#homeless.get(node) ?? new Map<string, Pod>();
      this.#homeless.set(node, pods.set(key, pod));
      return;
    }
    const placed = { pod, node, request: podRequest(pod), ports: hostPortsOf(pod) };
    this.#placed.set(key, placed);
    this.#count(placed, 1);
  }

  #count(placed: PlacedPod, sign: 1 | -1): void {
    const index = this.#byName.get(placed.node);
    if (index === undefined) return;
    const entry = this.#nodes[index] as NodeEntry;
    const key = keyOf(placed.pod);
    if (sign === 1) entry.pods.set(key, placed);
    else entry.pods.delete(key);
    const request = placed.request;
    entry.cpu += sign * request.cpu;
    entry.memory += sign * request.memory;
    entry.cpuNonzero += sign * request.cpuNonzero;
    entry.memoryNonzero += sign * request.memoryNonzero;
    for (const [name, value] of request.others) {
      entry.others.set(name, (entry.others.get(name) ?? 0) + sign * value);
    }
    this.#writeUse(index);
  }

  #noteImages(entry: NodeEntry): void {
    for (const image of entry.images) this.#dropImage(image);
    const names = new Set<string>();
    for (const image of entry.node.status?.images ?? []) {
      for (const name of image.names ?? []) {
        names.add(name);
        const state = this.#images.get(name) ?? { size: 0, nodes: 0 };
        state.size = image.sizeBytes ?? 0;
        state.nodes += 1;
        this.#images.set(name, state);
      }
    }
    entry.images = names;
    this.#classes.clear();
  }

  #dropImage(name: string): void {
    const state = this.#images.get(name);
    if (state === undefined) return;
    state.nodes -= 1;
    if (state.nodes === 0) this.#images.delete(name);
  }

  #held(entry: NodeEntry, images: readonly string[]): readonly ImageState[] {
    return images.flatMap((name) => {
      const state = entry.images.has(name) ? this.#images.get(name) : undefined;
      return state === undefined ? [] : [state];
    });
  }

  #freeSlot(): number {
    if (this.#classes.size < layout.CLASS_SLOTS) {
      const used = new Set([...this.#classes.values()].map((one) => one.slot));
      for (let slot = 0; slot < layout.CLASS_SLOTS; slot += 1) if (!used.has(slot)) return slot;
    }
    let oldest: PodClass | undefined;
    for (const one of this.#classes.values()) {
      if (oldest === undefined || one.lastUse < oldest.lastUse) oldest = one;
    }
    const victim = required(oldest, 'a full table of classes has an oldest one');
    this.#classes.delete(victim.key);
    return victim.slot;
  }
}

/** Whether two states of a pod ask the same of a node, seen by the parts that they share. */
function sameNeeds(a: Pod, b: Pod): boolean {
  return (
    a.spec?.containers === b.spec?.containers &&
    a.spec?.initContainers === b.spec?.initContainers &&
    a.spec?.overhead === b.spec?.overhead
  );
}
