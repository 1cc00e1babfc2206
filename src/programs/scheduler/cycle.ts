/**
 * One scheduling cycle (pkg/scheduler/schedule_one.go, v1.34): compile the pod, ask the core, and
 * either name the node or say why none will do, in upstream's words. Preemption finds no victims here
 * yet: pods of lower priority are never evicted (see the support table).
 */
import * as layout from '../../../assembly/scheduler/layout.ts';
import { milliValue, wholeValue } from '../../ground/api/quantity.ts';
import type { Pod } from '../../ground/api/types.ts';
import { required } from '../../ground/base/assert.ts';
import type { RandomStream } from '../../ground/base/random.ts';
import {
  fitErrorMessage,
  preemptionMessage,
  rejectingPlugins,
  type SchedulingRecord,
  scoreColumns,
} from './attempt.ts';
import type { NodeEntry, SchedulerCache } from './cache.ts';
import type { SchedulerCore } from './core.ts';
import { AFFINITY_REASON, hasPreferredTerms } from './plugins/node-affinity.ts';
import { hostPortsOf, PORTS_REASON, portsConflict } from './plugins/node-ports.ts';
import { podRequest, type PodRequest, requestsNothing } from './plugins/resources.ts';
import { taintReason, untoleratedTaint } from './plugins/taints.ts';
import type { SchedulerProfile } from './profile.ts';
import type { QueuedPod, SchedulingQueue } from './queue.ts';

/** Below this many nodes all are looked at (minFeasibleNodesToFind). */
const FEASIBLE_MIN = 100;
const PERCENT_MIN = 5;

/** How many feasible nodes are wanted among N (numFeasibleNodesToFind with percentage 0). */
export function feasibleNodesToFind(nodes: number): number {
  if (nodes < FEASIBLE_MIN) return nodes;
  const percent = Math.max(PERCENT_MIN, 50 - Math.floor(nodes / 125));
  return Math.max(FEASIBLE_MIN, Math.floor((nodes * percent) / 100));
}

export interface Decision {
  readonly node: string | undefined;
  readonly message: string;
  readonly rejectedBy: readonly string[];
  /** Nodes looked at, for the cost of the attempt. */
  readonly looked: number;
  readonly record: SchedulingRecord;
}

export class SchedulingCycle {
  readonly #core: SchedulerCore;
  readonly #cache: SchedulerCache;
  readonly #queue: SchedulingQueue;
  readonly #profile: SchedulerProfile;
  readonly #random: RandomStream;
  #start = 0;

  constructor(
    core: SchedulerCore,
    cache: SchedulerCache,
    queue: SchedulingQueue,
    profile: SchedulerProfile,
    random: RandomStream,
  ) {
    this.#core = core;
    this.#cache = cache;
    this.#queue = queue;
    this.#profile = profile;
    this.#random = random;
    core.setWeights(profile.weights);
  }

