/** Recorded walks of packets, from the trace: rule by rule, newest first. */
import type { Micros } from '../../ground/base/event-loop.ts';
import { formatIp } from '../../ground/base/ip.ts';
import type { Recorder } from '../../ground/trace/recorder.ts';
import type { Path, PacketTuple, WalkStage } from '../../machines/network/walk.ts';
import type { PacketAnswer, PacketHop, PacketWalk } from '../view-types.ts';

/** Walks shown at once. */
const WALKS_MAX = 30;
/** A 31-bit draw as a fraction. */
const DRAW_SCALE = 2 ** 31;

/** Walks up to a time that touch an address, or all when it is empty. */
export function packetsOf(
  recorder: Recorder,
  address: string,
  until: Micros = Number.POSITIVE_INFINITY,
): PacketAnswer {
  const walks: PacketWalk[] = [];
  const records = recorder.all();
  for (let index = records.length - 1; index >= 0 && walks.length < WALKS_MAX; index -= 1) {
    const record = records[index];
    if (record?.verb !== 'packet' || record.detail === undefined || record.time > until) continue;
    const path = record.detail as Path;
    if (address !== '' && !path.stages.some((stage) => touches(stage, address))) continue;
    walks.push({
      id: record.id,
      time: record.time,
      title: `${record.component}  ${record.object}`,
      verdict: path.outcome,
      hops: path.stages.map(hopOf),
    });
  }
  return { walks };
}

function touches(stage: WalkStage, address: string): boolean {
  return [stage.before, stage.after].some(
    (tuple) => formatIp(tuple.src) === address || formatIp(tuple.dst) === address,
  );
}

function tupleText(tuple: PacketTuple): string {
  return `${formatIp(tuple.src)}:${tuple.sport} → ${formatIp(tuple.dst)}:${tuple.dport}`;
}

function hopOf(stage: WalkStage): PacketHop {
  return {
    where: stage.namespace === 'host' ? stage.host : `${stage.host} ${stage.namespace}`,
    stage: stage.stage,
    text: stage.note,
    before: tupleText(stage.before),
    after: tupleText(stage.after),
    rules: stage.rules.map((rule) => ({
      text: rule.text,
      chain: `${rule.table} ${rule.chain}`,
      matched: rule.matched,
      failed: rule.failed,
      action: rule.action,
      draw: rule.draw < 0 ? '' : (rule.draw / DRAW_SCALE).toFixed(3),
    })),
  };
}
