/** Scheduling attempts of a pod, from the records that the scheduler keeps in the trace. */
import * as layout from '../../../assembly/scheduler/layout.ts';
import type { Micros } from '../../ground/base/event-loop.ts';
import type { Recorder } from '../../ground/trace/recorder.ts';
import { FILTERS, type SchedulingRecord } from '../../programs/scheduler/attempt.ts';
import type { SchedulingAnswer, SchedulingAttempt } from '../view-types.ts';

/** Attempts of the pod `namespace/name` up to a time, oldest first. */
export function schedulingOf(
  recorder: Recorder,
  pod: string,
  until: Micros = Number.POSITIVE_INFINITY,
): SchedulingAnswer {
  const attempts: SchedulingAttempt[] = [];
  let queue = { active: 0, backoff: 0, unschedulable: 0 };
  for (const record of recorder.all()) {
    if (record.time > until) break;
    const detail = record.detail as SchedulingRecord | undefined;
    if (record.component !== 'kube-scheduler' || detail?.kind !== 'scheduling') continue;
    queue = detail.queue;
    if (detail.pod === pod) attempts.push(attemptOf(detail, record.time));
  }
  return { attempts, queue };
}

function attemptOf(record: SchedulingRecord, time: number): SchedulingAttempt {
  const passed = (node: number): boolean => record.verdicts[node] === layout.PASSED;
  const cells = (column: Float64Array, weight: number): (number | null)[] =>
    record.nodes.map((_, node) => (passed(node) ? (column[node] as number) * weight : null));
  return {
    time,
    attempt: record.attempt,
    result: record.chosen >= 0 ? 'scheduled' : 'unschedulable',
    chosen: record.nodes[record.chosen] ?? '',
    message: record.message,
    nodes: record.nodes,
    filters: FILTERS.map((filter) => ({
      plugin: filter.plugin,
      skipped: filter.plugin === 'NodePorts' && record.skippedPorts,
      verdicts: record.nodes.map((_, node) => verdictOf(record, node, filter.verdict)),
    })),
    scores: record.scores.map((score) => ({
      plugin: score.plugin,
      weight: score.weight,
      skipped: score.skipped,
      raw: cells(score.raw, 1),
      normalised: cells(score.normalised, 1),
      weighted: cells(score.normalised, score.weight),
    })),
    totals: record.totals === undefined ? [] : cells(record.totals, 1),
    single: record.single,
  };
}

/** Empty: passed; `-`: not reached; else the reason. */
function verdictOf(record: SchedulingRecord, node: number, filter: number): string {
  const verdict = record.verdicts[node] ?? layout.UNSEEN;
  if (verdict === filter) return (record.reasons[node] ?? []).join(', ');
  if (verdict === layout.UNSEEN) return '-';
  return verdict === layout.PASSED || verdict > filter ? '' : '-';
}
