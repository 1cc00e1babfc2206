/**
 * Answers about the selected object: asked for when the selection, the tab or the object's revision
 * changes, and at most twice a second while the lab runs. The last answer stays until the next is there.
 */
import { effect, signal } from '@preact/signals';
import type {
  ExplainAnswer,
  ObjectAnswer,
  PacketAnswer,
  RecordsAnswer,
  Request,
  SchedulingAnswer,
} from '../../worker/protocol.ts';
import { ask } from '../actions/lab.ts';
import * as mirror from '../mirror/mirror.ts';
import { inspectorTab, selected } from '../mirror/selection.ts';

export const objectAnswer = signal<ObjectAnswer | undefined>(undefined);
export const explainAnswer = signal<ExplainAnswer | undefined>(undefined);
export const schedulingAnswer = signal<SchedulingAnswer | undefined>(undefined);
export const packetAnswer = signal<PacketAnswer | undefined>(undefined);
export const recordsAnswer = signal<RecordsAnswer | undefined>(undefined);

/** The trace tab shows the selected object only. */
export const onlyObject = signal(true);

/** The record whose causes the trace tab shows; 0: none. */
export const traceChain = signal(0);

const GAP_MS = 500;
const TRACE_SPAN = 60_000_000;

let last = 0;
let timer: number | undefined;

/** Begins to ask; the returned function ends it. */
export function keepAsking(): () => void {
  let key = '';
  let question = '';
  const stop = effect(() => {
    const chosen = selected.value;
    inspectorTab.value;
    mirror.rowsVersion.value;
    mirror.looking.value;
    mirror.revision.value;
    if (chosen !== key) {
      key = chosen;
      traceChain.value = 0;
      forget();
      last = 0;
    }
    // Another question to the trace: the rows of the one before do not answer it.
    const asked = `${onlyObject.value} ${traceChain.value}`;
    if (asked !== question) {
      question = asked;
      recordsAnswer.value = undefined;
      last = 0;
    }
    later();
  });
  return () => {
    stop();
    window.clearTimeout(timer);
    timer = undefined;
  };
}

function forget(): void {
  objectAnswer.value = undefined;
  explainAnswer.value = undefined;
  schedulingAnswer.value = undefined;
  packetAnswer.value = undefined;
  recordsAnswer.value = undefined;
}

function later(): void {
  if (timer !== undefined) return;
  const wait = Math.max(0, last + GAP_MS - performance.now());
  timer = window.setTimeout(() => {
    timer = undefined;
    last = performance.now();
    void refresh();
  }, wait);
}

async function refresh(): Promise<void> {
  const key = selected.value;
  const tab = inspectorTab.value;
  const take = async <T>(request: Request, into: { value: T | undefined }): Promise<void> => {
    const answer = await ask<T | null>(request).catch(() => undefined);
    if (answer !== undefined && selected.value === key) into.value = answer ?? undefined;
  };
  if (tab === 'packet') await take({ verb: 'packets', key }, packetAnswer);
  if (tab === 'trace') {
    const to = mirror.shownTime.value;
    // Of one object all that is kept, of everything the last minute.
    const chain = traceChain.value;
    const about = chain > 0 ? `#${chain}` : onlyObject.value ? key : '';
    const from = about === '' ? Math.max(0, to - TRACE_SPAN) : 0;
    await take({ verb: 'records', key: about, from, to }, recordsAnswer);
  }
  if (key === '') return;
  await take({ verb: 'object', key }, objectAnswer);
  if (tab === 'why') await take({ verb: 'explain', key }, explainAnswer);
  if (tab === 'scheduler') await take({ verb: 'scheduling', key }, schedulingAnswer);
}
