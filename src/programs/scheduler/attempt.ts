/**
 * The record of one scheduling attempt, kept in the trace for the "why here" view: per node the
 * verdict of the filters, the reasons of Fit, and the raw, normalised and weighted scores. Columns are
 * copies of the core's memory; the words are made when somebody looks.
 */
import * as layout from '../../../assembly/scheduler/layout.ts';
import { compareText } from '../../ground/base/text.ts';
import type { SchedulerProfile } from './profile.ts';

export interface SchedulingRecord {
  readonly kind: 'scheduling';
  readonly pod: string;
  readonly attempt: number;
  readonly nodes: readonly string[];
  readonly verdicts: Uint32Array;
  /** Per node the reason in upstream's words; empty where the node passed or was not looked at. */
  readonly reasons: readonly (readonly string[])[];
  readonly chosen: number;
  readonly single: boolean;
  readonly message: string;
  readonly scores: readonly ScoreColumn[];
  readonly totals: Float64Array | undefined;
  readonly skippedPorts: boolean;
  readonly queue: {
    readonly active: number;
    readonly backoff: number;
    readonly unschedulable: number;
  };
}

export interface ScoreColumn {
  readonly plugin: string;
  readonly weight: number;
  readonly skipped: boolean;
  readonly raw: Float64Array;
  readonly normalised: Float64Array;
}

/** Filter plugins in their order, with the verdict of each. */
export const FILTERS: readonly { readonly plugin: string; readonly verdict: number }[] = [
  { plugin: 'NodeUnschedulable', verdict: layout.BY_UNSCHEDULABLE },
  { plugin: 'NodeName', verdict: layout.BY_NODE_NAME },
  { plugin: 'TaintToleration', verdict: layout.BY_TAINT },
  { plugin: 'NodeAffinity', verdict: layout.BY_AFFINITY },
  { plugin: 'NodePorts', verdict: layout.BY_PORTS },
  { plugin: 'NodeResourcesFit', verdict: layout.BY_FIT },
];

/** Plugins that rejected some node. */
export function rejectingPlugins(verdicts: Uint32Array): readonly string[] {
  const found = new Set<number>(verdicts);
  return FILTERS.filter((filter) => found.has(filter.verdict)).map((filter) => filter.plugin);
}

/**
 * `0/4 nodes are available: 1 node(s) had …, 3 Insufficient cpu. preemption: 0/4 nodes are available: …`
 * (pkg/scheduler/framework/types.go FitError, v1.34): reasons counted per text, sorted as strings.
 */
export function fitErrorMessage(
  total: number,
  reasons: readonly (readonly string[])[],
  preemption: string,
): string {
  if (total === 0) return 'no nodes available to schedule pods';
  const text = countedReasons(reasons);
  const head = `0/${total} nodes are available: ${text}.`;
  return preemption === '' ? head : `${head} preemption: ${preemption}`;
}

function countedReasons(reasons: readonly (readonly string[])[]): string {
  const counts = new Map<string, number>();
  for (const node of reasons) for (const one of node) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort(compareText)
    .join(', ');
}

/** What DefaultPreemption says when it finds no victims (pkg/scheduler/framework/preemption, v1.34). */
export function preemptionMessage(unresolvable: number, resolvable: number): string {
  const total = unresolvable + resolvable;
  const reasons = [
    ...Array.from({ length: unresolvable }, () => ['Preemption is not helpful for scheduling']),
    ...Array.from({ length: resolvable }, () => ['No preemption victims found for incoming pod']),
  ];
  return `0/${total} nodes are available: ${countedReasons(reasons)}.`;
}

/** The score columns of a decision, in the profile's order. */
export function scoreColumns(
  profile: SchedulerProfile,
  read: (column: number) => Float64Array,
  raw: (column: number) => Float64Array,
  skip: { readonly affinity: boolean; readonly balanced: boolean },
): readonly ScoreColumn[] {
  const names = profile.names;
  const weights = profile.weights;
  const fit = read(layout.SCORE_FIT);
  const balanced = read(layout.SCORE_BALANCED);
  const image = raw(layout.RAW_IMAGE);
  return [
    {
      plugin: names.taint,
      weight: weights.taint,
      skipped: false,
      raw: raw(layout.RAW_TAINT),
      normalised: read(layout.NORMAL_TAINT),
    },
    {
      plugin: names.affinity,
      weight: weights.affinity,
      skipped: skip.affinity,
      raw: raw(layout.RAW_AFFINITY),
      normalised: read(layout.NORMAL_AFFINITY),
    },
    { plugin: names.fit, weight: weights.fit, skipped: false, raw: fit, normalised: fit },
    {
      plugin: names.balanced,
      weight: weights.balanced,
      skipped: skip.balanced,
      raw: balanced,
      normalised: balanced,
    },
    {
      plugin: names.image,
      weight: weights.image,
      skipped: !profile.scoresImages,
      raw: image,
      normalised: image,
    },
  ];
}
