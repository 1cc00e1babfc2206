/**
 * The event loop: trivial events per second, causes and hash included, in millions. The budget is two
 * million a second; the other figure is against a bare binary heap of plain objects.
 */
import { EventLoop } from '../../src/ground/base/event-loop.ts';
import { Heap } from '../../src/ground/base/heap.ts';
import { atLeast, leastTimes } from './measure.ts';
import type { BenchRow } from './row.ts';

const EVENTS = 200_000;
/** Events that wait at any moment, as in a lab of ten nodes. */
const WAITING = 500;

function loopRun(): void {
  const loop = new EventLoop();
  let left = EVENTS;
  const action = (): void => {
    left -= 1;
    if (left >= WAITING) loop.after(1 + (left % 97), action);
  };
  for (let index = 0; index < WAITING; index += 1) loop.after(index, action, 2 * index);
  loop.run({});
  if (loop.executed !== EVENTS) throw new Error(`${loop.executed} events ran`);
}

function bareHeap(): void {
  const heap = new Heap<{ time: number; order: number }>(
    (a, b) => a.time < b.time || (a.time === b.time && a.order < b.order),
  );
  let order = 0;
  for (; order < WAITING; order += 1) heap.push({ time: order, order });
  for (let left = EVENTS; left > 0; left -= 1) {
    const top = heap.pop();
    if (top !== undefined && left > WAITING)
      heap.push({ time: top.time + 1 + (left % 97), order: order++ });
  }
}

export function loopBench(): BenchRow[] {
  const [loop, bare] = leastTimes([loopRun, bareHeap]) as [number, number];
  return [
    atLeast(
      'L1',
      'events of the loop, millions a second, causes and hash included',
      EVENTS / loop / 1000,
      2,
    ),
    atLeast('L2', 'a bare heap of objects against the loop', bare / loop, 0.2),
  ];
}
