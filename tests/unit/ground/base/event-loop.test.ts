/** A hold stops the loop at a time and not before, whatever limits a run has; release goes on from there. */
import { expect, test } from 'vitest';
import { EventLoop } from '../../../../src/ground/base/event-loop.ts';

function loopWith(times: readonly number[]): { loop: EventLoop; ran: number[] } {
  const loop = new EventLoop();
  const ran: number[] = [];
  for (const time of times) loop.at(time, () => ran.push(time));
  return { loop, ran };
}

test('what is due before a hold runs, and no time passes beyond it', () => {
  const { loop, ran } = loopWith([10, 20, 30]);
  loop.hold('late', 30);
  loop.hold('early', 20);
  loop.hold('later', 25);
  expect(loop.held).toBeUndefined();
  expect(loop.run({ until: 15 })).toBe('time');
  expect([ran, loop.now, loop.held]).toEqual([[10], 15, 'early']);
  for (const limit of [{}, { until: 20 }, { until: 100 }, { events: 1 }, { quiet: true }])
    expect(loop.run(limit)).toBe('held');
  expect([ran, loop.now]).toEqual([[10], 15]);
  // A limit that lies before the hold is kept as ever.
  expect(loop.run({ until: 19 })).toBe('time');
  expect(loop.now).toBe(19);
  loop.release();
  expect(loop.run({})).toBe('empty');
  expect(ran).toEqual([10, 20, 30]);
});

test('a hold made in an event stops the next one, of the same instant too', () => {
  const { loop, ran } = loopWith([]);
  loop.at(5, () => {
    loop.at(5, () => ran.push(5));
    loop.hold('code');
  });
  expect(loop.run({ until: 50 })).toBe('held');
  expect([ran, loop.now, loop.held]).toEqual([[], 5, 'code']);
  loop.release();
  expect(loop.run({ until: 50 })).toBe('time');
  expect([ran, loop.now]).toEqual([[5], 50]);
});