  /** Decides where a pod goes. Takes no simulated time; the caller works for it. */
  decide(queued: QueuedPod): Decision {
    const pod = queued.pod;
    const nodes = this.#cache.nodes;
    const request = podRequest(pod);
    const extra = this.#cache.extraOf(request.others) ?? [];
    const slot = nodes.length === 0 ? 0 : this.#cache.classOf(pod);
    const ports = this.#writePorts(pod);
    const spec = required(pod.spec, 'a pod has a spec');
    const skip = {
      affinity: !hasPreferredTerms(spec),
      balanced: !this.#profile.seedEra && requestsNothing(request),
    };
    if (this.#start >= nodes.length) this.#start = 0;
    const decision = this.#core.schedule({
      cpu: request.cpu,
      memory: request.memory,
      cpuNonzero: request.cpuNonzero,
      memoryNonzero: request.memoryNonzero,
      extra,
      classSlot: slot,
      flags:
        (ports ? layout.FLAG_PORTS : 0) |
        (skip.balanced ? layout.FLAG_SKIP_BALANCED : 0) |
        (skip.affinity ? layout.FLAG_SKIP_AFFINITY : 0) |
        (this.#profile.seedEra ? layout.FLAG_SEED_ERA : 0) |
        (this.#profile.scoresImages ? 0 : layout.FLAG_SKIP_IMAGE),
      start: this.#start,
      wanted: feasibleNodesToFind(nodes.length),
      tieSeed: this.#random.word(),
    });
    this.#start = nodes.length === 0 ? 0 : (this.#start + decision.looked) % nodes.length;
    const verdicts = this.#core.verdicts();
    const reasons = this.#reasons(pod, request, verdicts);
    const chosen = decision.chosen < 0 ? undefined : nodes[decision.chosen];
    const message = chosen === undefined ? this.#failure(pod, verdicts, reasons, request) : '';
    const scored = chosen !== undefined && !decision.single;
    return {
      node: chosen?.name,
      message,
      rejectedBy: chosen === undefined ? rejectingPlugins(verdicts) : [],
      looked: decision.looked,
      record: {
        kind: 'scheduling',
        pod: queued.key,
        attempt: queued.attempts,
        nodes: nodes.map((one) => one.name),
        verdicts,
        reasons,
        chosen: decision.chosen,
        single: decision.single,
        message,
        scores: scored
          ? scoreColumns(
              this.#profile,
              (column) => this.#core.column(column),
              (column) => this.#core.raw(slot, column),
              skip,
            )
          : [],
        totals: scored ? this.#core.column(layout.TOTAL) : undefined,
        skippedPorts: !ports,
        queue: this.#queue.counts(),
      },
    };
  }

  #writePorts(pod: Pod): boolean {
    const wanted = hostPortsOf(pod);
    if (wanted.length === 0) return false;
    this.#cache.nodes.forEach((entry, index) => {
      this.#core.setPortConflict(index, portsConflict(wanted, this.#cache.portsOn(entry)));
    });
    return true;
  }

  #reasons(pod: Pod, request: PodRequest, verdicts: Uint32Array): readonly (readonly string[])[] {
    const fit = this.#core.reasons();
    const none: readonly string[] = [];
    return this.#cache.nodes.map((entry, index) => {
      switch (verdicts[index]) {
        case layout.BY_UNSCHEDULABLE:
          return ['node(s) were unschedulable'];
        case layout.BY_NODE_NAME:
          return ["node(s) didn't match the requested node name"];
        case layout.BY_TAINT: {
          const taint = untoleratedTaint(entry.node, pod.spec?.tolerations ?? []);
          return [taintReason(required(taint, 'the core saw a taint'))];
        }
        case layout.BY_AFFINITY:
          return [AFFINITY_REASON];
        case layout.BY_PORTS:
          return [PORTS_REASON];
        case layout.BY_FIT:
          return this.#fitReasons(fit[index] as number, request);
        default:
          return none;
      }
    });
  }

  #fitReasons(bits: number, request: PodRequest): readonly string[] {
    const reasons: string[] = [];
    if (bits & layout.REASON_PODS) reasons.push('Too many pods');
    if (bits & layout.REASON_CPU) reasons.push('Insufficient cpu');
    if (bits & layout.REASON_MEMORY) reasons.push('Insufficient memory');
    this.#cache.extraNames.forEach((name, index) => {
      if (bits & (layout.REASON_EXTRA << index) && request.others.has(name))
        reasons.push(`Insufficient ${name}`);
    });
    return reasons;
  }

  #failure(
    pod: Pod,
    verdicts: Uint32Array,
    reasons: readonly (readonly string[])[],
    request: PodRequest,
  ): string {
    if (pod.spec?.preemptionPolicy === 'Never') {
      return fitErrorMessage(
        verdicts.length,
        reasons,
        'not eligible due to preemptionPolicy=Never.',
      );
    }
    let resolvable = 0;
    this.#cache.nodes.forEach((entry, index) => {
      const verdict = verdicts[index];
      if (verdict === layout.BY_PORTS) resolvable += 1;
      else if (verdict === layout.BY_FIT && couldFit(entry, request)) resolvable += 1;
    });
    const unresolvable = verdicts.length - resolvable;
    return fitErrorMessage(verdicts.length, reasons, preemptionMessage(unresolvable, resolvable));
  }
}

/** False when the node is too small even if it were empty: preemption cannot help then. */
function couldFit(entry: NodeEntry, request: PodRequest): boolean {
  const offers = entry.node.status?.allocatable;
  for (const [name, amount] of request.others) {
    const offer = offers !== undefined && Object.hasOwn(offers, name) ? offers[name] : undefined;
    if (amount > wholeValue(offer)) return false;
  }
  return (
    request.cpu <= milliValue(offers?.['cpu']) && request.memory <= wholeValue(offers?.['memory'])
  );
}
